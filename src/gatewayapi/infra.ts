/** What each Gateway needs around its proxies. Source: Gateway API v1.7, `GatewaySpec.infrastructure` and `addresses`. */

import type { Collection, Graph } from '../incremental/index.js'
import type { GatewayInfra, InfraPort } from '../ir/infra.js'
import { requestedAddresses } from './gateway-addresses.js'
import type { OurGateway } from './gateways.js'
import type { ListenerState } from './listener-states.js'
import { transportOf } from './listeners.js'

/** Declares the infrastructure of Gateways, by their key. */
export function declareInfra(graph: Graph, gateways: Collection<OurGateway>, states: Collection<ListenerState>): Collection<GatewayInfra> {
  const ofGateway = graph.index(states, 'listeners by gateway', ({ declared: { gateway } }) => [`${gateway.namespace}/${gateway.name}`])
  return graph.collection<GatewayInfra>('infra', {
    keys: gateways,
    compute: (view, key) => {
      const gateway = view.get(gateways, key)
      if (gateway === undefined) return undefined
      const { object, spec, gatewayClass, problem, config } = gateway
      return {
        gateway: object,
        gatewayClass: gatewayClass.object.name,
        ports: portsOf(view.list(ofGateway, key)),
        labels: spec.infrastructure?.labels ?? {},
        annotations: spec.infrastructure?.annotations ?? {},
        addresses: requestedAddresses(spec.addresses ?? []),
        config,
        ...(problem === undefined ? {} : { problem: problem.message }),
      }
    },
  })
}

/** Ports stay while a certificate is missing: opening and closing them with every mistake would cost more than a refused connection. */
function portsOf(states: readonly ListenerState[]): readonly InfraPort[] {
  const ports = new Map<string, InfraPort>()
  for (const { declared, conflict, boundPort } of states) {
    if (!declared.allowed || declared.protocol === undefined || conflict !== undefined || boundPort === undefined) continue
    const protocol = transportOf(declared.protocol)
    const { port } = declared.spec
    ports.set(`${protocol}/${port}`, { name: `${protocol.toLowerCase()}-${port}`, port, boundPort, protocol })
  }
  return [...ports.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1))
}
