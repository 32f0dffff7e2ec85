/** The resources of the ADS benchmark: server and clients make the same ones, so clients know versions without decoding anything. */
import { type EncodedResource, TYPE_URL, type TypeUrl } from '../../src/xds/resource.js'
import { cluster, endpoints, listener, scope } from '../xds/support/resources.js'

/** The group of all clients. */
export const BENCH_GROUP = 'bench'
/** The load assignment that is changed; every client subscribes to it. */
export const CHANGED = 'c0'

const LISTENERS = 10
/** Clusters with endpoints by EDS; each client subscribes to all of them, as Envoy does. */
const CLUSTERS = 100

/** So many resources: a hundred clusters with their load assignments, ten listeners, and the rest scopes with routes to the clusters. */
export function benchResources(total: number): readonly EncodedResource[] {
  const names = subscribedEndpoints()
  return [
    ...names.map((name) => cluster(name, { eds: true })),
    ...names.map((name) => endpoints(name)),
    ...Array.from({ length: total - 2 * CLUSTERS - LISTENERS }, (_, index) => scope(`host-${index}.example.com`, [`c${index % CLUSTERS}`])),
    ...Array.from({ length: LISTENERS }, (_, index) => listener(`l${index}`)),
  ]
}

/** The load assignments that each client subscribes to. */
export function subscribedEndpoints(): readonly string[] {
  return Array.from({ length: CLUSTERS }, (_, index) => `c${index}`)
}

/** The types that clients subscribe to by wildcard. */
export const WILDCARD_TYPES: readonly TypeUrl[] = [TYPE_URL.cluster, TYPE_URL.scopedRouteConfiguration, TYPE_URL.listener]
