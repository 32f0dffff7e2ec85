/** Which of several stream routes serves. Source: Gateway API v1.7, TLSRoute, TCPRoute and UDPRoute; conflicts as for all routes. */
import type { Hostname } from '../ir/hostname.js'
import { compareText } from '../util/compare-text.js'
import { compareSpecificity } from './hostnames.js'
import type { StreamRoute } from './model.js'

/** The older route first, then the one whose `namespace/name` comes first. */
export function byPrecedence(a: StreamRoute, b: StreamRoute): number {
  return (
    compareText(a.creationTimestamp, b.creationTimestamp) ||
    compareText(`${a.route.namespace}/${a.route.name}`, `${b.route.namespace}/${b.route.name}`)
  )
}

/**
 * The route of each host: where several serve a host, the one that named it most specifically, then the older.
 *
 * @param listener the host of routes that serve all
 */
export function routesByHost(
  routes: readonly StreamRoute[],
  listener: Hostname | undefined,
): ReadonlyMap<Hostname | undefined, StreamRoute> {
  const offers: Offer[] = routes.flatMap((route): readonly Offer[] =>
    route.hosts === 'all' ? [{ host: listener, original: undefined, route }] : route.hosts.map((served) => ({ ...served, route })),
  )
  offers.sort((a, b) => compareSpecificity(a.original, b.original) || byPrecedence(a.route, b.route))
  const byHost = new Map<Hostname | undefined, StreamRoute>()
  for (const { host, route } of offers) if (!byHost.has(host)) byHost.set(host, route)
  return byHost
}

interface Offer {
  readonly host: Hostname | undefined
  readonly original: Hostname | undefined
  readonly route: StreamRoute
}
