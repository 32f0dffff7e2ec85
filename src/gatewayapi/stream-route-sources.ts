/** Declares what TLSRoutes, TCPRoutes and UDPRoutes serve on listeners. */
import type { BackendTrafficSettings, SecuritySettings } from '../gen/kinds.js'
import type { Collection, Graph, Index, Source } from '../incremental/index.js'
import { objectKey } from '../util/object-ref.js'
import type { ClusterUsage } from './backends/cluster-names.js'
import type { AttachedListener, Attachment, EffectiveListener, RouteKind, StreamRoute } from './model.js'
import { hashSource } from './policies/backend-traffic.js'
import { clusterPolicies } from './policies/cluster-policies.js'
import type { ConnectionPolicies } from './policies/connection-policies.js'
import { connectionSecurity } from './policies/connection-security.js'
import { isRequestKind, type Routes } from './routes/any-route.js'
import type { RuleSources } from './routes/find-backend.js'
import { shareOut } from './routes/weighted-clusters.js'

/** What policies say about connections, by the key of a stream route. */
export interface StreamPolicies {
  readonly security: Source<ConnectionPolicies<SecuritySettings>>
  readonly traffic: Source<ConnectionPolicies<BackendTrafficSettings>>
}

/** Declares the keys of stream routes: `<listener key>#<Kind>/<namespace>/<name>`. */
export function declareStreamRouteKeys(graph: Graph, attachments: Source<Attachment>): Index<Attachment> {
  return graph.index(attachments, 'stream routes on listeners', (attachment, key) =>
    isRequestKind(attachment.route.kind) ? [] : attachedListeners(attachment).map(({ listener }) => `${listener}#${key}`),
  )
}

/** Declares the stream routes, by `<listener key>#<Kind>/<namespace>/<name>`. */
export function declareStreamRoutes(
  graph: Graph,
  keys: Index<Attachment>,
  routes: Routes,
  attachments: Source<Attachment>,
  listeners: Source<EffectiveListener>,
  sources: RuleSources,
  policies: StreamPolicies,
): Collection<StreamRoute> {
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
      const references = route.spec.rules.flatMap((rule) => rule.backendRefs)
      const security = connectionSecurity(view.get(policies.security, key))
      const traffic = view.get(policies.traffic, key)?.effective
      const balancer = hashSource(traffic?.settings ?? {})?.kind === 'sourceIp' ? traffic?.origins.loadBalancer : undefined
      const context = { ...sources, view, referrer: attachment.route, gateway, clusterPolicies: clusterPolicies(traffic) }
      const isClosed = isRefused || security.isClosed
      const { clusters, invalidWeight } = shareOut(
        { ...context, route: attachment.route },
        references,
        usageOf(attachment.route.kind, listener),
      )
      return {
        route: attachment.route,
        creationTimestamp: attachment.creationTimestamp,
        listener: attached.listener,
        hosts: attached.hosts,
        clusters: isClosed ? [] : clusters,
        invalidWeight: isClosed ? 1 : invalidWeight,
        ...(security.authorization === undefined ? {} : { authorization: security.authorization }),
        ...(balancer === undefined ? {} : { hashesAddress: true }),
        policies: [...security.policies, ...(balancer === undefined ? [] : [balancer])],
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
