{{/*
The permissions of the controller, one list per duty. rbac.yaml puts them into ClusterRoles or, when only some namespaces are
watched, into Roles there. docs/security.md explains each.
*/}}

{{/* Kinds without a namespace: always a ClusterRole. */}}
{{- define "headgate.rules.cluster" -}}
- apiGroups: [gateway.networking.k8s.io]
  resources: [gatewayclasses]
  # patch: the finalizer of a class that Gateways use, and the name of the installation that serves it.
  verbs: [get, list, watch, patch]
- apiGroups: [gateway.networking.k8s.io]
  resources: [gatewayclasses/status]
  verbs: [patch]
# Labels of namespaces decide which routes a listener allows.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get, list, watch]
# Which kinds and versions of the Gateway API the cluster has.
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [get, list, watch]
- apiGroups: [certificates.k8s.io]
  resources: [clustertrustbundles]
  verbs: [get, list, watch]
{{- end -}}

{{/* Envoys prove with their ServiceAccount's token who they are. */}}
{{- define "headgate.rules.authenticate" -}}
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
{{- end -}}

{{- define "headgate.rules.read" -}}
- apiGroups: [gateway.networking.k8s.io]
  resources: [gateways, listenersets, httproutes, grpcroutes, tlsroutes, tcproutes, udproutes, referencegrants, backendtlspolicies]
  verbs: [get, list, watch]
- apiGroups: [gateway.networking.x-k8s.io]
  resources: [xbackends, xbackendtrafficpolicies, xtelemetrypolicies]
  verbs: [get, list, watch]
- apiGroups: [headgate.dev]
  resources: ["*"]
  verbs: [get, list, watch]
- apiGroups: [multicluster.x-k8s.io]
  resources: [serviceimports]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
{{- end -}}

{{/* Certificates, keys and CA bundles. RBAC cannot say "only those that something refers to"; the controller reads no others. */}}
{{- define "headgate.rules.readSecrets" -}}
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [get, list, watch]
{{- end -}}

{{- define "headgate.rules.status" -}}
- apiGroups: [gateway.networking.k8s.io]
  resources:
    - gateways/status
    - listenersets/status
    - httproutes/status
    - grpcroutes/status
    - tlsroutes/status
    - tcproutes/status
    - udproutes/status
    - backendtlspolicies/status
  verbs: [patch]
- apiGroups: [gateway.networking.x-k8s.io]
  resources: [xbackends/status, xbackendtrafficpolicies/status, xtelemetrypolicies/status]
  verbs: [patch]
- apiGroups: [headgate.dev]
  resources: ["*/status"]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* Events about the class, which has no namespace: Kubernetes takes them in `default` only. */}}
{{- define "headgate.rules.classEvents" -}}
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* The Envoys of a Gateway: made in its namespace, owned by it. */}}
{{- define "headgate.rules.provision" -}}
- apiGroups: [""]
  resources: [services, serviceaccounts, configmaps]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments, daemonsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
# An owner reference that blocks deletion needs this where the cluster checks it (OwnerReferencesPermissionEnforcement).
- apiGroups: [gateway.networking.k8s.io]
  resources: [gateways/finalizers]
  verbs: [update]
{{- end -}}

{{/* Its own namespace: the leader's lease, the certificate authority, and the versions that Envoys have rejected. */}}
{{- define "headgate.rules.own" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [get, create, update]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create]
{{- if .Values.rateLimit.enabled }}
# The certificate of the rate limit service is renewed.
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [headgate-rate-limits]
  verbs: [patch]
{{- end }}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [headgate-rejected-versions]
  verbs: [get, patch]
{{- end -}}

{{/* One namespaced duty. Arguments: root, duty, rules. */}}
{{- define "headgate.duty" -}}
{{- $root := .root -}}
{{- if $root.Values.watch.namespaces }}
{{- $suffix := printf "%s-%s" (include "headgate.fullname" $root) .duty }}
{{- $rules := .rules }}
{{- range append $root.Values.watch.namespaces (include "headgate.namespace" $root) | uniq }}
{{- include "headgate.role" (dict "root" $root "name" $suffix "namespace" . "rules" $rules) }}
{{- end }}
{{- else }}
{{- include "headgate.clusterDuty" . }}
{{- end }}
{{- end -}}

{{/* A Role of the controller. Arguments: root, name, namespace, rules. */}}
{{- define "headgate.role" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels:
    {{- include "headgate.labels" .root | nindent 4 }}
rules:
  {{- include .rules .root | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels:
    {{- include "headgate.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ .name }}
subjects:
  {{- include "headgate.subjects" .root | nindent 2 }}
{{- end -}}

{{/* One duty over the whole cluster. Arguments: root, duty, rules. */}}
{{- define "headgate.clusterDuty" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ include "headgate.clusterName" .root }}:{{ .duty }}
  labels:
    {{- include "headgate.labels" .root | nindent 4 }}
rules:
  {{- include .rules .root | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ include "headgate.clusterName" .root }}:{{ .duty }}
  labels:
    {{- include "headgate.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ include "headgate.clusterName" .root }}:{{ .duty }}
subjects:
  {{- include "headgate.subjects" .root | nindent 2 }}
{{- end -}}
