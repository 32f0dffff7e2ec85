/** Stream routes to which nothing comes, because others go first. Source: Gateway API v1.7, conflicts of routes. */
import type { Collection, Graph, Index, Source } from '../incremental/index.js'
import { describeObject } from '../util/object-ref.js'
import type { EffectiveListener, StreamRoute } from './model.js'
import { byPrecedence, routesByHost } from './stream-routes.js'

/** For the `<Kind>/<namespace>/<name>` of a route to which nothing comes on a listener, the route that goes first there, in words. */
export type IdleStreamRoutes = ReadonlyMap<string, string>

/** Declares the idle routes of listeners, by `ListenerKey`; a listener without any has no value. */
export function declareIdleStreamRoutes(
  graph: Graph,
  byListener: Index<StreamRoute>,
  listeners: Source<EffectiveListener>,
): Collection<IdleStreamRoutes> {
  return graph.collection<IdleStreamRoutes>('idle stream routes', {
    keys: byListener,
    compute: (view, key) => {
      const routes = view.list(byListener, key)
      if (routes.length < 2) return undefined
      const idle = idleRoutes(routes, view.get(listeners, key))
      return idle.size === 0 ? undefined : idle
    },
  })
}

function idleRoutes(routes: readonly StreamRoute[], listener: EffectiveListener | undefined): IdleStreamRoutes {
  if (listener?.protocol !== 'TLS') {
    const [first, ...others] = routes.toSorted(byPrecedence)
    return new Map(first === undefined ? [] : others.map((each) => [nameOf(each), describeObject(first.route)]))
  }
  const served = routesByHost(routes, listener.hostname)
  const serving = new Set(served.values())
  return new Map(
    routes.flatMap((each) => {
      const host = each.hosts === 'all' ? listener.hostname : each.hosts[0]?.host
      const first = served.get(host)
      return serving.has(each) || first === undefined ? [] : [[nameOf(each), describeObject(first.route)]]
    }),
  )
}

function nameOf({ route }: StreamRoute): string {
  return `${route.kind}/${route.namespace}/${route.name}`
}
