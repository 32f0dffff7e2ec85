/** The Service of a Gateway: its ports as clients name them, mapped to those that the Envoys bind. */
import { type InfraService, type RequestedAddress, wantedAddresses } from '../../ir/infra.js'
import type { JsonObject } from '../../k8s/kube-json.js'
import { asksOnlyForClusterAddresses } from './addresses.js'
import type { FleetOwner } from './fleet-place.js'
import { selectorLabels } from './labels.js'
import type { ServiceSettings } from './proxy-settings.js'

/** Fields that the API server refuses on Services of other types. */
const FIELDS_OF_TYPES: Readonly<Record<string, readonly ServiceSettings['type'][]>> = {
  externalTrafficPolicy: ['LoadBalancer', 'NodePort'],
  loadBalancerClass: ['LoadBalancer'],
  loadBalancerSourceRanges: ['LoadBalancer'],
  allocateLoadBalancerNodePorts: ['LoadBalancer'],
}

/** The spec of the Service. Settings of a class may be meant for Services of another type: what this one has no use for is left out. */
export function serviceManifest(fleet: FleetOwner, service: InfraService, settings: ServiceSettings): JsonObject {
  const wanted = wantedAddresses(service)
  const type = settings.type === 'LoadBalancer' && asksOnlyForClusterAddresses(wanted) ? 'ClusterIP' : settings.type
  return {
    ...fieldsFor(type, settings.spec),
    type,
    selector: selectorLabels(fleet),
    ports: service.ports.map(({ name, port, boundPort, protocol }) => ({ name, port, targetPort: boundPort, protocol })),
    ...requestedAddresses(wanted, type),
  }
}

function fieldsFor(type: ServiceSettings['type'], spec: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => FIELDS_OF_TYPES[field]?.includes(type) ?? true))
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
