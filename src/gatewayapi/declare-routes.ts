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
  backendsOfAuthentication,
  declareAuthentications,
  declareJwtRequirements,
  indexAuthenticationBackends,
  type PolicyAuthentication,
} from './authentication/authentications.js'
import { objectsOf } from './backends/backend-key.js'
import { declareBackendStatuses } from './backends/backend-status.js'
import { declareBackendTlsPolicies } from './backends/backend-tls-policies.js'
import { declareBackendUsers, usersByPolicies } from './backends/backend-users.js'
import { declareBackends } from './backends/backends.js'
import { declareClusters } from './backends/clusters.js'
import { declareEndpoints } from './backends/endpoints.js'
import { declarePolicyStatuses } from './backends/policy-status.js'
import { declareSelectedPods, type SelectedPods } from './backends/selected-pods.js'
import { declareTrafficPolicies, trafficPolicyTargets } from './backends/traffic-policies.js'
import type { TranslationContext } from './context.js'
import { declareFetches } from './fetches/declare-fetches.js'
import type { FetchRequest } from './fetches/fetch-request.js'
import type { GatewaySources } from './gateway-sources.js'
import { declareIdleStreamRoutes } from './idle-stream-routes.js'
import type { Inputs } from './inputs.js'
import { backendsOfFilters, clustersOfFilters, declareListenerFilters, type ListenerFilters } from './listeners/listener-filters.js'
import type { Attachment, StreamRoute } from './model.js'
import { BACKEND_TRAFFIC_POLICY } from './policies/backend-traffic-kind.js'
import { declareClaimLimitFacts } from './policies/claim-limits.js'
import { declareClusterPolicies } from './policies/cluster-policies.js'
import { declareConnectionPolicies } from './policies/connection-policies.js'
import { declareEffectivePolicies, declareRouteScopes, type RoutePolicies } from './policies/effective-policies.js'
import { backendsOfExtensions, EXTENSION_POLICY } from './policies/extension-kind.js'
import { declareRateLimitDomains, serviceProblem } from './policies/global-rate-limits.js'
import { passThroughOf } from './policies/http1-pass-through.js'
import { declareLoginConflictFacts } from './policies/login-conflicts.js'
import { declareLoginPathFacts } from './policies/login-paths.js'
import { declareLogins } from './policies/logins.js'
import { declarePolicies, type Missing } from './policies/policies.js'
import { declareAncestorSources } from './policies/policy-ancestors.js'
import { backendsOfPolicy, declarePolicyBackendKeys } from './policies/policy-backends.js'
import { declarePolicyFacts } from './policies/policy-facts.js'
import { declareOwnPolicyStatuses } from './policies/policy-statuses.js'
import { declarePolicyUses, type PolicyUse } from './policies/policy-uses.js'
import { SECURITY_POLICY } from './policies/security-kind.js'
import { declareTargetedObjects, type TargetingKind, targetsIn } from './policies/targeted-objects.js'
import type { RouteSources } from './route-sources.js'
import { declareRouteStatuses } from './route-status.js'
import { declareRoutesOfAllKinds } from './routes/any-route.js'
import { declareRouteRules } from './routes/declare-rules.js'
import type { RouteRules } from './routes/route-rules.js'
import { declareStreamRouteKeys, declareStreamRoutes } from './stream-route-sources.js'
import { declareTableHosts } from './table-hosts.js'
import { declareTelemetry, declareTelemetryWishes } from './telemetry/declare-telemetry.js'
import type { GatewayTelemetry } from './telemetry/resolve-telemetry.js'
import { declareTelemetryPolicyStatuses } from './telemetry/telemetry-policy-status.js'
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
  const backendSources = {
    inputs,
    context,
    materials,
    grants,
    targeted,
    tlsPolicies,
    trafficPolicies: declareTrafficPolicies(graph, inputs),
  }
  const telemetrySources = declareTelemetryWishes(graph, inputs, gateways)
  const backends = declareBackends(graph, backendSources, [
    telemetrySources.backends,
    graph.index(attachments, 'backends of routes', (attachment) => attachment.backends),
    graph.index(filtersOfListeners, 'backends of listeners', backendsOfFilters),
    declarePolicyBackendKeys(graph, inputs, SECURITY_POLICY),
    indexAuthenticationBackends(graph, inputs),
    graph.index(inputs.kind('ExtensionPolicy'), 'backends of extension policies', backendsOfExtensions),
  ])
  const ruleSources = { inputs, materials, backends, grants, gatewayCertificates }
  const telemetry = declareTelemetry(graph, gateways, telemetrySources, ruleSources)
  const withoutService: Missing = (view, key) =>
    context.hasRateLimitService === true ? undefined : serviceProblem(view.get(inputs.kind('BackendTrafficPolicy'), key))
  const sourcesOf = (kind: TargetingKind) => ({ ...ruleSources, targets: { objects: targeted, kind } })
  const trafficPolicies = declarePolicies(
    graph,
    inputs,
    sourcesOf('BackendTrafficPolicy'),
    BACKEND_TRAFFIC_POLICY,
    withoutService,
    ruleSources,
  )
  const authentications = declareAuthentications(graph, { ...ruleSources, inputs })
  const jwtRequirements = declareJwtRequirements(graph, authentications)
  const securityPolicies = declarePolicies(
    graph,
    inputs,
    sourcesOf('SecurityPolicy'),
    SECURITY_POLICY,
    (view, key) => view.get(authentications, key)?.problem,
    ruleSources,
  )
  const extensionPolicies = declarePolicies(graph, inputs, sourcesOf('ExtensionPolicy'), EXTENSION_POLICY, undefined, ruleSources)
  const scopes = declareRouteScopes(graph, attachments, listeners, targeted, [trafficPolicies, securityPolicies, extensionPolicies])
  const traffic = declareEffectivePolicies(graph, scopes, routes, listeners, trafficPolicies)
  const security = declareEffectivePolicies(graph, scopes, routes, listeners, securityPolicies)
  const extensions = declareEffectivePolicies(graph, scopes, routes, listeners, extensionPolicies)
  const routeRules = declareRouteRules(graph, routes, attachments, ruleSources, {
    scopes,
    traffic,
    security,
    extensions,
    authentications,
    telemetry: telemetrySources.wishes,
  })
  const streamRouteKeys = declareStreamRouteKeys(graph, attachments)
  const connectionTraffic = declareConnectionPolicies(graph, streamRouteKeys, routes, listeners, trafficPolicies)
  const connectionSecurity = declareConnectionPolicies(graph, streamRouteKeys, routes, listeners, securityPolicies)
  const streamRoutes = declareStreamRoutes(graph, streamRouteKeys, routes, attachments, listeners, ruleSources, {
    security: connectionSecurity,
    traffic: connectionTraffic,
  })
  const streamRoutesOf = graph.index(streamRoutes, 'stream routes by listener', (route) => [route.listener])
  const listenerFilters = declareListenerFilters(graph, filtersOfListeners, ruleSources)
  const tableHosts = declareTableHosts(graph, listeners)
  const idleStreamRoutes = declareIdleStreamRoutes(graph, streamRoutesOf, listeners, tableHosts)
  const virtualHosts = declareVirtualHosts(graph, {
    attachments,
    routeRules,
    routeTables,
    tableHosts,
    missing: inputs.missing,
    listenersWithPolicies: scopes.ofListeners,
    listenerFilters,
  })
  const rulesByCluster = graph.index(routeRules, 'clusters of rules', (rules) => rules.clusters)
  const clusterKeys = [
    rulesByCluster,
    graph.index(streamRoutes, 'clusters of stream routes', (route) => route.clusters.map((each) => each.cluster)),
    graph.index(listenerFilters, 'clusters of listeners', clustersOfFilters),
    graph.index(authentications, 'clusters of authentication', authenticationClusters),
    telemetry.clusters,
  ]
  const clusterPolicies = declareClusterPolicies(graph, backends, trafficPolicies, clusterKeys)
  const clusters = declareClusters(graph, backends, gatewayCertificates, clusterPolicies, clusterKeys, (view, name) =>
    passThroughOf(view, sources.clients.passThroughs, rulesByCluster, name),
  )
  const endpoints = declareEndpoints(graph, inputs, clusters, backends)
  const routeStatuses = declareRouteStatuses(graph, inputs, routes, { attachments, routeRules, idleStreamRoutes, tableHosts })
  const backendStatuses = declareBackendStatuses(graph, inputs, backends)
  const facts = declarePolicyFacts(graph, 'BackendTrafficPolicy', traffic, clusterPolicies, connectionTraffic, [
    declareClaimLimitFacts(graph, routes, traffic, security),
  ])
  const ancestors = declareAncestorSources(graph, inputs, attachments, listeners, routeRules)
  const trafficStatuses = declareOwnPolicyStatuses(graph, trafficPolicies, facts, ancestors)
  const logins = declareLogins(graph, routes, security)
  const securityFacts = declarePolicyFacts(graph, 'SecurityPolicy', security, undefined, connectionSecurity, [
    declareLoginPathFacts(graph, securityPolicies.all, logins),
    declareLoginConflictFacts(graph, logins),
  ])
  const securityStatuses = declareOwnPolicyStatuses(graph, securityPolicies, securityFacts, ancestors)
  const clientStatuses = declareOwnPolicyStatuses(graph, sources.clients.policies, sources.clients.facts, ancestors)
  const telemetryStatuses = declareTelemetryPolicyStatuses(graph, gateways, telemetrySources, telemetry)
  const extensionFacts = declarePolicyFacts(graph, 'ExtensionPolicy', extensions, undefined)
  const extensionStatuses = declareOwnPolicyStatuses(graph, extensionPolicies, extensionFacts, ancestors)
  const securityByBackend = graph.index(inputs.kind('SecurityPolicy'), 'security policies by backend object', (policy) =>
    objectsOf([...backendsOfPolicy(SECURITY_POLICY, policy), ...backendsOfAuthentication(policy)]),
  )
  const extensionsByBackend = graph.index(inputs.kind('ExtensionPolicy'), 'extension policies by backend object', (policy) =>
    objectsOf(backendsOfExtensions(policy)),
  )
  const users = declareBackendUsers(graph, { attachments, listeners, routeRules, filtersOfListeners, telemetry: telemetrySources.wishes }, [
    usersByPolicies(securityByBackend, securityFacts),
    usersByPolicies(extensionsByBackend, extensionFacts),
  ])
  const policyStatuses = declarePolicyStatuses(graph, { ...backendSources, backends, users })
  const statuses: RouteHalf['statuses'] = [
    routeStatuses,
    policyStatuses,
    backendStatuses,
    trafficStatuses,
    securityStatuses,
    clientStatuses,
    telemetryStatuses,
    extensionStatuses,
  ]
  return {
    policyUses: declarePolicyUses(
      graph,
      { BackendTrafficPolicy: traffic, SecurityPolicy: security, ExtensionPolicy: extensions },
      routeRules,
    ),
    routeRules,
    secretsOfRoutes: graph.index(routeRules, 'secrets of rules', ({ secrets }) => secrets),
    attachments,
    listenerFilters,
    streamRoutes,
    streamRoutesOf,
    virtualHosts,
    clusters,
    endpoints,
    selectedPods: declareSelectedPods(graph, inputs, backends),
    jwtRequirements,
    authentications,
    fetches: declareFetches(graph, { ...ruleSources, inputs }),
    rateLimitDomains: declareRateLimitDomains(graph, trafficPolicies),
    statuses,
    telemetry: telemetry.ofGateways,
    effectivePolicies: { BackendTrafficPolicy: traffic, SecurityPolicy: security, ExtensionPolicy: extensions },
  }
}
