/** Which types are sent before which, and what a type's place in the protocol is. */
import { type EncodedResource, TYPE_URL, type TypeUrl } from '../resource.js'

/**
 * The order in which types are looked at for the next response: what is referred to comes before what refers to it.
 *
 * Source: Envoy's xDS protocol, "Eventual consistency considerations"; secrets and endpoints are answered in any phase.
 */
export const PUSH_ORDER: readonly TypeUrl[] = [
  TYPE_URL.secret,
  TYPE_URL.cluster,
  TYPE_URL.clusterLoadAssignment,
  TYPE_URL.extensionConfig,
  TYPE_URL.scopedRouteConfiguration,
  TYPE_URL.listener,
  TYPE_URL.routeConfiguration,
  TYPE_URL.virtualHost,
  TYPE_URL.rateLimitConfig,
]

/**
 * Types that a client which has nothing gets while the cache is not complete, in the order of `PUSH_ORDER`. Nobody uses them without a
 * listener that listens, so it does not matter what else there will be; and they are nearly all of what a proxy has to do when it starts.
 */
export const SENT_BEFORE_COMPLETE: readonly TypeUrl[] = [
  TYPE_URL.secret,
  TYPE_URL.cluster,
  TYPE_URL.clusterLoadAssignment,
  TYPE_URL.scopedRouteConfiguration,
  TYPE_URL.listener,
]

const ALWAYS_BEFORE_COMPLETE: ReadonlySet<TypeUrl> = new Set([TYPE_URL.secret, TYPE_URL.cluster, TYPE_URL.clusterLoadAssignment])

/** True for a resource that a client which has nothing may get before all is known that there is. */
export function mayComeBeforeComplete({ typeUrl, isPreparation }: EncodedResource): boolean {
  return ALWAYS_BEFORE_COMPLETE.has(typeUrl) || isPreparation === true
}

/** Types whose resources wait until the clusters that they name are there. */
export const WAITS_FOR_CLUSTERS: ReadonlySet<TypeUrl> = new Set([
  TYPE_URL.extensionConfig,
  TYPE_URL.scopedRouteConfiguration,
  TYPE_URL.listener,
  TYPE_URL.routeConfiguration,
  TYPE_URL.virtualHost,
])

/** Types that hold routes. */
export const OF_ROUTES: readonly TypeUrl[] = [TYPE_URL.routeConfiguration, TYPE_URL.scopedRouteConfiguration, TYPE_URL.virtualHost]

/** State of the world: a name that is missing in a response of these types is deleted. */
export const FULL_STATE: ReadonlySet<TypeUrl> = new Set([
  TYPE_URL.cluster,
  TYPE_URL.listener,
  TYPE_URL.scopedRouteConfiguration,
  TYPE_URL.rateLimitConfig,
])

/** Types that are small and that Envoy is known to lose: sent again on every new stream, whatever version the client names. */
export const RESENT_ON_RECONNECT: ReadonlySet<TypeUrl> = new Set([TYPE_URL.clusterLoadAssignment, TYPE_URL.secret])

/** Types that clients subscribe to by name once something that they run refers to them. */
export const SUBSCRIBED_BY_NAME: ReadonlySet<TypeUrl> = new Set([
  TYPE_URL.clusterLoadAssignment,
  TYPE_URL.secret,
  TYPE_URL.routeConfiguration,
  TYPE_URL.extensionConfig,
])

/** Which types can refer to a type: where to look before one of its resources is removed. */
export const REFERRERS: Readonly<Record<TypeUrl, readonly TypeUrl[]>> = {
  [TYPE_URL.secret]: [TYPE_URL.cluster, TYPE_URL.listener, TYPE_URL.extensionConfig],
  [TYPE_URL.clusterLoadAssignment]: [TYPE_URL.cluster],
  [TYPE_URL.cluster]: [
    TYPE_URL.cluster,
    TYPE_URL.listener,
    TYPE_URL.extensionConfig,
    TYPE_URL.routeConfiguration,
    TYPE_URL.scopedRouteConfiguration,
    TYPE_URL.virtualHost,
  ],
  [TYPE_URL.extensionConfig]: [TYPE_URL.listener, ...OF_ROUTES],
  [TYPE_URL.routeConfiguration]: [TYPE_URL.listener, TYPE_URL.scopedRouteConfiguration],
  [TYPE_URL.scopedRouteConfiguration]: [],
  [TYPE_URL.virtualHost]: [],
  [TYPE_URL.listener]: [],
  [TYPE_URL.rateLimitConfig]: [],
}

const KNOWN: ReadonlySet<string> = new Set(Object.values(TYPE_URL))

/** True for a type that we serve. */
export function isServed(typeUrl: string): typeUrl is TypeUrl {
  return KNOWN.has(typeUrl)
}
