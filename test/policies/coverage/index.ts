/** Every table of fields, in the order in which the page shows them. */
import { BACKEND_FIELDS } from './backend.js'
import { BACKEND_TRAFFIC_POLICY_FIELDS } from './backend-traffic-policy.js'
import { CLIENT_TRAFFIC_POLICY_FIELDS } from './client-traffic-policy.js'
import { ENVOY_PATCH_POLICY_FIELDS } from './envoy-patch-policy.js'
import { EXTENSION_POLICY_FIELDS } from './extension-policy.js'
import type { FieldTable } from './field-table.js'
import { GATEWAY_CONFIG_FIELDS } from './gateway-config.js'
import { HTTP_ROUTE_FILTER_FIELDS } from './http-route-filter.js'
import { SECURITY_POLICY_FIELDS } from './security-policy.js'

/** All tables. */
export const FIELD_TABLES: readonly FieldTable[] = [
  CLIENT_TRAFFIC_POLICY_FIELDS,
  BACKEND_TRAFFIC_POLICY_FIELDS,
  SECURITY_POLICY_FIELDS,
  EXTENSION_POLICY_FIELDS,
  ENVOY_PATCH_POLICY_FIELDS,
  BACKEND_FIELDS,
  HTTP_ROUTE_FILTER_FIELDS,
  GATEWAY_CONFIG_FIELDS,
]
