/** Declares the rules of routes on gateways. */
import type { Collection, Graph, Source } from '../../incremental/index.js'
import { objectKey } from '../../util/object-ref.js'
import type { Attachment } from '../model.js'
import type { Routes } from './any-route.js'
import { compileRules } from './compile-rules.js'
import { parseRouteRulesKey, type RouteRules, routeRulesKey } from './route-rules.js'
import type { RuleSources } from './rule-context.js'

/** Declares what the rules of each route do on each gateway that it names, by `routeRulesKey`. */
export function declareRouteRules(
  graph: Graph,
  routes: Routes,
  attachments: Source<Attachment>,
  sources: RuleSources,
): Collection<RouteRules> {
  const keys = graph.index(attachments, 'routes on gateways', ({ parents }, route) =>
    parents.map((parent) => routeRulesKey(route, parent.gateway)),
  )
  return graph.collection<RouteRules>('route rules', {
    keys,
    compute: (view, key) => {
      const { route: routeKey, gateway } = parseRouteRulesKey(key)
      const attachment = view.get(attachments, routeKey)
      const served = routes.served(view, routeKey)
      if (attachment === undefined || served === undefined) return undefined
      const [namespace = '', name = ''] = gateway.split('/')
      const context = { ...sources, view, route: attachment.route, gateway: objectKey(namespace, name) }
      return compileRules(context, served.object, {
        isAccepted: attachment.parents.some((parent) => parent.gateway === gateway && parent.accepted.status),
        isRefused: served.isRefused,
      })
    },
  })
}
