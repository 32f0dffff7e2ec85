/** What each fleet of proxies needs around it. Source: Gateway API v1.7, `GatewaySpec.infrastructure` and `addresses`. */

import type { Collection, Graph } from '../../incremental/index.js'
import type { GatewayInfra, InfraPort, InfraService, ServiceGateway } from '../../ir/infra.js'
import { type Placement, portSpace } from '../../ir/placement.js'
import { compareText } from '../../util/compare-text.js'
import type { Inputs } from '../inputs.js'
import type { ListenerState } from '../listeners/listener-states.js'
import { transportOf } from '../listeners/listeners.js'
import { requestedAddresses } from './gateway-addresses.js'
import type { OurGateway } from './gateways.js'

interface FleetMember {
  readonly fleet: string
  readonly gateway: OurGateway
  readonly shared: Placement['shared']
}

/** Declares the infrastructure of fleets, by the key of the Gateway, or `GatewayClass/<class>` where the Gateways of a class share one. */
export function declareInfra(
  graph: Graph,
  { placements }: Pick<Inputs, 'placements'>,
  gateways: Collection<OurGateway>,
  states: Collection<ListenerState>,
): Collection<GatewayInfra> {
  const ofGateway = graph.index(states, 'listeners by gateway', ({ declared: { gateway } }) => [`${gateway.namespace}/${gateway.name}`])
  const members = graph.collection<FleetMember>('members of fleets', {
    keys: gateways,
    compute: (view, key) => {
      const gateway = view.get(gateways, key)
      const placement = view.get(placements, key)
      return gateway && { fleet: portSpace(key, placement), gateway, shared: placement?.shared }
    },
  })
  const byFleet = graph.index(members, 'gateways by fleet', ({ fleet }) => [fleet])
  return graph.collection<GatewayInfra>('infra', {
    keys: byFleet,
    compute: (view, fleet) => {
      const all = view.list(byFleet, fleet).toSorted((a, b) => compareAge(a.gateway, b.gateway))
      const [first] = all
      if (first === undefined) return undefined
      const ports = (gateway: OurGateway): readonly ListenerState[] => view.list(ofGateway, gateway.key)
      return first.shared === undefined ? ownFleet(first.gateway, ports(first.gateway)) : sharedFleet(all, ports)
    },
  })
}

function ownFleet(gateway: OurGateway, states: readonly ListenerState[]): GatewayInfra {
  const { object, spec, gatewayClass, problem, config } = gateway
  const ports = portsOf(states)
  const metadata = metadataOf(gateway)
  return {
    owner: object,
    gatewayClass: gatewayClass.object.name,
    ports,
    ...metadata,
    services: [{ gateways: [{ key: gateway.key, addresses: requestedAddresses(spec.addresses ?? []) }], ports, ...metadata }],
    config,
    ...(problem === undefined ? {} : { problem: problem.message }),
  }
}

function sharedFleet(
  members: readonly FleetMember[],
  listenersOf: (gateway: OurGateway) => readonly ListenerState[],
): GatewayInfra | undefined {
  const [first] = members
  if (first === undefined) return undefined
  const { gatewayClass, config } = first.gateway
  const gateways = members.map(({ gateway }) => gateway)
  const states = gateways.flatMap(listenersOf)
  const services =
    first.shared?.addresses === 'own' ? gateways.map((each) => ownService(each, listenersOf(each))) : [oneService(gateways, states)]
  return {
    owner: gatewayClass.object,
    gatewayClass: gatewayClass.object.name,
    ports: byBoundPort(portsOf(states, ({ boundPort }) => boundPort ?? 0)),
    labels: {},
    annotations: {},
    services,
    config,
    ...(gatewayClass.problem === undefined ? {} : { problem: gatewayClass.problem.message }),
  }
}

function ownService(gateway: OurGateway, states: readonly ListenerState[]): InfraService {
  const { problem } = gateway
  return {
    gateways: [serviceGateway(gateway)],
    of: gateway.object,
    ports: portsOf(states),
    ...metadataOf(gateway),
    ...(problem === undefined ? {} : { problem: problem.message }),
  }
}

/** What one Gateway asks for and cannot have is its own problem: the Service is that of all others as well. */
function oneService(gateways: readonly OurGateway[], states: readonly ListenerState[]): InfraService {
  const usable = gateways.map((gateway) => (gateway.problem === undefined ? serviceGateway(gateway) : { key: gateway.key, addresses: [] }))
  return { gateways: usable, ports: portsOf(states), labels: {}, annotations: {} }
}

function serviceGateway({ key, spec }: OurGateway): ServiceGateway {
  return { key, addresses: requestedAddresses(spec.addresses ?? []) }
}

function metadataOf({ spec: { infrastructure } }: OurGateway): Pick<GatewayInfra, 'labels' | 'annotations'> {
  return { labels: infrastructure?.labels ?? {}, annotations: infrastructure?.annotations ?? {} }
}

/**
 * Ports stay while a certificate is missing: opening and closing them with every mistake would cost more than a refused connection.
 *
 * @param nameOf the number in the name of a port
 */
function portsOf(
  states: readonly ListenerState[],
  nameOf: (state: ListenerState) => number = ({ declared }) => declared.spec.port,
): readonly InfraPort[] {
  const ports = new Map<string, InfraPort>()
  for (const state of states) {
    const { declared, conflict, boundPort, http3 } = state
    if (!declared.allowed || declared.protocol === undefined || conflict !== undefined || boundPort === undefined) continue
    const { port } = declared.spec
    for (const protocol of [transportOf(declared.protocol), ...(http3 ? (['UDP'] as const) : [])]) {
      const name = `${protocol.toLowerCase()}-${nameOf(state)}`
      ports.set(name, { name, port, boundPort, protocol })
    }
  }
  return [...ports.values()].sort((a, b) => a.port - b.port || compareText(a.protocol, b.protocol))
}

function byBoundPort(ports: readonly InfraPort[]): readonly InfraPort[] {
  return ports.toSorted((a, b) => a.boundPort - b.boundPort || compareText(a.protocol, b.protocol))
}

function compareAge(a: OurGateway, b: OurGateway): number {
  return compareText(a.creationTimestamp, b.creationTimestamp) || compareText(a.key, b.key)
}
