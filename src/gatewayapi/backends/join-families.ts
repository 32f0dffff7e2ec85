/**
 * Pods with addresses of both families, which stand in one EndpointSlice for each: a pod is one endpoint. As two it would be counted twice, and half
 * of what is sent there would be lost where it listens on one of them only, or where proxies reach one of them only.
 */
import type { Endpoint } from '../../ir/cluster.js'
import type { PlacedEndpoint } from './localities.js'

/** An endpoint and the pod that it is. */
export interface PodEndpoint extends PlacedEndpoint {
  /** Undefined where nobody says it. */
  readonly uid: string | undefined
}

/** Makes one endpoint of the first addresses of each family of a pod. IPv4 comes first: every Envoy has that where pods have it. */
export function joinFamilies(all: readonly PodEndpoint[]): readonly PlacedEndpoint[] {
  const others = new Map<string, Endpoint['address']>()
  for (const { uid, endpoint } of all) if (uid !== undefined && isOther(endpoint) && !others.has(uid)) others.set(uid, endpoint.address)
  if (others.size === 0) return all
  const joined = new Map<Endpoint['address'], Endpoint['address']>()
  for (const { uid, endpoint } of all) {
    const other = uid === undefined || isOther(endpoint) ? undefined : others.get(uid)
    if (other === undefined || uid === undefined) continue
    joined.set(endpoint.address, other)
    others.delete(uid)
  }
  const gone = new Set(joined.values())
  return all.flatMap((each): readonly PlacedEndpoint[] => {
    const { endpoint } = each
    if (gone.has(endpoint.address)) return []
    const other = joined.get(endpoint.address)
    return other?.kind !== 'ip' ? [each] : [{ ...each, endpoint: { ...endpoint, otherwise: { ip: other.ip, port: other.port } } }]
  })
}

function isOther({ address }: Endpoint): boolean {
  return address.kind === 'ip' && address.ip.includes(':')
}
