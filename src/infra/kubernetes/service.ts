/** The Service of a Gateway: its ports as clients name them, mapped to those that the Envoys bind. */
import type { GatewayInfra } from '../../ir/infra.js'
import type { JsonObject } from '../../k8s/kube-json.js'
import { asksOnlyForClusterAddresses } from './addresses.js'
import { selectorLabels } from './labels.js'
import type { ServiceSettings } from './proxy-settings.js'

/** The spec of the Service. */
export function serviceManifest(infra: GatewayInfra, settings: ServiceSettings): JsonObject {
  const type = settings.type === 'LoadBalancer' && asksOnlyForClusterAddresses(infra.addresses) ? 'ClusterIP' : settings.type
  return {
    ...settings.spec,
    type,
    selector: selectorLabels(infra),
    ports: infra.ports.map(({ name, port, boundPort, protocol }) => ({ name, port, targetPort: boundPort, protocol })),
    ...requestedAddresses(infra, type),
  }
}

/** A load balancer can be asked for one address; the addresses of other Services are those that the network brings to the nodes. */
function requestedAddresses(infra: GatewayInfra, type: ServiceSettings['type']): JsonObject {
  const wanted = infra.addresses.filter((address) => address.type === 'IPAddress' && address.value !== undefined)
  const usual = wanted.filter(({ routability }) => routability === undefined).flatMap(({ value }) => value ?? [])
  const [cluster] = wanted.filter(({ routability }) => routability === 'Cluster').flatMap(({ value }) => value ?? [])
  const [first] = usual
  return {
    ...(cluster === undefined ? {} : { clusterIP: cluster }),
    ...(first === undefined ? {} : type === 'LoadBalancer' ? { loadBalancerIP: first } : { externalIPs: usual }),
  }
}
