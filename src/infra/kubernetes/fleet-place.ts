/** Where what is made for a fleet is: beside its Gateway, or in the namespace of the controller for the fleet of a class. */
import type { GatewayInfra, InfraService } from '../../ir/infra.js'
import { classScope } from '../../ir/placement.js'
import { classFleetName, classServiceName, fleetName } from './names.js'

/** The names of a fleet. */
export interface FleetPlace {
  /** The key of the Gateway, or `GatewayClass/<class>`. */
  readonly key: string
  readonly namespace: string
  /** Of everything but the Services of single Gateways. */
  readonly name: string
}

/** Whose fleet it is. */
export type FleetOwner = Pick<GatewayInfra, 'owner'>

/**
 * The place of a fleet.
 *
 * @param controllerNamespace where the controller is
 */
export function fleetPlace({ owner }: FleetOwner, controllerNamespace: string): FleetPlace {
  return owner.kind === 'GatewayClass'
    ? { key: classScope(owner.name), namespace: controllerNamespace, name: classFleetName(owner.name) }
    : { key: `${owner.namespace}/${owner.name}`, namespace: owner.namespace, name: fleetName(owner.name) }
}

/** The name of a Service of a fleet. */
export function serviceName(place: FleetPlace, { of: gateway }: InfraService): string {
  return gateway === undefined ? place.name : classServiceName(gateway.namespace, gateway.name)
}
