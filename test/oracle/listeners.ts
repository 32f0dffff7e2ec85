/**
 * Which listener a request comes to, and which routes hang on it.
 *
 * Source: Gateway API v1.7, `Listener.hostname` with its words about misdirected requests, `ParentReference`, `AllowedRoutes`, ListenerSet.
 */
import { compareHostnames, covers, mostSpecificFirst } from './hostnames.js'
import type { Listener, Request, Route } from './objects.js'

/** A listener, or what becomes of the request without one. */
export type Arrival = { readonly listener: Listener } | { readonly status: 404 | 421 } | 'closed'

/** @param host of the request, without a port and in small letters */
export function arrivalOf(listeners: readonly Listener[], { port, serverName }: Request, host: string): Arrival {
  const ofPort = listeners.filter((each) => each.port === port)
  const [ofHost] = mostSpecificFirst(ofPort.filter(({ hostname }) => covers(hostname, host)))
  if (serverName === undefined) return ofHost === undefined ? { status: 404 } : { listener: ofHost }
  const [connected] = mostSpecificFirst(ofPort.filter(({ hostname }) => covers(hostname, serverName)))
  if (connected === undefined) return 'closed'
  if (ofHost === undefined) return { status: 404 }
  const isElsewhere = compareHostnames(connected.hostname, ofHost.hostname) !== 0 || !covers(connected.hostname, host)
  return isElsewhere ? { status: 421 } : { listener: connected }
}

/** Whether a route hangs on a listener. */
export function isAttached({ namespace, parentRefs, hostnames = [] }: Route, listener: Listener): boolean {
  const isNamed = parentRefs.some(
    ({ sectionName = listener.name, port = listener.port, ...parent }) =>
      (['kind', 'namespace', 'name'] as const).every((each) => parent[each] === listener.parent[each]) &&
      sectionName === listener.name &&
      port === listener.port,
  )
  const isTaken = listener.from === 'All' || namespace === listener.parent.namespace
  // One of them lies within the other.
  const meets = (own: string): boolean =>
    covers(listener.hostname, own) || (listener.hostname !== undefined && covers(own, listener.hostname))
  return isNamed && isTaken && (hostnames.length === 0 || hostnames.some(meets))
}
