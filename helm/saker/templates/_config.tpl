{{/* The config that Saker runs with. Without one of the user's it waits for one, and answers no alert. */}}
{{- define "saker.config" -}}
{{- if .Values.config -}}
{{- toYaml .Values.config -}}
{{- else -}}
version: 1
repositories:
  none:
    git: { url: "file:///nonexistent" }
    delivery: observe
responses:
  - name: none
    match: { alertRules: ["none, until a config is given"] }
    actions: [{ contain: {} }]
{{- end -}}
{{- end -}}

{{/* What no schema can say of the values together. All that is wrong is told at once. */}}
{{- define "saker.validate" -}}
{{- $wrong := list -}}
{{- $v := .Values -}}
{{- $ext := $v.externalRedis -}}
{{- if and $v.redis.enabled (or $ext.url $ext.urlSecret.name) -}}
{{- $wrong = append $wrong "externalRedis is set, so redis.enabled must be false" -}}
{{- end -}}
{{- if and (not $v.redis.enabled) (not $ext.url) (not $ext.urlSecret.name) -}}
{{- $wrong = append $wrong "without redis.enabled, externalRedis.url or externalRedis.urlSecret.name must say where Redis is" -}}
{{- end -}}
{{- if and $ext.url $ext.urlSecret.name -}}
{{- $wrong = append $wrong "externalRedis.url and externalRedis.urlSecret.name exclude each other" -}}
{{- end -}}
{{- if and (contains "$(REDIS_PASSWORD)" $ext.url) (not $ext.passwordSecret.name) -}}
{{- $wrong = append $wrong "externalRedis.url has $(REDIS_PASSWORD) in it, so externalRedis.passwordSecret.name must say where it is" -}}
{{- end -}}
{{- if and $v.secrets.existingSecret (or $v.secrets.githubToken $v.secrets.ingestToken $v.secrets.adminToken $v.secrets.extra) -}}
{{- $wrong = append $wrong "with secrets.existingSecret no secret may stand in the values" -}}
{{- end -}}
{{- if and $v.redis.auth.password (not (regexMatch "^[A-Za-z0-9]+$" $v.redis.auth.password)) -}}
{{- $wrong = append $wrong "redis.auth.password must be letters and digits, because it becomes part of a URL" -}}
{{- end -}}
{{- if and $v.trustedCertificates.secretName $v.trustedCertificates.configMapName -}}
{{- $wrong = append $wrong "trustedCertificates.secretName and trustedCertificates.configMapName exclude each other" -}}
{{- end -}}
{{- if and $v.ingest.tls.clientCaSecretName (not $v.ingest.tls.secretName) -}}
{{- $wrong = append $wrong "ingest.tls.clientCaSecretName needs ingest.tls.secretName" -}}
{{- end -}}
{{- if lt (int $v.ingest.terminationGracePeriodSeconds) (add (int $v.ingest.drainSeconds) 28 | int) -}}
{{- $wrong = append $wrong "ingest.terminationGracePeriodSeconds must be at least ingest.drainSeconds and 28 more" -}}
{{- end -}}
{{- if and $v.ingest.autoscaling.enabled (gt (int $v.ingest.autoscaling.minReplicas) (int $v.ingest.autoscaling.maxReplicas)) -}}
{{- $wrong = append $wrong "ingest.autoscaling.minReplicas must not exceed maxReplicas" -}}
{{- end -}}
{{- if and $v.ingest.httpRoute.enabled (not $v.ingest.httpRoute.parentRefs) -}}
{{- $wrong = append $wrong "ingest.httpRoute.enabled needs ingest.httpRoute.parentRefs" -}}
{{- end -}}
{{- if and $v.ingest.ingress.enabled (not $v.ingest.ingress.hosts) -}}
{{- $wrong = append $wrong "ingest.ingress.enabled needs ingest.ingress.hosts" -}}
{{- end -}}
{{- if and $v.worker.keda.enabled (not $v.worker.keda.prometheusAddress) -}}
{{- $wrong = append $wrong "worker.keda.enabled needs worker.keda.prometheusAddress" -}}
{{- end -}}
{{- if and $v.worker.keda.enabled (gt (int $v.worker.keda.minReplicas) (int $v.worker.keda.maxReplicas)) -}}
{{- $wrong = append $wrong "worker.keda.minReplicas must not exceed maxReplicas" -}}
{{- end -}}
{{- if and $v.monitoring.serviceMonitor.enabled $v.monitoring.podMonitor.enabled -}}
{{- $wrong = append $wrong "monitoring.serviceMonitor and monitoring.podMonitor exclude each other: everything would be counted twice" -}}
{{- end -}}
{{- $prefix := include "saker.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $prefix) -}}
{{- $wrong = append $wrong (printf "no Service can be called %s: fullnameOverride must say another name, of letters, digits and -, beginning with a letter" $prefix) -}}
{{- end -}}
{{- $names := list -}}
{{- range $v.secrets.mounts -}}
{{- if has .name (append $names "tokens") -}}
{{- $wrong = append $wrong (printf "secrets.mounts: the name %s is taken" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- if $wrong -}}
{{- fail (printf "\n  %s" (join "\n  " $wrong)) -}}
{{- end -}}
{{- end -}}

{{/* What Saker needs of a Redis: it keeps what it is given, or says that it cannot. */}}
{{- define "saker.redisConfig" -}}
port 6379
dir /data
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
{{- with .Values.redis.maxmemory }}
maxmemory {{ . }}
{{- end }}
{{- end -}}
