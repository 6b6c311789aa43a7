{{/* Reference of an image. In: dict "image" (the values) "tag" (where the values name none). */}}
{{- define "healthpolicy.image" -}}
{{- with .image.registry }}{{ . }}/{{ end -}}
{{- .image.repository }}:{{ default .tag .image.tag -}}
{{- with .image.digest }}@{{ . }}{{ end -}}
{{- end -}}
