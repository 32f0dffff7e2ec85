/** Where what is made for a fleet is: beside its Gateway, or in the namespace of the controller for the fleet of a class. */
import type { GatewayInfra, InfraService } from '../../ir/infra.js'
import { classScope } from '../../ir/placement.js'
import { stringAt } from '../../k8s/kube-json.js'
import { classFleetName, classServiceName, fleetName } from './names.js'

/** The names of a fleet. */
export interface FleetPlace {
  /** The key of the Gateway, or `GatewayClass/<class>`. */
  readonly key: string
  readonly namespace: string
  /** Of everything that no configuration names. */
  readonly name: string
  readonly names: FleetNames
}

/** Names of single objects. */
export interface FleetNames {
  /** Of the Deployment or DaemonSet. */
  readonly workload: string
  /** Of the Service that belongs to the fleet; those of single Gateways have names of their own. */
  readonly service: string
  readonly serviceAccount: string
  readonly autoscaler: string
  readonly disruptionBudget: string
}

/** Whose fleet it is. */
export type FleetOwner = Pick<GatewayInfra, 'owner'>

/** A fleet, and what its configuration says about names. */
export type NamedFleet = Pick<GatewayInfra, 'owner' | 'config'>

/**
 * The place of a fleet.
 *
 * @param controllerNamespace where the controller is
 */
export function fleetPlace({ owner, config }: NamedFleet, controllerNamespace: string): FleetPlace {
  const place =
    owner.kind === 'GatewayClass'
      ? { key: classScope(owner.name), namespace: controllerNamespace, name: classFleetName(owner.name) }
      : { key: `${owner.namespace}/${owner.name}`, namespace: owner.namespace, name: fleetName(owner.name) }
  const named = (field: keyof FleetNames): string => stringAt(config, 'names', field) || place.name
  return {
    ...place,
    names: {
      workload: named('workload'),
      service: named('service'),
      serviceAccount: named('serviceAccount'),
      autoscaler: named('autoscaler'),
      disruptionBudget: named('disruptionBudget'),
    },
  }
}

/** The name of a Service of a fleet. */
export function serviceName(place: FleetPlace, { of: gateway }: InfraService): string {
  return gateway === undefined ? place.names.service : classServiceName(gateway.namespace, gateway.name)
}
