{{/*
The pod of ingest or worker: list ROOT COMPONENT. Both run the same image with the same config. The worker has all secrets;
ingest, which others can reach, has those only that prove who sends and who operates: no credential of a repository.
*/}}
{{- define "saker.podTemplate" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $v := $root.Values -}}
{{- $part := get $v $component -}}
metadata:
  labels:
    {{- include "saker.labels" . | nindent 4 }}
    saker.dev/admin: "true"
    {{- with $part.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # The environment is read at the start only. The config is followed, so a change of it restarts nothing.
    checksum/secrets: {{ include "saker.secretsChecksum" $root }}
    {{- with $part.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "saker.serviceAccountName" $root }}
  automountServiceAccountToken: false
  # A Service named saker would otherwise set SAKER_PORT and the like, which stand for flags.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $part.terminationGracePeriodSeconds }}
  securityContext:
    {{- toYaml $part.podSecurityContext | nindent 4 }}
  {{- with $v.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $part.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with include "saker.placement" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  containers:
    - name: {{ $component }}
      image: {{ include "saker.image" (list $v.image $root.Chart.AppVersion) | quote }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      args:
        {{- include "saker.args" . | nindent 8 }}
      env:
        {{- include "saker.env" . | nindent 8 }}
      {{- if eq $component "worker" }}
      envFrom:
        - secretRef: { name: {{ include "saker.tokensSecret" $root }} }
      {{- end }}
      ports:
        {{- if eq $component "ingest" }}
        - { name: ingest, containerPort: 8080, protocol: TCP }
        {{- end }}
        - { name: admin, containerPort: 8081, protocol: TCP }
      # Whether this process answers; Redis and Git being away is no reason to restart it.
      livenessProbe:
        httpGet: { path: /healthz, port: admin }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: admin }
        periodSeconds: 5
        timeoutSeconds: 5
      startupProbe:
        httpGet: { path: /healthz, port: admin }
        periodSeconds: 2
        timeoutSeconds: 5
        failureThreshold: 60
      {{- if and (eq $component "ingest") (gt (int $part.drainSeconds) 0) }}
      # Nobody sends an alert twice: go on taking them until the cluster has stopped sending here.
      lifecycle:
        preStop:
          {{- if semverCompare ">=1.30.0-0" $root.Capabilities.KubeVersion.Version }}
          sleep: { seconds: {{ $part.drainSeconds }} }
          {{- else }}
          exec: { command: [node, -e, "setTimeout(() => {}, {{ mul 1000 (int $part.drainSeconds) }})"] }
          {{- end }}
      {{- end }}
      resources:
        {{- toYaml $part.resources | nindent 8 }}
      securityContext:
        {{- toYaml $part.securityContext | nindent 8 }}
      volumeMounts:
        {{- include "saker.volumeMounts" . | nindent 8 }}
  volumes:
    {{- include "saker.volumes" . | nindent 4 }}
{{- end -}}

{{- define "saker.args" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $host := $root.Values.ingest.listenHost -}}
{{- if contains ":" $host }}{{ $host = printf "[%s]" $host }}{{ end -}}
- {{ $component }}
- --config=/etc/saker/config/saker.yaml
- --listen={{ $host }}:8080
- --admin-listen={{ $host }}:8081
- --data-dir=/var/lib/saker
- --log-level={{ $root.Values.logLevel }}
{{- if $root.Values.dryRun }}
- --dry-run
{{- end }}
{{- if eq $component "ingest" }}
{{- with $root.Values.ingest.tls }}
{{- if .secretName }}
- --tls-cert=/etc/saker/tls/tls.crt
- --tls-key=/etc/saker/tls/tls.key
{{- end }}
{{- if .clientCaSecretName }}
- --tls-client-ca=/etc/saker/client-ca/ca.crt
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "saker.env" -}}
{{- $component := index . 1 -}}
{{- with index . 0 -}}
{{- $ext := .Values.externalRedis -}}
{{- if .Values.redis.enabled -}}
- name: REDIS_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ include "saker.redisSecret" . }}, key: {{ .Values.redis.auth.existingSecretKey }} } }
- name: REDIS_URL
  value: redis://:$(REDIS_PASSWORD)@{{ include "saker.fullname" . }}-redis:6379/0
{{- else if $ext.urlSecret.name -}}
- name: REDIS_URL
  valueFrom: { secretKeyRef: { name: {{ $ext.urlSecret.name }}, key: {{ $ext.urlSecret.key }} } }
{{- else -}}
{{- if $ext.passwordSecret.name -}}
- name: REDIS_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ $ext.passwordSecret.name }}, key: {{ $ext.passwordSecret.key }} } }
{{ end -}}
- name: REDIS_URL
  value: {{ $ext.url | quote }}
{{- end }}
{{- if or .Values.trustedCertificates.secretName .Values.trustedCertificates.configMapName }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/saker/trusted/{{ .Values.trustedCertificates.key }}
{{- end }}
{{- if eq $component "ingest" }}
{{- $elsewhere := dict -}}
{{- range .Values.extraEnv }}{{ $_ := set $elsewhere .name true }}{{ end -}}
{{- $secret := include "saker.tokensSecret" . -}}
{{- range include "saker.accessKeys" . | fromJsonArray }}
{{- if not (hasKey $elsewhere .) }}
- name: {{ quote . }}
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ quote . }}, optional: true } }
{{- end }}
{{- end }}
{{- end }}
{{- with include "saker.extraEnv" (list . $component) | fromJsonArray }}
{{ toYaml . }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "saker.volumeMounts" -}}
{{- $v := (index . 0).Values -}}
# A whole folder: Kubernetes never updates a single file mounted with subPath.
- { name: config, mountPath: /etc/saker/config, readOnly: true }
- { name: tokens, mountPath: /etc/saker/secrets/tokens, readOnly: true }
{{- range include "saker.mountsOf" . | fromJsonArray }}
- { name: secret-{{ .name }}, mountPath: /etc/saker/secrets/{{ .name }}, readOnly: true }
{{- end }}
{{- if or $v.trustedCertificates.secretName $v.trustedCertificates.configMapName }}
- { name: trusted, mountPath: /etc/saker/trusted, readOnly: true }
{{- end }}
{{- if eq (index . 1) "ingest" }}
{{- if $v.ingest.tls.secretName }}
- { name: tls, mountPath: /etc/saker/tls, readOnly: true }
{{- end }}
{{- if $v.ingest.tls.clientCaSecretName }}
- { name: client-ca, mountPath: /etc/saker/client-ca, readOnly: true }
{{- end }}
{{- end }}
- { name: namespace, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true }
- { name: data, mountPath: /var/lib/saker }
- { name: tmp, mountPath: /tmp }
{{- end -}}

