/**
 * Status of routes.
 *
 * Source: Gateway API v1.7, `RouteStatus`: one entry per own parentRef, `Accepted` and `ResolvedRefs` always both.
 */
import type { Collection, Graph, Source } from '../incremental/index.js'
import { fails, holds, holdsUnless } from './conditions.js'
import { deliveredCondition } from './delivered-condition.js'
import type { Delivery, Inputs, Quarantine } from './inputs.js'
import type { Attachment, Condition, ParentAttachment } from './model.js'
import type { RouteStatus } from './object-status.js'
import type { Routes } from './routes/any-route.js'
import { type RouteRules, routeRulesKey } from './routes/route-rules.js'

/** Declares the statuses of routes, by `<Kind>/<namespace>/<name>`. */
export function declareRouteStatuses(
  graph: Graph,
  inputs: Inputs,
  routes: Routes,
  attachments: Collection<Attachment>,
  routeRules: Source<RouteRules>,
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
          const rules = view.get(routeRules, routeRulesKey(key, parent.gateway))
          return { parentRef: parent.parentRef, conditions: conditionsOf(generation, parent, rules, delivery, quarantine) }
        }),
      }
    },
  })
}

function conditionsOf(
  generation: number,
  { accepted }: ParentAttachment,
  rules: RouteRules | undefined,
  delivery: Delivery | undefined,
  quarantine: Quarantine | undefined,
): readonly Condition[] {
  const resolved = { reason: 'ResolvedRefs', message: 'All references lead to something that can be used.' }
  const invalid = accepted.status ? partlyInvalid(rules) : undefined
  const delivered = accepted.status ? deliveredCondition(delivery, quarantine, generation) : undefined
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
