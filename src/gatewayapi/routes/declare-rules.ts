/** Declares the rules of routes on gateways. */
import type { Collection, Graph, Source } from '../../incremental/index.js'
import { objectKey } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import type { Attachment } from '../model.js'
import type { Routes } from './any-route.js'
import { compileRules } from './compile-rules.js'
import { parseRouteRulesKey, type RouteRules, routeRulesKey } from './route-rules.js'
import type { RuleSources } from './rule-context.js'

/** Declares what the rules of each route do on each gateway that it names, by `routeRulesKey`. */
export function declareRouteRules(
  graph: Graph,
  inputs: Inputs,
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
      const route = routes.get(view, routeKey)
      if (attachment === undefined || route === undefined) return undefined
      const [namespace = '', name = ''] = gateway.split('/')
      const context = { ...sources, view, route: attachment.route, gateway: objectKey(namespace, name) }
      const quarantine = view.get(inputs.quarantines, routeKey)
      return compileRules(context, route, {
        isAccepted: attachment.parents.some((parent) => parent.gateway === gateway && parent.accepted.status),
        isQuarantined: quarantine !== undefined && quarantine.generation >= route.metadata.generation,
      })
    },
  })
}
