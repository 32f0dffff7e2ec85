/** The half of routes and backends: everything between listeners and virtual hosts, clusters and endpoints. */
import type { BackendTrafficSettings, ExtensionSettings, SecuritySettings } from '../gen/kinds.js'
import type { Collection, Graph, Index } from '../incremental/index.js'
import type { JwtRequirement } from '../ir/authentication.js'
import type { Cluster, Endpoints } from '../ir/cluster.js'
import type { RateLimitDomain } from '../ir/request-traffic.js'
import type { VirtualHost } from '../ir/route.js'
import { declareAttachments } from './attachments.js'
import {
  authenticationClusters,
  declareJwtRequirements,
  indexAuthenticationBackends,
  type PolicyAuthentication,
} from './authentication/authentications.js'
import { declareBackendTlsPolicies } from './backends/backend-tls-policies.js'
import { declareBackends } from './backends/backends.js'
import { declareClusters } from './backends/clusters.js'
import { declareEmptyBackends } from './backends/empty-backends.js'
import { declareEndpoints, indexSlices } from './backends/endpoints.js'
import { declareSelectedPods, type SelectedPods } from './backends/selected-pods.js'
import { declareTrafficPolicies, trafficPolicyTargets } from './backends/traffic-policies.js'
import type { TranslationContext } from './context.js'
import { declareRoutePolicies } from './declare-route-policies.js'
import { declareStatusesOfRoutes } from './declare-route-statuses.js'
import { declareFetches } from './fetches/declare-fetches.js'
import type { FetchRequest } from './fetches/fetch-request.js'
import type { GatewaySources } from './gateway-sources.js'
import { declareIdleStreamRoutes } from './idle-stream-routes.js'
import type { Inputs } from './inputs.js'
import { backendsOfFilters, clustersOfFilters, declareListenerFilters, type ListenerFilters } from './listeners/listener-filters.js'
import type { Attachment, StreamRoute } from './model.js'
import { declareClusterPolicies } from './policies/cluster-policies.js'
import type { RoutePolicies } from './policies/effective-policies.js'
import { backendsOfExtensions } from './policies/extension-kind.js'
import { declareRateLimitDomains } from './policies/global-rate-limits.js'
import { passThroughOf } from './policies/http1-pass-through.js'
import { declarePolicyBackendKeys } from './policies/policy-backends.js'
import { declarePolicyUses, type PolicyUse } from './policies/policy-uses.js'
import { SECURITY_POLICY } from './policies/security-kind.js'
import { declareTargetedObjects, targetsIn } from './policies/targeted-objects.js'
import type { RouteSources } from './route-sources.js'
import { declareRoutesOfAllKinds } from './routes/any-route.js'
import { declareRouteRules } from './routes/declare-rules.js'
import type { RuleSources } from './routes/find-backend.js'
import type { RouteRules } from './routes/route-rules.js'
import { declareStreamRouteKeys, declareStreamRoutes } from './stream-route-sources.js'
import { declareTableHosts } from './table-hosts.js'
import { declareTelemetry, declareTelemetryWishes } from './telemetry/declare-telemetry.js'
import type { GatewayTelemetry } from './telemetry/resolve-telemetry.js'
import { declareVirtualHosts } from './virtual-hosts.js'

/** What routes and backends become. */
export interface RouteHalf extends RouteSources {
  readonly attachments: Collection<Attachment>
  /** By `ListenerKey`. */
  readonly listenerFilters: Collection<ListenerFilters>
  readonly streamRoutes: Collection<StreamRoute>
  /** By the key of a listener. */
  readonly streamRoutesOf: Index<StreamRoute>
  /** By `<route table>#<domain>`. */
  readonly virtualHosts: Collection<VirtualHost>
  /** By name. */
  readonly clusters: Collection<Cluster>
  /** By the name of the cluster. */
  readonly endpoints: Collection<Endpoints>
  /** By `XBackend/<namespace>/<name>`: what XBackends that choose pods need of the cluster. */
  readonly selectedPods: Collection<SelectedPods>
  /** By name. */
  readonly jwtRequirements: Collection<JwtRequirement>
  /** By the key of a SecurityPolicy. */
  readonly authentications: Collection<PolicyAuthentication>
  /** By their key. */
  readonly fetches: Collection<FetchRequest>
  /** By the key of the policy. */
  readonly rateLimitDomains: Collection<RateLimitDomain>
  /** What proxies tell about requests, by the key of the gateway. */
  readonly telemetry: Collection<GatewayTelemetry>
  readonly effectivePolicies: EffectivePolicies
  /** By `<Kind>/<namespace>/<name>`. */
  readonly policyUses: Collection<PolicyUse>
  readonly routeRules: Collection<RouteRules>
}

/** What policies say about the rules of routes, with the policy that each field comes from, by `routeRulesKey`. */
export interface EffectivePolicies {
  readonly BackendTrafficPolicy: Collection<RoutePolicies<BackendTrafficSettings>>
  readonly SecurityPolicy: Collection<RoutePolicies<SecuritySettings>>
  readonly ExtensionPolicy: Collection<RoutePolicies<ExtensionSettings>>
}

