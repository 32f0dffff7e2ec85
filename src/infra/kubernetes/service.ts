/** The Service of a Gateway: its ports as clients name them, mapped to those that the Envoys bind. */
import type { GatewayInfra } from '../../ir/infra.js'
import type { JsonObject } from '../../k8s/kube-json.js'
import { selectorLabels } from './labels.js'
import type { ServiceSettings } from './proxy-settings.js'

/** The spec of the Service. */
export function serviceManifest(infra: GatewayInfra, settings: ServiceSettings): JsonObject {
  return {
    ...settings.spec,
    type: settings.type,
    selector: selectorLabels(infra),
    ports: infra.ports.map(({ name, port, boundPort, protocol }) => ({ name, port, targetPort: boundPort, protocol })),
    ...requestedAddresses(infra, settings),
  }
}

/** A load balancer can be asked for one address; the addresses of other Services are those that the network brings to the nodes. */
function requestedAddresses(infra: GatewayInfra, { type }: ServiceSettings): JsonObject {
  const wanted = infra.addresses.flatMap((address) => (address.type === 'IPAddress' && address.value !== undefined ? [address.value] : []))
  const [first] = wanted
  if (first === undefined) return {}
  return type === 'LoadBalancer' ? { loadBalancerIP: first } : { externalIPs: wanted }
}
