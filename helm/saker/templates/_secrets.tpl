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
