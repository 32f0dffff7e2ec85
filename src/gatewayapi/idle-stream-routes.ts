/** Stream routes to which nothing comes, because others go first. Source: Gateway API v1.7, conflicts of routes. */
import type { Collection, Graph, Index, Source } from '../incremental/index.js'
import type { Hostname } from '../ir/hostname.js'
import { describeObject } from '../util/object-ref.js'
import { wildcardsOver } from './hostnames.js'
import type { EffectiveListener, StreamRoute } from './model.js'
import { byPrecedence, routesByHost } from './stream-routes.js'
import { HOSTS_ELSEWHERE, listenersUnder, type TableHosts } from './table-hosts.js'

/** For the `<Kind>/<namespace>/<name>` of a route to which nothing comes on a listener, why, in words. */
export type IdleStreamRoutes = ReadonlyMap<string, string>

/** Declares the idle routes of listeners, by `ListenerKey`; a listener without any has no value. */
export function declareIdleStreamRoutes(
  graph: Graph,
  byListener: Index<StreamRoute>,
  listeners: Source<EffectiveListener>,
  hosts: Pick<TableHosts, 'under'>,
): Collection<IdleStreamRoutes> {
  return graph.collection<IdleStreamRoutes>('idle stream routes', {
    keys: byListener,
    compute: (view, key) => {
      const routes = view.list(byListener, key)
      const listener = view.get(listeners, key)
      const idle = listener?.protocol === 'TLS' ? idleByHost(routes, listener, listenersUnder(view, hosts, listener)) : idleByAge(routes)
      return idle.size === 0 ? undefined : idle
    },
  })
}

function idleByAge(routes: readonly StreamRoute[]): IdleStreamRoutes {
  const [first, ...others] = routes.toSorted(byPrecedence)
  return new Map(first === undefined ? [] : others.map((each) => [nameOf(each), goesFirst(first)]))
}

/** @param under listeners whose hosts are under that of the listener, and theirs alone */
function idleByHost(
  routes: readonly StreamRoute[],
  { hostname }: EffectiveListener,
  under: readonly EffectiveListener[],
): IdleStreamRoutes {
  const taken = new Set(under.map((each) => each.hostname))
  const isOwn = (host: Hostname | undefined): boolean =>
    host === undefined || ![host, ...wildcardsOver(host)].some((each) => taken.has(each))
  const served = routesByHost(routes, hostname)
  const serving = new Set([...served].flatMap(([host, route]) => (isOwn(host) ? [route] : [])))
  const idle = routes.filter((each) => !serving.has(each))
  return new Map(
    idle.map((each) => {
      const hosts = each.hosts === 'all' ? [hostname] : each.hosts.map(({ host }) => host)
      const [first] = hosts.filter(isOwn).flatMap((host) => served.get(host) ?? [])
      return [nameOf(each), first === undefined ? HOSTS_ELSEWHERE : goesFirst(first)]
    }),
  )
}

function goesFirst({ route }: StreamRoute): string {
  return `${describeObject(route)} goes first, which is older or has the smaller name.`
}

function nameOf({ route }: StreamRoute): string {
  return `${route.kind}/${route.namespace}/${route.name}`
}
