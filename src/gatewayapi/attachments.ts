/** Declares what routes hang on. */
import type { Collection, Graph, Index, View } from '../incremental/index.js'
import { objectVersion } from '../util/object-ref.js'
import { type AttachingWorld, attachRoute } from './attach-routes.js'
import type { Problem } from './conditions.js'
import type { GatewaySources } from './gateway-sources.js'
import type { Inputs } from './inputs.js'
import type { Attachment, EffectiveListener, ParentAttachment, RouteKind } from './model.js'
import { type AnyRoute, type Routes, routeHostnames } from './routes/any-route.js'
import { referencedBackends } from './routes/backend-references.js'
import { incompatibleRules } from './routes/incompatible-filters.js'
import { unusableRules } from './routes/unusable-rules.js'

/** Declares the attachments of all routes, by `<Kind>/<namespace>/<name>`. A route without a parent of ours has none. */
export function declareAttachments(
  graph: Graph,
  inputs: Inputs,
  sources: Pick<GatewaySources, 'listeners'>,
  routes: Routes,
): Collection<Attachment> {
  const listenersByParent: Index<EffectiveListener> = graph.index(sources.listeners, 'listeners by parent', ({ parent }) => [
    `${parent.kind}/${parent.namespace}/${parent.name}`,
  ])
  const gateways = inputs.kind('Gateway')
  const defaultGateways = graph.index(gateways, 'default gateways', ({ spec }) => (spec.defaultScope === 'All' ? ['all'] : []))
  const namespaces = inputs.kind('Namespace')
  const world = (view: View): AttachingWorld => ({
    listenersOf: (kind, parent) => view.list(listenersByParent, `${kind}/${parent}`),
    defaultGateways: () => view.keys(defaultGateways, 'all'),
    labelsOfNamespace: (namespace) => {
      const found = view.get(namespaces, `/${namespace}`)
      return found && (found.metadata.labels ?? {})
    },
  })
  return graph.collection('attachments', {
    keys: routes.keys,
    compute: (view, key) => {
      const served = routes.served(view, key)
      return served && attachment(served.object, world(view))
    },
  })
}

function attachment(route: AnyRoute, world: AttachingWorld): Attachment | undefined {
  const object: Attachment['route'] = { ...objectVersion(route), kind: route.kind satisfies RouteKind }
  const parents = attachRoute(
    {
      object,
      parentRefs: route.spec.parentRefs ?? [],
      usesDefaultGateways: route.spec.useDefaultGateways === 'All',
      hostnames: routeHostnames(route),
    },
    world,
  )
  if (parents.length === 0) return undefined
  const refusal = unusableAsAWhole(route)
  return {
    route: object,
    creationTimestamp: route.metadata.creationTimestamp,
    parents: refusal === undefined ? parents : parents.map((parent) => refuse(parent, refusal)),
    backends: referencedBackends(route),
  }
}

/** Why no rule of the route can be used; undefined if at least one can. */
function unusableAsAWhole(route: AnyRoute): Problem | undefined {
  const unusable = unusableRules(route)
  const incompatible = incompatibleRules(route)
  if (unusable.length + incompatible.length === 0) return undefined
  const rules = new Set([...unusable, ...incompatible].map((each) => each.rule))
  if (rules.size < (route.spec.rules ?? []).length) return undefined
  const message = [...unusable, ...incompatible].map((each) => each.message).join(' ')
  return { reason: unusable.length > 0 ? 'UnsupportedValue' : 'IncompatibleFilters', message }
}

function refuse(parent: ParentAttachment, problem: Problem): ParentAttachment {
  return parent.accepted.status ? { ...parent, accepted: { status: false, ...problem }, listeners: [] } : parent
}