{{- define "saker.volumes" -}}
{{- $root := index . 0 -}}
{{- $v := $root.Values -}}
- name: config
  configMap: { name: {{ include "saker.fullname" $root }}-config }
# 288 is 0440: readable through fsGroup only.
- name: tokens
  {{- if eq (index . 1) "ingest" }}
  secret:
    secretName: {{ include "saker.tokensSecret" $root }}
    defaultMode: 288
    optional: true
    items:
      {{- range include "saker.accessKeys" $root | fromJsonArray }}
      - { key: {{ quote . }}, path: {{ quote . }} }
      {{- end }}
  {{- else }}
  secret: { secretName: {{ include "saker.tokensSecret" $root }}, defaultMode: 288 }
  {{- end }}
{{- range include "saker.mountsOf" . | fromJsonArray }}
- name: secret-{{ .name }}
  {{- if .keys }}
  secret:
    secretName: {{ .secretName }}
    defaultMode: 288
    optional: true
    items:
      {{- range .keys }}
      - { key: {{ quote . }}, path: {{ quote . }} }
      {{- end }}
  {{- else }}
  secret: { secretName: {{ .secretName }}, defaultMode: 288 }
  {{- end }}
{{- end }}
{{- with $v.trustedCertificates }}
{{- if .secretName }}
- name: trusted
  secret: { secretName: {{ .secretName }}, defaultMode: 288 }
{{- else if .configMapName }}
- name: trusted
  configMap: { name: {{ .configMapName }} }
{{- end }}
{{- end }}
{{- if eq (index . 1) "ingest" }}
{{- with $v.ingest.tls.secretName }}
- name: tls
  secret: { secretName: {{ . }}, defaultMode: 288 }
{{- end }}
{{- with $v.ingest.tls.clientCaSecretName }}
- name: client-ca
  secret:
    secretName: {{ . }}
    defaultMode: 288
    items: [{ key: ca.crt, path: ca.crt }]
{{- end }}
{{- end }}
# Saker protects its own namespace and reads its name where a token would lie; there is no token.
- name: namespace
  downwardAPI:
    items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }]
- name: data
{{- if and (eq (index . 1) "worker") $v.worker.dataSizeLimit }}
  emptyDir: { sizeLimit: {{ $v.worker.dataSizeLimit }} }
{{- else }}
  emptyDir: {}
{{- end }}
- name: tmp
  emptyDir: {}
{{- end -}}

{{/* Where a pod may run: list ROOT COMPONENT. */}}
{{- define "saker.placement" -}}
{{- $part := get (index . 0).Values (index . 1) -}}
{{- $selector := dict "matchLabels" (include "saker.selectorLabels" . | fromYaml) -}}
{{- with $part.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  - {{ merge (deepCopy .) (dict "labelSelector" $selector) | toYaml | indent 4 | trim }}
  {{- end }}
{{- end }}
{{- end -}}
