{{/*
Prefix of the names of all objects. The longest suffix still fits into 63 characters, and that of the StatefulSet into the 52
that it may have: Kubernetes adds a hash of ten digits to its name for a label of its pods.
*/}}
{{- define "saker.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 46 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 46 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 46 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods of this release; with a component (list ROOT COMPONENT), those of one part. */}}
{{- define "saker.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- if gt (len .) 1 }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}
{{- end -}}

{{/* Labels of an object: list ROOT COMPONENT. */}}
{{- define "saker.labels" -}}
{{- $root := index . 0 -}}
{{ include "saker.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* An image reference of values with registry, repository, tag and digest: list VALUES DEFAULT-TAG. */}}
{{- define "saker.image" -}}
{{- $image := index . 0 -}}
{{- with $image.registry }}{{ . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default (index . 1) $image.tag }}{{ end -}}
{{- end -}}

{{- define "saker.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "saker.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "saker.tokensSecret" -}}
{{- default (printf "%s-tokens" (include "saker.fullname" .)) .Values.secrets.existingSecret -}}
{{- end -}}

{{- define "saker.redisSecret" -}}
{{- default (printf "%s-redis" (include "saker.fullname" .)) .Values.redis.auth.existingSecret -}}
{{- end -}}
