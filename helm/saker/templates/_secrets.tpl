{{/*
A secret that is made once and kept: list ROOT SECRET KEY GIVEN. What is given wins; else what the cluster has; else a new one.
Where Helm cannot look into the cluster (helm template, Argo CD), each rendering makes a new one: give it there.
*/}}
{{- define "saker.keptSecret" -}}
{{- $root := index . 0 -}}
{{- $key := index . 2 -}}
{{- $given := index . 3 -}}
{{- if $given -}}
{{- $given | b64enc -}}
{{- else -}}
{{- $there := lookup "v1" "Secret" $root.Release.Namespace (index . 1) -}}
{{- $kept := get (default dict (get (default dict $there) "data")) $key -}}
{{- default (randAlphaNum 40 | b64enc) $kept -}}
{{- end -}}
{{- end -}}

{{/* Changes when a secret that was given in the values does. Those that are made and kept do not change. */}}
{{- define "saker.secretsChecksum" -}}
{{- list .Values.secrets .Values.redis.auth .Values.externalRedis | toJson | sha256sum -}}
{{- end -}}

{{/* Where the config says that tokens of senders and operators stand, as a list of references. */}}
{{- define "saker.accessRefs" -}}
{{- $refs := list -}}
{{- range list "ingest" "admin" -}}
{{- range default list (get (default dict (get $.Values.config .)) "tokens") -}}
{{- with .tokenFrom -}}
{{- $refs = append $refs (ternary (dict "file" (clean (default "" .file))) . (hasKey . "file")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $refs -}}
{{- end -}}

{{/* Keys of the Secret with the tokens that prove who sends and who operates. */}}
{{- define "saker.accessKeys" -}}
{{- $keys := list "SAKER_ADMIN_TOKEN" "SAKER_INGEST_TOKEN" -}}
{{- range include "saker.accessRefs" . | fromJsonArray -}}
{{- with .env -}}{{- $keys = append $keys . -}}{{- end -}}
{{- with .file -}}
{{- if hasPrefix "/etc/saker/secrets/tokens/" . -}}{{- $keys = append $keys (base .) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $keys | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* Names of the environment variables that a part of the config names, as a list. */}}
{{- define "saker.variablesOf" -}}
{{- $names := list -}}
{{- if kindIs "slice" . -}}
{{- range . }}{{ $names = concat $names (include "saker.variablesOf" . | fromJsonArray) }}{{ end -}}
{{- else if kindIs "map" . -}}
{{- range $key, $value := . -}}
{{- if and (hasSuffix "From" $key) (kindIs "map" $value) -}}
{{- with $value.env }}{{ $names = append $names . }}{{ end -}}
{{- else -}}
{{- $names = concat $names (include "saker.variablesOf" $value | fromJsonArray) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* Those of `extraEnv` that a component gets, as a list: list ROOT COMPONENT. Credentials of repositories are the worker's. */}}
{{- define "saker.extraEnv" -}}
{{- $root := index . 0 -}}
{{- $kept := list -}}
{{- $access := include "saker.accessKeys" $root | fromJsonArray -}}
{{- $credentials := include "saker.variablesOf" (get $root.Values.config "repositories") | fromJsonArray -}}
{{- $isIngest := eq (index . 1) "ingest" -}}
{{- range $root.Values.extraEnv -}}
{{- if not (and $isIngest (has .name $credentials) (not (has .name $access))) }}{{ $kept = append $kept . }}{{ end -}}
{{- end -}}
{{- toJson $kept -}}
{{- end -}}

{{/* The further Secrets that a component mounts: list ROOT COMPONENT. Ingest has only the keys that its tokens are. */}}
{{- define "saker.mountsOf" -}}
{{- $root := index . 0 -}}
{{- $mounts := $root.Values.secrets.mounts -}}
{{- if eq (index . 1) "worker" -}}
{{- toJson $mounts -}}
{{- else -}}
{{- $used := list -}}
{{- range $mount := $mounts -}}
{{- $folder := printf "/etc/saker/secrets/%s/" $mount.name -}}
{{- $keys := list -}}
{{- range include "saker.accessRefs" $root | fromJsonArray -}}
{{- if hasPrefix $folder (default "" .file) -}}{{- $keys = append $keys (base .file) -}}{{- end -}}
{{- end -}}
{{- if $keys }}{{ $used = append $used (merge (dict "keys" ($keys | uniq | sortAlpha)) $mount) }}{{ end -}}
{{- end -}}
{{- toJson $used -}}
{{- end -}}
{{- end -}}
