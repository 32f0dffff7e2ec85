{{/* Names, labels and images: what several templates need. */}}

{{- define "headgate.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "headgate.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "headgate.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "headgate.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "headgate.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{/* The name of a Service has room for 63 characters. */}}
{{- define "headgate.metricsName" -}}
{{- printf "%s-metrics" (include "headgate.fullname" . | trunc 55 | trimSuffix "-") -}}
{{- end -}}

{{/* Cluster-scoped objects carry the namespace in their names: two installations do not collide. */}}
{{- define "headgate.clusterName" -}}
{{- printf "%s:%s" (include "headgate.namespace" .) (include "headgate.fullname" .) -}}
{{- end -}}

{{- define "headgate.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "headgate.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Never changes in the life of a release: the Deployment's selector is immutable. */}}
{{- define "headgate.selectorLabels" -}}
app.kubernetes.io/name: {{ include "headgate.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "headgate.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "headgate.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: headgate
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Arguments: image (registry, repository, tag, digest), global, defaultTag. Without a registry the repository names it. */}}
{{- define "headgate.image" -}}
{{- $name := compact (list (.global.imageRegistry | default .image.registry) .image.repository) | join "/" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (.image.tag | default .defaultTag) -}}
{{- end -}}
{{- end -}}

{{/* As in a pod. Charts that this one is a part of often write names alone. */}}
{{- define "headgate.imagePullSecrets" -}}
{{- with .Values.global.imagePullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ kindIs "string" . | ternary . (get (kindIs "string" . | ternary dict .) "name") }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* How pods are replaced. The API server refuses rollingUpdate, which the defaults have, where all pods end first. */}}
{{- define "headgate.strategy" -}}
{{- if eq (get .Values.updateStrategy "type") "Recreate" }}
{{- toYaml (omit .Values.updateStrategy "rollingUpdate") }}
{{- else }}
{{- toYaml .Values.updateStrategy }}
{{- end }}
{{- end -}}

{{/* True if there is always more than one replica of the controller. */}}
{{- define "headgate.replicated" -}}
{{- if gt (int (ternary .Values.autoscaling.minReplicas .Values.replicaCount .Values.autoscaling.enabled)) 1 -}}
true
{{- end -}}
{{- end -}}

{{/* The subjects of every binding. */}}
{{- define "headgate.subjects" -}}
- kind: ServiceAccount
  name: {{ include "headgate.serviceAccountName" . }}
  namespace: {{ include "headgate.namespace" . }}
{{- end -}}

{{/* Envoys that a controller of this kind provisions: label selector requirements. */}}
{{- define "headgate.envoyPods" -}}
- { key: app.kubernetes.io/managed-by, operator: In, values: [headgate] }
- { key: app.kubernetes.io/component, operator: In, values: [proxy] }
{{- end -}}

{{/* What both kinds of monitor share; the argument is the monitor's values. */}}
{{- define "headgate.scrape" -}}
interval: {{ .interval }}
scrapeTimeout: {{ .scrapeTimeout }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The Secret of the authority, in the namespace of the controller. */}}
{{- define "headgate.authoritySecret" -}}
{{- .Values.certificates.existingSecret | default "headgate-authority" -}}
{{- end -}}

{{/* The rate limit service: its objects, and the name by which Envoys find it. */}}
{{- define "headgate.rateLimitName" -}}
{{- printf "%s-rate-limits" (include "headgate.fullname" . | trunc 51 | trimSuffix "-") -}}
{{- end -}}

{{- define "headgate.rateLimitSelectorLabels" -}}
app.kubernetes.io/name: {{ include "headgate.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: rate-limits
{{- end -}}

{{- define "headgate.rateLimitLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "headgate.rateLimitSelectorLabels" . }}
app.kubernetes.io/part-of: headgate
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}
