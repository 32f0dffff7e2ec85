/** Labels of what is made for a Gateway. */
import type { GatewayInfra, InfraService } from '../../ir/infra.js'
import type { RawObject } from '../../k8s/kube-json.js'
import type { FleetOwner } from './fleet-place.js'
import { gatewayNameLabel } from './names.js'

/** Labels by their names. */
type Labels = Readonly<Record<string, string>>

/** On everything that we make and may therefore change or delete; others are told by it what part of us it is. */
export function ownLabels(component: 'proxy' | 'backend'): Labels {
  return { 'app.kubernetes.io/managed-by': 'headgate', 'app.kubernetes.io/component': component }
}

/** On everything that is made for a Gateway. */
export const OWNED_LABELS: Labels = ownLabels('proxy')

/** Selects it. */
export const OWNED_SELECTOR: string = selectorOf(OWNED_LABELS)

/** True for an object with all of these labels. */
export function hasLabels({ metadata: { labels = {} } }: RawObject, wanted: Labels): boolean {
  return Object.entries(wanted).every(([label, value]) => labels[label] === value)
}

/** The label of Gateway API that names the Gateway. */
const GATEWAY_NAME_LABEL = 'gateway.networking.k8s.io/gateway-name'

/** On what is made for all Gateways of a class: the name of the class. */
const MERGED_CLASS_LABEL = 'headgate.dev/merged-class'

/** The full key of the Gateway, `namespace/name`, or `GatewayClass/<class>`: names in labels may be shortened. */
export const GATEWAY_ANNOTATION = 'headgate.dev/gateway'

/** The controllerName of the installation that made an object: two in one cluster leave each other's alone. */
export const CONTROLLER_ANNOTATION = 'headgate.dev/controller'

/** Labels that select the pods of a fleet. They never change: the selector of a Deployment is fixed. */
export function selectorLabels(fleet: FleetOwner): Labels {
  return { ...OWNED_LABELS, ...ownerLabel(fleet) }
}

/** What people type to find the pods of a fleet. */
export function podSelector(fleet: FleetOwner): string {
  return selectorOf(ownerLabel(fleet))
}

function selectorOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join()
}

function ownerLabel({ owner }: FleetOwner): Labels {
  return { [owner.kind === 'GatewayClass' ? MERGED_CLASS_LABEL : GATEWAY_NAME_LABEL]: gatewayNameLabel(owner.name) }
}

/** Labels of an object: those of `spec.infrastructure.labels` and ours, which win. */
export function objectLabels(infra: Pick<GatewayInfra, 'owner' | 'gatewayClass' | 'labels'>): Labels {
  return {
    ...infra.labels,
    'app.kubernetes.io/name': 'envoy',
    'gateway.networking.k8s.io/gateway-class-name': gatewayNameLabel(infra.gatewayClass),
    ...selectorLabels(infra),
  }
}

/** Labels of a Service: those of the fleet, and of the Gateway that it is for. */
export function serviceLabels(infra: GatewayInfra, { of: gateway, labels }: InfraService): Labels {
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
