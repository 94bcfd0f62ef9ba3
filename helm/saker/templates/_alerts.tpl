{{/*
How much a counter grew within a time: list METRIC-WITH-SELECTOR TIME LABELS. A series that begins with 1 grew by one, which
increase() does not see; for that is the part behind `or`.
*/}}
{{- define "saker.grown" -}}
{{- $metric := index . 0 -}}
{{- $time := index . 1 -}}
sum by ({{ index . 2 }}) (increase({{ $metric }}[{{ $time }}]) > 0 or ({{ $metric }} unless {{ $metric }} offset {{ $time }}) > 0) > 0
{{- end -}}

{{/* One alert: dict root name expr for severity summary description. */}}
{{- define "saker.alert" -}}
{{- $values := .root.Values.monitoring.prometheusRule -}}
- alert: {{ .name }}
  expr: {{ .expr }}
  {{- with .for }}
  for: {{ . }}
  {{- end }}
  labels:
    severity: {{ .severity }}
    namespace: {{ .root.Release.Namespace }}
    {{- with $values.alertLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    summary: {{ .summary | quote }}
    description: {{ .description | quote }}
    runbook_url: {{ printf "%s#%s" $values.runbookUrl (lower .name) | quote }}
{{- end -}}

{{/* Lanes are shown alike by every process, hence max over them; what counts is counted by each alone, hence sum. */}}
{{- define "saker.alerts" -}}
{{- $ns := printf "namespace=%q" .Release.Namespace -}}
{{- $up := "absent(up{%s,pod=~\"%s-%s-.+\"} == 1)" -}}
{{- $name := include "saker.fullname" . -}}
{{- $refused := printf "saker_alerts_total{%s,result=\"refused\"}" $ns -}}
{{- $unavailable := printf "saker_alerts_total{%s,result=\"unavailable\"}" $ns -}}
{{- $failed := printf "saker_responses_total{%s,outcome=\"failed\"}" $ns -}}
{{- include "saker.alert" (dict "root" . "name" "SakerIngestDown" "for" "2m" "severity" "critical"
  "expr" (printf $up $ns $name "ingest")
  "summary" "No ingest of Saker can be scraped"
  "description" "Falcosidekick does not send an alert twice: what it sends meanwhile is lost.") }}
{{ include "saker.alert" (dict "root" . "name" "SakerWorkerDown" "for" "5m" "severity" "critical"
  "expr" (printf $up $ns $name "worker")
  "summary" "No worker of Saker can be scraped"
  "description" "Alerts are taken and kept, and none is answered.") }}
{{ include "saker.alert" (dict "root" . "name" "SakerAlertsUnavailable" "for" "" "severity" "critical"
  "expr" (include "saker.grown" (list $unavailable "5m" "namespace"))
  "summary" "Alerts could not be stored"
  "description" "Redis did not take {{ $value | printf \"%.0f\" }} alerts within 5 minutes. Falcosidekick does not send them again.") }}
{{ include "saker.alert" (dict "root" . "name" "SakerAlertsRefused" "for" "" "severity" "warning"
  "expr" (include "saker.grown" (list $refused "10m" "reason"))
  "summary" "Alerts are refused: {{ $labels.reason }}"
  "description" "{{ $value | printf \"%.0f\" }} alerts within 10 minutes were refused. Falcosidekick does not send them again.") }}
{{ include "saker.alert" (dict "root" . "name" "SakerResponsesFail" "for" "" "severity" "warning"
  "expr" (include "saker.grown" (list $failed "15m" "response, code"))
  "summary" "Response {{ $labels.response }} fails: {{ $labels.code }}"
  "description" "{{ $value | printf \"%.0f\" }} times within 15 minutes. The workloads go on running. After the cause is gone, saker retry runs them again.") }}
{{ include "saker.alert" (dict "root" . "name" "SakerResponsesHeld" "for" "" "severity" "warning"
  "expr" (printf "max by (lane) (saker_jobs{%s,state=\"held\"}) > 0" $ns)
  "summary" "Responses of lane {{ $labels.lane }} wait for a person"
  "description" "{{ $value | printf \"%.0f\" }} are held by a guard. Their workloads go on running until somebody lets them go or drops them.") }}
{{ include "saker.alert" (dict "root" . "name" "SakerLaneAsleep" "for" "10m" "severity" "warning"
  "expr" (printf "max by (lane) (saker_lane_asleep{%s}) == 1" $ns)
  "summary" "Lane {{ $labels.lane }} sleeps"
  "description" "Its Git host limits or does not answer; alerts wait.") }}
{{ include "saker.alert" (dict "root" . "name" "SakerBudgetLow" "for" "" "severity" "warning"
  "expr" (printf "min by (repository, resource) (saker_git_rate_limit_remaining{%s}) < %d" $ns (int .Values.monitoring.prometheusRule.lowBudgetRequests))
  "summary" "GitHub soon turns Saker away for {{ $labels.repository }}"
  "description" "{{ $value | printf \"%.0f\" }} requests of the {{ $labels.resource }} budget are left until its reset; without any, alerts wait for it.") }}
{{ include "saker.alert" (dict "root" . "name" "SakerResponsesWait" "for" "1m" "severity" "critical"
  "expr" (printf "max by (lane) (saker_oldest_job_age_seconds{%s}) > %d" $ns (int .Values.monitoring.prometheusRule.oldestJobSeconds))
  "summary" "Responses wait in lane {{ $labels.lane }}"
  "description" "The oldest has waited for {{ $value | humanizeDuration }}; its workload goes on running.") }}
{{ include "saker.alert" (dict "root" . "name" "SakerLanePaused" "for" "1h" "severity" "warning"
  "expr" (printf "max by (lane) (saker_lane_paused{%s}) == 1" $ns)
  "summary" "Lane {{ $labels.lane }} is paused"
  "description" "An operator has stopped its writes for more than an hour. Alerts are kept; nothing is committed.") }}
{{ include "saker.alert" (dict "root" . "name" "SakerConfigRefused" "for" "1m" "severity" "warning"
  "expr" (printf "min by (pod) (saker_config_reload_success{%s}) == 0" $ns)
  "summary" "Saker refuses the new config"
  "description" "Pod {{ $labels.pod }} goes on with the one before; its log says what is wrong.") }}
{{- end -}}
