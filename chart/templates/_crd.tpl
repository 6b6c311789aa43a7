{{/*
Annotations of the definitions. Whoever deletes them, deletes every policy of the cluster: Helm and Argo CD each look at
an annotation of their own for what they are to leave.
*/}}
{{- define "healthpolicy.crdAnnotations" -}}
{{- $kept := dict "helm.sh/resource-policy" "keep" "argocd.argoproj.io/sync-options" "Prune=false" -}}
{{- with merge (dict) .Values.crds.annotations (ternary $kept (dict) .Values.crds.keep) -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
