/**
 * Status of routes.
 *
 * Source: Gateway API v1.7, `RouteStatus`: one entry per own parentRef, `Accepted` and `ResolvedRefs` always both.
 */
import type { Collection, Graph, Source, View } from '../incremental/index.js'
import { fails, holds, holdsUnless } from './conditions.js'
import { DELIVERED, deliveredCondition } from './delivered-condition.js'
import type { IdleStreamRoutes } from './idle-stream-routes.js'
import type { Delivery, Inputs, Quarantine } from './inputs.js'
import type { Attachment, Condition, ParentAttachment } from './model.js'
import type { RouteStatus } from './object-status.js'
import { isRequestKind, type Routes } from './routes/any-route.js'
import { type RouteRules, routeRulesKey } from './routes/route-rules.js'
import { HOSTS_ELSEWHERE, ownerOf, type TableHosts } from './table-hosts.js'

/** What statuses of routes are made from. */
export interface RouteStatusSources {
  readonly attachments: Collection<Attachment>
  readonly routeRules: Source<RouteRules>
  readonly idleStreamRoutes: Source<IdleStreamRoutes>
  readonly tableHosts: TableHosts
}

/** Declares the statuses of routes, by `<Kind>/<namespace>/<name>`. */
export function declareRouteStatuses(
  graph: Graph,
  inputs: Inputs,
  routes: Routes,
  { attachments, routeRules, idleStreamRoutes, tableHosts }: RouteStatusSources,
): Collection<RouteStatus> {
  return graph.collection<RouteStatus>('route statuses', {
    report: true,
    keys: attachments,
    compute: (view, key) => {
      const attachment = view.get(attachments, key)
      const route = routes.get(view, key)
      if (attachment === undefined || route === undefined) return undefined
      // What is served may be an older version, yet it is this one that is judged.
      const { generation } = route.metadata
      const delivery = view.get(inputs.deliveries, key)
      const quarantine = view.get(inputs.quarantines, key)
      return {
        shape: 'route',
        object: { ...attachment.route, generation },
        parents: attachment.parents.map((parent) => {
          const rules = rulesOf(view, routeRules, key, parent)
          const why = isRequestKind(attachment.route.kind)
            ? hostsElsewhere(view, tableHosts, parent)
            : idleOnListeners(view, idleStreamRoutes, parent, key)
          const idle = why === undefined ? parent.unserved : `Nothing comes to it: ${why}`
          const delivered = parent.accepted.status ? deliveredUnless(idle, delivery, quarantine, generation) : undefined
          return { parentRef: parent.parentRef, conditions: conditionsOf(generation, parent, rules, delivered) }
        }),
      }
    },
  })
}

/** The rules of a route for the first listener that has some: what is said here of them is the same for all. */
function rulesOf(
  view: View,
  routeRules: Source<RouteRules>,
  route: string,
  { gateway, listeners }: ParentAttachment,
): RouteRules | undefined {
  const shared = view.get(routeRules, routeRulesKey(route, gateway))
  if (shared !== undefined) return shared
  const [first] = listeners
  return first && view.get(routeRules, routeRulesKey(route, gateway, first.listener))
}

/** Why no connection comes to a route wherever the parent attached it; undefined if some do. */
function idleOnListeners(view: View, idle: Source<IdleStreamRoutes>, { listeners }: ParentAttachment, route: string): string | undefined {
  const reasons = listeners.map(({ listener }) => view.get(idle, listener)?.get(route))
  return reasons.every((each) => each !== undefined) ? reasons[0] : undefined
}

/**
 * The same for requests: other listeners have all its hosts. The first host that is served ends the search, and a table with one host has one
 * owner for all: so this is a read or two for nearly every route.
 */
function hostsElsewhere(view: View, tableHosts: TableHosts, { listeners }: ParentAttachment): string | undefined {
  const tables = listeners.flatMap(({ routeTable, ...each }) => (routeTable === undefined ? [] : [{ ...each, routeTable }]))
  const isServed = tables.some(
    ({ listener, routeTable, hosts }) =>
      hosts === 'all' || hosts.some(({ host }) => ownerOf(view, tableHosts, routeTable, host)?.listener === listener),
  )
  return isServed || tables.length === 0 ? undefined : HOSTS_ELSEWHERE
}

/** Proxies may have taken the route and still serve nobody by it. */
function deliveredUnless(
  idle: string | undefined,
  delivery: Delivery | undefined,
  quarantine: Quarantine | undefined,
  generation: number,
): Condition | undefined {
  const delivered = deliveredCondition(delivery, quarantine, generation)
  if (idle === undefined || delivered?.status === 'False') return delivered
  return fails(DELIVERED, { reason: 'NotServed', message: idle }, generation)
}

function conditionsOf(
  generation: number,
  { accepted }: ParentAttachment,
  rules: RouteRules | undefined,
  delivered: Condition | undefined,
): readonly Condition[] {
  const resolved = { reason: 'ResolvedRefs', message: 'All references lead to something that can be used.' }
  const invalid = accepted.status ? partlyInvalid(rules) : undefined
  return [
    accepted.status ? holds('Accepted', accepted.reason, accepted.message, generation) : fails('Accepted', accepted, generation),
    holdsUnless('ResolvedRefs', rules?.unresolved, resolved, generation),
    ...(invalid === undefined ? [] : [holds('PartiallyInvalid', 'UnsupportedValue', invalid, generation)]),
    ...(delivered === undefined ? [] : [delivered]),
  ]
}

/** What of an accepted route is not done as written; undefined if everything is. */
function partlyInvalid(rules: RouteRules | undefined): string | undefined {
  const { dropped = [], unsupported = [] } = rules ?? {}
  if (dropped.length === 0) return unsupported.length === 0 ? undefined : unsupported.join(' ')
  return `Dropped Rule ${dropped.map((each) => each.rule).join(', ')}: ${[...dropped.map((each) => each.message), ...unsupported].join(' ')}`
}
