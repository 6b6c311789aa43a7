{{/*
Annotations of the definitions. Whoever deletes them, deletes every policy of the cluster: Helm and Argo CD each look at
an annotation of their own for what they are to leave. Argo CD's is a list of options, parted by commas. Somebody may
have set another of them: without ours beside it the definitions would be pruned in spite of crds.keep.
*/}}
{{- define "healthpolicy.crdAnnotations" -}}
{{- $annotations := .Values.crds.annotations | default dict -}}
{{- if .Values.crds.keep -}}
{{- $options := get $annotations "argocd.argoproj.io/sync-options" -}}
{{- if not (contains "Prune=" $options) -}}
{{- $options = list $options "Prune=false" | compact | join "," -}}
{{- end -}}
{{- $kept := dict "helm.sh/resource-policy" "keep" -}}
{{- $annotations = merge (dict "argocd.argoproj.io/sync-options" $options) $annotations $kept -}}
{{- end -}}
{{- with $annotations -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}
