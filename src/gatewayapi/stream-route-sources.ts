/** Declares what TLSRoutes, TCPRoutes and UDPRoutes serve on listeners. */
import type { SecuritySettings } from '../gen/kinds.js'
import type { Collection, Graph, Source } from '../incremental/index.js'
import { objectKey } from '../util/object-ref.js'
import type { ClusterUsage } from './backends/cluster-names.js'
import type { AttachedListener, Attachment, EffectiveListener, RouteKind, StreamRoute } from './model.js'
import { connectionSecurity } from './policies/connection-security.js'
import type { Policies } from './policies/policies.js'
import { isRequestKind, type Routes } from './routes/any-route.js'
import type { RuleSources } from './routes/find-backend.js'
import { shareOut } from './routes/weighted-clusters.js'

/** Declares the stream routes, by `<listener key>#<Kind>/<namespace>/<name>`. */
export function declareStreamRoutes(
  graph: Graph,
  routes: Routes,
  attachments: Source<Attachment>,
  listeners: Source<EffectiveListener>,
  sources: RuleSources,
  securityPolicies: Policies<SecuritySettings>,
): Collection<StreamRoute> {
  const keys = graph.index(attachments, 'stream routes on listeners', (attachment, key) =>
    isRequestKind(attachment.route.kind) ? [] : attachedListeners(attachment).map(({ listener }) => `${listener}#${key}`),
  )
  return graph.collection<StreamRoute>('stream routes', {
    keys,
    compute: (view, key) => {
      const at = key.indexOf('#')
      const routeKey = key.slice(at + 1)
      const attachment = view.get(attachments, routeKey)
      const attached = attachment && attachedListeners(attachment).find((each) => each.listener === key.slice(0, at))
      const listener = attached && view.get(listeners, attached.listener)
      const served = routes.served(view, routeKey)
      if (attachment === undefined || attached === undefined || listener === undefined || served === undefined) return undefined
      const { object: route, isRefused } = served
      if (route.kind === 'HTTPRoute' || route.kind === 'GRPCRoute') return undefined
      const gateway = objectKey(listener.gateway.namespace, listener.gateway.name)
      const context = { ...sources, view, route: attachment.route, referrer: attachment.route, gateway }
      const references = route.spec.rules.flatMap((rule) => rule.backendRefs)
      const security = route.kind === 'UDPRoute' ? undefined : connectionSecurity(view, securityPolicies, listener, attachment.route)
      const isClosed = isRefused || security?.isClosed === true
      const { clusters, invalidWeight } = shareOut(context, references, usageOf(attachment.route.kind, listener))
      return {
        route: attachment.route,
        creationTimestamp: attachment.creationTimestamp,
        listener: attached.listener,
        hosts: attached.hosts,
        clusters: isClosed ? [] : clusters,
        invalidWeight: isClosed ? 1 : invalidWeight,
        ...(security?.authorization === undefined ? {} : { authorization: security.authorization }),
        policies: security?.policies ?? [],
      }
    },
  })
}

function attachedListeners({ parents }: Attachment): readonly AttachedListener[] {
  return parents.flatMap((parent) => parent.listeners)
}

function usageOf(kind: RouteKind, { tlsMode }: EffectiveListener): ClusterUsage {
  if (kind === 'UDPRoute') return 'udp'
  return kind === 'TLSRoute' && tlsMode === 'Passthrough' ? 'passthrough' : 'tcp'
}
