/** Labels of what is made for a Gateway. */
import type { GatewayInfra } from '../../ir/infra.js'
import { gatewayNameLabel } from './names.js'

/** Everything that we make and may therefore change or delete. */
export const OWNED_SELECTOR = 'app.kubernetes.io/managed-by=headgate,app.kubernetes.io/component=proxy'

/** The label of Gateway API that names the Gateway. */
export const GATEWAY_NAME_LABEL = 'gateway.networking.k8s.io/gateway-name'

/** The full key of the Gateway, `namespace/name`: names in labels may be shortened. */
export const GATEWAY_ANNOTATION = 'headgate.dev/gateway'

/** The controllerName of the installation that made an object: two in one cluster leave each other's alone. */
export const CONTROLLER_ANNOTATION = 'headgate.dev/controller'

/** Labels that select the pods of a Gateway. They never change: the selector of a Deployment is fixed. */
export function selectorLabels({ gateway }: GatewayInfra): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/managed-by': 'headgate',
    'app.kubernetes.io/component': 'proxy',
    [GATEWAY_NAME_LABEL]: gatewayNameLabel(gateway.name),
  }
}

/** Labels of an object: the Gateway's `spec.infrastructure.labels` and ours, which win. */
export function objectLabels(infra: GatewayInfra): Readonly<Record<string, string>> {
  return {
    ...infra.labels,
    'app.kubernetes.io/name': 'envoy',
    'gateway.networking.k8s.io/gateway-class-name': gatewayNameLabel(infra.gatewayClass),
    ...selectorLabels(infra),
  }
}

/** Annotations of an object: the Gateway's `spec.infrastructure.annotations`, others, and ours. */
export function objectAnnotations(infra: GatewayInfra, more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return { ...infra.annotations, ...more, [GATEWAY_ANNOTATION]: `${infra.gateway.namespace}/${infra.gateway.name}` }
}
