/** The Service of a Gateway: its ports as clients name them, mapped to those that the Envoys bind. */
import { type InfraService, type RequestedAddress, wantedAddresses } from '../../ir/infra.js'
import type { JsonObject } from '../../k8s/kube-json.js'
import { asksOnlyForClusterAddresses } from './addresses.js'
import type { FleetOwner } from './fleet-place.js'
import { selectorLabels } from './labels.js'
import type { ServiceSettings } from './proxy-settings.js'

/** The spec of the Service. */
export function serviceManifest(fleet: FleetOwner, service: InfraService, settings: ServiceSettings): JsonObject {
  const wanted = wantedAddresses(service)
  const type = settings.type === 'LoadBalancer' && asksOnlyForClusterAddresses(wanted) ? 'ClusterIP' : settings.type
  return {
    ...settings.spec,
    type,
    selector: selectorLabels(fleet),
    ports: service.ports.map(({ name, port, boundPort, protocol }) => ({ name, port, targetPort: boundPort, protocol })),
    ...requestedAddresses(wanted, type),
  }
}

/** A load balancer can be asked for one address; the addresses of other Services are those that the network brings to the nodes. */
function requestedAddresses(addresses: readonly RequestedAddress[], type: ServiceSettings['type']): JsonObject {
  const wanted = addresses.filter((address) => address.type === 'IPAddress' && address.value !== undefined)
  const usual = wanted.filter(({ routability }) => routability === undefined).flatMap(({ value }) => value ?? [])
  const [cluster] = wanted.filter(({ routability }) => routability === 'Cluster').flatMap(({ value }) => value ?? [])
  const [first] = usual
  return {
    ...(cluster === undefined ? {} : { clusterIP: cluster }),
    ...(first === undefined ? {} : type === 'LoadBalancer' ? { loadBalancerIP: first } : { externalIPs: usual }),
  }
}
