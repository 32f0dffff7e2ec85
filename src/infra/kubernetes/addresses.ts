/** The addresses that a Gateway got, read from its Service. */
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import type { RequestedAddress } from '../../ir/infra.js'
import { fieldAt, listAt, type RawObject, stringAt } from '../../k8s/kube-json.js'

interface Address {
  readonly type: 'IPAddress' | 'Hostname'
  readonly value: string
}

/** No Gateway has more addresses in its status. */
const MAX_ADDRESSES = 16

/**
 * What the Service has, beside what was asked for.
 *
 * @param service undefined as long as there is none
 */
export function readAddresses(service: RawObject | undefined, requested: readonly RequestedAddress[]): GatewayAddresses {
  const assigned = service === undefined ? [] : assignedAddresses(service)
  const missing = requested.filter(
    ({ type, value }) => value !== undefined && !assigned.some((each) => each.type === type && each.value === value),
  )
  const listed = assigned.slice(0, MAX_ADDRESSES)
  if (missing.length > 0) {
    const names = missing.map(({ value }) => value).join(', ')
    const message = `The Service of this Gateway was not given ${names}: ask for an address that the cluster's load balancer hands out.`
    return { assigned: listed, problem: { reason: 'AddressNotUsable', message } }
  }
  if (assigned.length > 0) return { assigned: listed }
  const message = 'The Service of this Gateway has no address yet: a load balancer of the cluster must give it one.'
  return { assigned: [], problem: { reason: 'AddressNotAssigned', message } }
}

function assignedAddresses(service: RawObject): readonly Address[] {
  const external = strings(listAt(service, 'spec', 'externalIPs')).map(ipAddress)
  if (fieldAt(service, 'spec', 'type') !== 'LoadBalancer') {
    return [
      ...external,
      ...strings(listAt(service, 'spec', 'clusterIPs'))
        .filter((ip) => ip !== 'None')
        .map(ipAddress),
    ]
  }
  return listAt(service, 'status', 'loadBalancer', 'ingress').flatMap((ingress): readonly Address[] => {
    const [ip, hostname] = [stringAt(ingress, 'ip'), stringAt(ingress, 'hostname')]
    if (ip !== '') return [ipAddress(ip)]
    return hostname === '' ? [] : [{ type: 'Hostname', value: hostname }]
  })
}

function ipAddress(value: string): Address {
  return { type: 'IPAddress', value }
}

function strings(list: readonly unknown[]): readonly string[] {
  return list.filter((item) => typeof item === 'string')
}
