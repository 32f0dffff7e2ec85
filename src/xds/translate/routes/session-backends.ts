/**
 * Sessions that stay with one of several backends. Envoy's sessions remember an endpoint and look for it in the cluster that was chosen
 * before, at random: alone they would keep nobody. So a second cookie names the backend, and a request that brings it finds a route that
 * leads there, before the one that shares requests out. Source: Gateway API v1.7, GEP-1619, "Session Persistence and Traffic Splitting".
 */
import { createHash } from 'node:crypto'
import type { SessionPersistence, WeightedCluster } from '../../../ir/forward.js'
import type { ValueMatch } from '../../../ir/route.js'

/** The cookie of requests whose session is with this backend. */
export function backendCookie(session: SessionPersistence, { cluster }: WeightedCluster): ValueMatch {
  // A name that is the same whatever else the rule has, and tells clients nothing.
  const id = createHash('sha256').update(cluster).digest('hex').slice(0, 16)
  return { name: `${session.name}-backend`, kind: 'exact', value: id }
}

/** The backend, with answers that make the client come back to it for as long as it comes back to its endpoint. */
export function rememberingBackend(session: SessionPersistence, backend: WeightedCluster): WeightedCluster {
  const { name, value } = backendCookie(session, backend)
  const lifetime = session.lifetimeSeconds === 0 ? '' : `Max-Age=${session.lifetimeSeconds}; `
  const cookie = { name: 'set-cookie', value: `${name}=${value}; ${lifetime}Path=${session.path ?? '/'}; HttpOnly` }
  const { responseHeaders } = backend
  return { ...backend, responseHeaders: { ...responseHeaders, add: [...responseHeaders.add, cookie] } }
}
