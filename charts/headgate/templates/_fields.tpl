{{/*
The first field of a value that the schema of a CRD does not have, or nothing. The API server leaves such fields out, and at most warns.
Takes schema, value and path.
*/}}
{{- define "headgate.unknownField" -}}
{{- $schema := .schema }}
{{- $path := .path }}
{{- $found := "" }}
{{- if and (kindIs "map" .value) $schema.properties }}
{{- range $name, $value := .value }}
{{- if not $found }}
{{- $field := printf "%s.%s" $path $name }}
{{- if hasKey $schema.properties $name }}
{{- $found = include "headgate.unknownField" (dict "schema" (get $schema.properties $name) "value" $value "path" $field) }}
{{- else if not (index $schema "x-kubernetes-preserve-unknown-fields") }}
{{- $found = $field }}
{{- end }}
{{- end }}
{{- end }}
{{- else if and (kindIs "slice" .value) $schema.items }}
{{- range $index, $value := .value }}
{{- if not $found }}
{{- $found = include "headgate.unknownField" (dict "schema" $schema.items "value" $value "path" (printf "%s[%d]" $path $index)) }}
{{- end }}
{{- end }}
{{- end }}
{{- $found }}
{{- end }}