/** Declares attachments first, and what stands on them in the order in which it is read. */
export function declareRoutes(graph: Graph, inputs: Inputs, context: TranslationContext, sources: GatewaySources): RouteHalf {
  const {
    materials,
    grants,
    backendClientCertificates: gatewayCertificates,
    listeners,
    filtersOfListeners,
    routeTables,
    gateways,
  } = sources
  const routes = declareRoutesOfAllKinds(graph, inputs)
  const attachments = declareAttachments(graph, inputs, sources, routes)
  const tlsPolicies = declareBackendTlsPolicies(graph, inputs, sources)
  const targeted = declareTargetedObjects(graph, inputs, [
    // Of a refused one an older version counts, which may be about something else.
    targetsIn(graph, 'BackendTLSPolicy', tlsPolicies.policies, ({ targets }) => targets.flatMap(({ object }) => object ?? [])),
    targetsIn(graph, 'XBackendTrafficPolicy', inputs.kind('XBackendTrafficPolicy'), trafficPolicyTargets),
  ])
  const trafficPolicies = declareTrafficPolicies(graph, inputs)
  const backendSources = { inputs, context, materials, grants, targeted, tlsPolicies, trafficPolicies }
  const telemetrySources = declareTelemetryWishes(graph, inputs, gateways)
  const backends = declareBackends(graph, backendSources, [
    telemetrySources.backends,
    graph.index(attachments, 'backends of routes', (attachment) => attachment.backends),
    graph.index(filtersOfListeners, 'backends of listeners', backendsOfFilters),
    declarePolicyBackendKeys(graph, inputs, SECURITY_POLICY),
    indexAuthenticationBackends(graph, inputs),
    graph.index(inputs.kind('ExtensionPolicy'), 'backends of extension policies', backendsOfExtensions),
  ])
  const slices = indexSlices(graph, inputs)
  const emptyBackends = declareEmptyBackends(graph, inputs, backends, slices)
  const rules: RuleSources = { inputs, materials, backends, emptyBackends, grants, gatewayCertificates }
  const telemetry = declareTelemetry(graph, gateways, telemetrySources, rules)
  const streamRouteKeys = declareStreamRouteKeys(graph, attachments)
  const policySources = { rules, targeted, routes, attachments, listeners, streamRouteKeys }
  const policies = declareRoutePolicies(graph, inputs, context, policySources)
  const { traffic, security, extensions, authentications, scopes } = policies

  const routeRules = declareRouteRules(graph, routes, attachments, rules, {
    scopes,
    traffic: traffic.effective,
    security: security.effective,
    extensions: extensions.effective,
    authentications,
    telemetry: telemetrySources.wishes,
  })
  const streamRoutes = declareStreamRoutes(graph, streamRouteKeys, routes, attachments, listeners, rules, {
    security: security.ofConnections,
    traffic: traffic.ofConnections,
  })
  const streamRoutesOf = graph.index(streamRoutes, 'stream routes by listener', (route) => [route.listener])
  const listenerFilters = declareListenerFilters(graph, filtersOfListeners, rules)
  const tableHosts = declareTableHosts(graph, listeners)
  const virtualHosts = declareVirtualHosts(graph, {
    attachments,
    routeRules,
    routeTables,
    tableHosts,
    missing: inputs.missing,
    listenersWithPolicies: scopes.ofListeners,
    listenerFilters,
  })

  const rulesByCluster = graph.index(routeRules, 'clusters of rules', (each) => each.clusters)
  const clusterKeys = [
    rulesByCluster,
    graph.index(streamRoutes, 'clusters of stream routes', (route) => route.clusters.map((each) => each.cluster)),
    graph.index(listenerFilters, 'clusters of listeners', clustersOfFilters),
    graph.index(authentications, 'clusters of authentication', authenticationClusters),
    telemetry.clusters,
  ]
  const clusterPolicies = declareClusterPolicies(graph, backends, traffic.policies, clusterKeys)
  const clusters = declareClusters(graph, backends, gatewayCertificates, clusterPolicies, clusterKeys, (view, name) =>
    passThroughOf(view, sources.clients.passThroughs, rulesByCluster, name),
  )
  const effectivePolicies = {
    BackendTrafficPolicy: traffic.effective,
    SecurityPolicy: security.effective,
    ExtensionPolicy: extensions.effective,
  }
  return {
    attachments,
    routeRules,
    listenerFilters,
    streamRoutes,
    streamRoutesOf,
    virtualHosts,
    clusters,
    endpoints: declareEndpoints(graph, slices, clusters, backends),
    selectedPods: declareSelectedPods(graph, inputs, backends),
    secretsOfRoutes: graph.index(routeRules, 'secrets of rules', ({ secrets }) => secrets),
    authentications,
    jwtRequirements: declareJwtRequirements(graph, authentications),
    fetches: declareFetches(graph, rules),
    rateLimitDomains: declareRateLimitDomains(graph, traffic.policies),
    telemetry: telemetry.ofGateways,
    effectivePolicies,
    policyUses: declarePolicyUses(graph, effectivePolicies, routeRules),
    statuses: declareStatusesOfRoutes(graph, inputs, sources, {
      routes,
      attachments,
      routeRules,
      idleStreamRoutes: declareIdleStreamRoutes(graph, streamRoutesOf, listeners, tableHosts),
      tableHosts,
      backendSources,
      backends,
      policies,
      clusterPolicies,
      telemetrySources,
      telemetry,
    }),
  }
}
