{{/* Name, peer and values of both Deployments. */}}
{{- define "frontend.arms" -}}
- { name: frontend-stable, peer: frontend-canary, values: {{ toJson .Values.stable }} }
- { name: frontend-canary, peer: frontend-stable, values: {{ toJson .Values.canary }} }
{{- end }}
