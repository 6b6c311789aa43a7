{{/* What NOTES.txt warns of: a JSON list of sentences. */}}
{{- define "healthpolicy.warnings" -}}
{{- $warnings := list -}}
{{- if not .Values.image.digest -}}
{{- $warnings = append $warnings "image.digest is not set: whoever can move the operator's tag decides what runs." -}}
{{- end -}}
{{- if not .Values.sidecar.image.digest -}}
{{- $warnings = append $warnings "sidecar.image.digest is not set: whoever can move the sidecar's tag decides what runs in your apps' pods." -}}
{{- end -}}
{{- if lt (int .Values.replicaCount) 2 -}}
{{- $warnings = append $warnings (printf "replicaCount is %d: while no operator pod is ready, new pods start without the sidecar." (int .Values.replicaCount)) -}}
{{- end -}}
{{- if not .Values.crds.keep -}}
{{- $warnings = append $warnings "crds.keep is false: uninstalling this release deletes every HealthPolicy in the cluster." -}}
{{- end -}}
{{- if and .Values.hostNetwork .Values.networkPolicy.enabled -}}
{{- $warnings = append $warnings "hostNetwork is set: no NetworkPolicy is installed, because network plugins apply none to pods with the address of their node." -}}
{{- end -}}
{{- if not .Values.admissionPolicies.secretAccess -}}
{{- $warnings = append $warnings "admissionPolicies.secretAccess is false: whoever may write a HealthPolicy in a namespace can make its pods send any Secret there to a host of their choice." -}}
{{- end -}}
{{- if not .Values.admissionPolicies.evictionAccess -}}
{{- $warnings = append $warnings "admissionPolicies.evictionAccess is false: whoever may write a HealthPolicy in a namespace can have its pods restarted, one at a time, again and again." -}}
{{- end -}}
{{- if not .Values.admissionPolicies.configMaps -}}
{{- $warnings = append $warnings "admissionPolicies.configMaps is false: whoever may write ConfigMaps in a namespace can redirect its pods' checks, and nothing but its code keeps the operator from writing other ConfigMaps." -}}
{{- end -}}
{{- if not .Values.admissionPolicies.standards -}}
{{- $warnings = append $warnings "admissionPolicies.standards is false: standards of a ClusterHealthPolicy warn of nothing and refuse nothing, whatever their enforcement says." -}}
{{- end -}}
{{- toJson $warnings -}}
{{- end -}}
