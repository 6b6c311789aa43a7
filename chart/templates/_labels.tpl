{{/* What selects the operator's pods. It can never change: a Deployment's selector is immutable. */}}
{{- define "healthpolicy.selectorLabels" -}}
app.kubernetes.io/name: {{ include "healthpolicy.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: operator
{{- end -}}

{{/* Labels of every object. Ours win over commonLabels, or a common label could break the selector. */}}
{{- define "healthpolicy.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service
  "app.kubernetes.io/part-of" "healthpolicy"
-}}
{{- merge (include "healthpolicy.selectorLabels" . | fromYaml) $own (deepCopy .Values.commonLabels) | toYaml -}}
{{- end -}}

{{/* Labels of the operator's pods: without chart and version, which would restart pods that did not change. */}}
{{- define "healthpolicy.podLabels" -}}
{{- merge (include "healthpolicy.selectorLabels" . | fromYaml) (deepCopy .Values.podLabels) (deepCopy .Values.commonLabels) | toYaml -}}
{{- end -}}

{{/* Labels of what `helm test` makes: no Service and no budget of the operator selects its pod. */}}
{{- define "healthpolicy.testLabels" -}}
{{- merge (dict "app.kubernetes.io/component" "test") (include "healthpolicy.labels" . | fromYaml) | toYaml -}}
{{- end -}}
