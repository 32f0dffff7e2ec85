/** The addresses that a Gateway got, read from its Service. */
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import type { RequestedAddress } from '../../ir/infra.js'
import { fieldAt, listAt, type RawObject, stringAt } from '../../k8s/kube-json.js'

type Address = GatewayAddresses['assigned'][number]

/** No Gateway has more addresses in its status. */
const MAX_ADDRESSES = 16

/**
 * What the Service has, beside what was asked for.
 *
 * @param service undefined as long as there is none
 * @param isWithinCluster true if nobody asks its Service for any other address
 */
export function readAddresses(
  service: RawObject | undefined,
  requested: readonly RequestedAddress[],
  isWithinCluster: boolean = asksOnlyForClusterAddresses(requested),
): GatewayAddresses {
  const assigned = service === undefined ? [] : assignedAddresses(service, requested, isWithinCluster)
  const missing = requested.filter((address) => address.value !== undefined && !assigned.some((each) => isSame(each, address)))
  const listed = assigned.slice(0, MAX_ADDRESSES)
  if (missing.length > 0) {
    const names = missing.map(({ value }) => value).join(', ')
    const message = `The Service of this Gateway was not given ${names}: ask for an address that the cluster hands out.`
    return { assigned: listed, problem: { reason: 'AddressNotUsable', message } }
  }
  if (assigned.length > 0) return { assigned: listed }
  if (service === undefined) {
    // Every new Gateway begins like this, and a replica that does not lead knows no more: that is not worth a warning.
    const message =
      'The Service of this Gateway is not there yet. What keeps the leader from making it stands in the status of the Gateway.'
    return { assigned: [], problem: { reason: 'Pending', message } }
  }
  const message = 'The Service of this Gateway has no address yet: a load balancer of the cluster must give it one.'
  return { assigned: [], problem: { reason: 'AddressNotAssigned', message } }
}

/** True if only addresses within the cluster are asked for: then no load balancer is needed. */
export function asksOnlyForClusterAddresses(requested: readonly RequestedAddress[]): boolean {
  return requested.length > 0 && requested.every(({ routability }) => routability === 'Cluster')
}

function isSame(assigned: Address, requested: RequestedAddress): boolean {
  return assigned.type === requested.type && assigned.value === requested.value && assigned.routability === requested.routability
}

function assignedAddresses(service: RawObject, requested: readonly RequestedAddress[], isWithinCluster: boolean): readonly Address[] {
  const usual = isWithinCluster || asksOnlyForClusterAddresses(requested) ? [] : usualAddresses(service)
  const asksForCluster = requested.some(({ routability }) => routability === 'Cluster')
  return [...usual, ...(asksForCluster ? clusterAddresses(service).map((address) => ({ ...address, routability: 'Cluster' })) : [])]
}

/** The addresses that a Service of its type is reached under. */
function usualAddresses(service: RawObject): readonly Address[] {
  const external = strings(listAt(service, 'spec', 'externalIPs')).map(ipAddress)
  if (fieldAt(service, 'spec', 'type') !== 'LoadBalancer') return [...external, ...clusterAddresses(service)]
  return listAt(service, 'status', 'loadBalancer', 'ingress').flatMap((ingress): readonly Address[] => {
    const [ip, hostname] = [stringAt(ingress, 'ip'), stringAt(ingress, 'hostname')]
    if (ip !== '') return [ipAddress(ip)]
    return hostname === '' ? [] : [{ type: 'Hostname', value: hostname }]
  })
}

function clusterAddresses(service: RawObject): readonly Address[] {
  return strings(listAt(service, 'spec', 'clusterIPs'))
    .filter((ip) => ip !== 'None')
    .map(ipAddress)
}

function ipAddress(value: string): Address {
  return { type: 'IPAddress', value }
}

function strings(list: readonly unknown[]): readonly string[] {
  return list.filter((item) => typeof item === 'string')
}
