/** Endpoints by place, in a total order. */
import type { Endpoint, Locality } from '../../ir/cluster.js'
import { compareText } from '../../util/compare-text.js'

/** An endpoint and where it is. */
export interface PlacedEndpoint {
  /** The empty string where unknown. */
  readonly zone: string
  readonly priority: number
  readonly endpoint: Endpoint
}

/** Groups endpoints by priority and zone; of endpoints with the same address the first counts. Priorities are numbered from 0 without gaps. */
export function toLocalities(placed: readonly PlacedEndpoint[]): readonly Locality[] {
  const [only, ...others] = placed
  if (only === undefined) return []
  if (others.length === 0) return [{ zone: only.zone, priority: 0, endpoints: [only.endpoint] }]
  const seen = new Set<string>()
  const byPlace = new Map<string, { zone: string; priority: number; endpoints: Endpoint[] }>()
  for (const { zone, priority, endpoint } of placed) {
    const address = addressText(endpoint)
    if (seen.has(address)) continue
    seen.add(address)
    const place = byPlace.get(`${priority}/${zone}`) ?? { zone, priority, endpoints: [] }
    place.endpoints.push(endpoint)
    byPlace.set(`${priority}/${zone}`, place)
  }
  const places = [...byPlace.values()].sort((a, b) => a.priority - b.priority || compareText(a.zone, b.zone))
  // Proxies refuse gaps between priorities.
  const priorities = [...new Set(places.map((each) => each.priority))]
  return places.map(({ zone, priority, endpoints }) => ({
    zone,
    priority: priorities.indexOf(priority),
    endpoints: endpoints.toSorted((a, b) => compareText(addressText(a), addressText(b))),
  }))
}

function addressText({ address }: Endpoint): string {
  return address.kind === 'ip' ? `${address.ip} ${address.port}` : address.path
}
