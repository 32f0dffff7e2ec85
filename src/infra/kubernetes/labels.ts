/** Labels of what is made for a Gateway. */
import type { GatewayInfra, InfraService } from '../../ir/infra.js'
import type { FleetOwner } from './fleet-place.js'
import { gatewayNameLabel } from './names.js'

/** Everything that we make and may therefore change or delete. */
export const OWNED_SELECTOR = 'app.kubernetes.io/managed-by=headgate,app.kubernetes.io/component=proxy'

/** The label of Gateway API that names the Gateway. */
const GATEWAY_NAME_LABEL = 'gateway.networking.k8s.io/gateway-name'

/** On what is made for all Gateways of a class: the name of the class. */
const MERGED_CLASS_LABEL = 'headgate.dev/merged-class'

/** The full key of the Gateway, `namespace/name`, or `GatewayClass/<class>`: names in labels may be shortened. */
export const GATEWAY_ANNOTATION = 'headgate.dev/gateway'

/** The controllerName of the installation that made an object: two in one cluster leave each other's alone. */
export const CONTROLLER_ANNOTATION = 'headgate.dev/controller'

/** Labels that select the pods of a fleet. They never change: the selector of a Deployment is fixed. */
export function selectorLabels({ owner }: FleetOwner): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/managed-by': 'headgate',
    'app.kubernetes.io/component': 'proxy',
    ...ownerLabel({ owner }),
  }
}

/** What people type to find the pods of a fleet. */
export function podSelector(fleet: FleetOwner): string {
  return Object.entries(ownerLabel(fleet))
    .map(([name, value]) => `${name}=${value}`)
    .join()
}

function ownerLabel({ owner }: FleetOwner): Readonly<Record<string, string>> {
  return { [owner.kind === 'GatewayClass' ? MERGED_CLASS_LABEL : GATEWAY_NAME_LABEL]: gatewayNameLabel(owner.name) }
}

/** Labels of an object: those of `spec.infrastructure.labels` and ours, which win. */
export function objectLabels(infra: Pick<GatewayInfra, 'owner' | 'gatewayClass' | 'labels'>): Readonly<Record<string, string>> {
  return {
    ...infra.labels,
    'app.kubernetes.io/name': 'envoy',
    'gateway.networking.k8s.io/gateway-class-name': gatewayNameLabel(infra.gatewayClass),
    ...selectorLabels(infra),
  }
}

/** Labels of a Service: those of the fleet, and of the Gateway that it is for. */
export function serviceLabels(infra: GatewayInfra, { of: gateway, labels }: InfraService): Readonly<Record<string, string>> {
  const own = gateway === undefined ? {} : { [GATEWAY_NAME_LABEL]: gatewayNameLabel(gateway.name) }
  return { ...objectLabels({ ...infra, labels }), ...own }
}

/**
 * Annotations of an object: those of `spec.infrastructure.annotations`, others, and ours.
 *
 * @param fleet the key of the fleet
 */
export function objectAnnotations(
  fleet: string,
  { annotations }: Pick<GatewayInfra, 'annotations'>,
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return { ...annotations, ...more, [GATEWAY_ANNOTATION]: fleet }
}
