{{/* Value of the label app.kubernetes.io/name. */}}
{{- define "healthpolicy.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Prefix of every object's name. 42 characters leave room for the longest suffix, "-webhook-certificate", within 63. */}}
{{- define "healthpolicy.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 42 | trimSuffix "-" -}}
{{- else if contains (include "healthpolicy.name" .) .Release.Name -}}
{{- .Release.Name | trunc 42 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "healthpolicy.name" .) | trunc 42 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "healthpolicy.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "healthpolicy.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "healthpolicy.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The Secret of the webhook's certificate, whoever fills it. */}}
{{- define "healthpolicy.certificateSecret" -}}
{{- if and .Values.webhook.existingSecret .Values.webhook.certManager.enabled -}}
{{- fail "webhook.existingSecret must be empty where webhook.certManager.enabled is true: cert-manager fills a Secret of its own" -}}
{{- end -}}
{{- /* Of another name with cert-manager, which leaves its Secrets behind: one of that name would stop an installation. */ -}}
{{- $name := ternary "tls" "certificate" .Values.webhook.certManager.enabled -}}
{{- default (printf "%s-webhook-%s" (include "healthpolicy.fullname" .) $name) .Values.webhook.existingSecret -}}
{{- end -}}

{{/* Whether it is the kubelet that brings the certificate: somebody else fills the Secret. Empty where it is not. */}}
{{- define "healthpolicy.certificateMounted" -}}
{{- if or .Values.webhook.existingSecret .Values.webhook.certManager.enabled -}}
true
{{- end -}}
{{- end -}}

{{/* Where it is mounted then. */}}
{{- define "healthpolicy.certificateFolder" -}}
/etc/healthpolicy/webhook-certificate
{{- end -}}

{{/* With cert-manager: the authority of the release's own, its issuer and its Secret. */}}
{{- define "healthpolicy.webhookAuthority" -}}
{{- printf "%s-webhook-ca" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* With cert-manager: what signs that authority, with its own key. */}}
{{- define "healthpolicy.webhookSelfSigned" -}}
{{- printf "%s-webhook-selfsigned" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{- define "healthpolicy.webhookService" -}}
{{- printf "%s-webhook" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{- define "healthpolicy.metricsService" -}}
{{- printf "%s-metrics" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* One name for the Lease and for the roles: it is the operator that they belong to. */}}
{{- define "healthpolicy.operator" -}}
{{- printf "%s-operator" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* Fixed, whatever the release is called: the operator writes this object, one per cluster. */}}
{{- define "healthpolicy.webhookConfiguration" -}}
healthpolicy
{{- end -}}

{{/* The container opens both ports; with one number for both it could not start. */}}
{{- define "healthpolicy.managementPort" -}}
{{- if eq (int .Values.management.port) (int .Values.webhook.port) -}}
{{- fail "management.port and webhook.port must differ: both are opened by the same container" -}}
{{- end -}}
{{- .Values.management.port -}}
{{- end -}}

{{/* Who writes a HealthPolicy may read the Secrets that it names. */}}
{{- define "healthpolicy.secretAccessPolicy" -}}
{{- printf "%s-secret-access" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* Who has pods evicted by a HealthPolicy may evict them. */}}
{{- define "healthpolicy.evictionAccessPolicy" -}}
{{- printf "%s-eviction-access" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* Who may write the ConfigMaps of policies. */}}
{{- define "healthpolicy.configMapsPolicy" -}}
{{- printf "%s-configmaps" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* What keeps the operator from evicting pods where no policy asks for it, or without their time to end. */}}
{{- define "healthpolicy.evictionsPolicy" -}}
{{- printf "%s-evictions" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* What keeps the operator from having API servers ask about more than it injects, or ask anybody else. */}}
{{- define "healthpolicy.webhookPolicy" -}}
{{- printf "%s-webhook" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* What keeps the operator from changing more of pods than one annotation. */}}
{{- define "healthpolicy.nudgePolicy" -}}
{{- printf "%s-nudge" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* What warns of HealthPolicies that are accepted and may not mean what they say. */}}
{{- define "healthpolicy.policyWarningsPolicy" -}}
{{- printf "%s-policy-warnings" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* What warns of an opt-out label whose value means nothing. */}}
{{- define "healthpolicy.ignoredLabelPolicy" -}}
{{- printf "%s-ignored-label" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* What warns of probes that violate a standard. */}}
{{- define "healthpolicy.standardsWarnPolicy" -}}
{{- printf "%s-standards-warn" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* What refuses them. */}}
{{- define "healthpolicy.standardsDenyPolicy" -}}
{{- printf "%s-standards-deny" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/*
Where no standard is ever looked at, whatever a selector says: the cluster's own pods, the operator's, and the one that
`helm test` tries, which has no probes: a standard with Deny would refuse it, and a sound installation fail its test.
*/}}
{{- define "healthpolicy.standardsNamespaces" -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values:
      - kube-system
      - kube-node-lease
      - {{ include "healthpolicy.namespace" . }}
      {{- if .Values.helmTest.enabled }}
      - {{ include "healthpolicy.testNamespace" . }}
      {{- end }}
{{- end -}}

{{/*
The namespace of `helm test`, which Helm deletes with all that is in it: a name that nobody gives to anything else.
*/}}
{{- define "healthpolicy.testNamespace" -}}
{{- $release := printf "%s/%s" (include "healthpolicy.namespace" .) (include "healthpolicy.fullname" .) -}}
{{- printf "%s-helm-test-%s" (include "healthpolicy.fullname" . | trunc 40 | trimSuffix "-") (sha256sum $release | trunc 8) -}}
{{- end -}}

{{/* Of all else that `helm test` makes. */}}
{{- define "healthpolicy.test" -}}
{{- printf "%s-test" (include "healthpolicy.fullname" .) -}}
{{- end -}}

{{/* What the API server calls the operator. */}}
{{- define "healthpolicy.operatorUser" -}}
{{- printf "system:serviceaccount:%s:%s" (include "healthpolicy.namespace" .) (include "healthpolicy.serviceAccountName" .) -}}
{{- end -}}
