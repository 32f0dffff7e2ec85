/** What the owners of routes, backends and policies are told: read from everything that is made of them, and read by nothing else. */
import type { BackendTrafficSettings } from '../gen/kinds.js'
import type { Collection, Graph, Index, Source } from '../incremental/index.js'
import { backendsOfAuthentication } from './authentication/authentications.js'
import { objectsOf } from './backends/backend-key.js'
import { declareBackendStatuses } from './backends/backend-status.js'
import { declareBackendUsers, usersByPolicies } from './backends/backend-users.js'
import type { BackendSources } from './backends/backend-world.js'
import { declarePolicyStatuses } from './backends/policy-status.js'
import type { ResolvedBackend } from './backends/resolved-backend.js'
import type { DeclaredRoutePolicies } from './declare-route-policies.js'
import type { GatewaySources } from './gateway-sources.js'
import type { Inputs } from './inputs.js'
import type { Attachment } from './model.js'
import type { ObjectStatus } from './object-status.js'
import { declareClaimLimitFacts } from './policies/claim-limits.js'
import { backendsOfExtensions } from './policies/extension-kind.js'
import { declareLoginConflictFacts } from './policies/login-conflicts.js'
import { declareLoginPathFacts } from './policies/login-paths.js'
import { declareLogins } from './policies/logins.js'
import type { Effective } from './policies/policy.js'
import { declareAncestorSources } from './policies/policy-ancestors.js'
import { backendsOfPolicy } from './policies/policy-backends.js'
import { declarePolicyFacts, type PolicyFact } from './policies/policy-facts.js'
import { declareOwnPolicyStatuses } from './policies/policy-statuses.js'
import { SECURITY_POLICY } from './policies/security-kind.js'
import { declareRouteStatuses, type RouteStatusSources } from './route-status.js'
import type { Routes } from './routes/any-route.js'
import type { RouteRules } from './routes/route-rules.js'
import type { TelemetryCollections, TelemetrySources } from './telemetry/declare-telemetry.js'
import { declareTelemetryPolicyStatuses } from './telemetry/telemetry-policy-status.js'

/** What statuses are read from. */
export interface RouteStatusesSources extends RouteStatusSources {
  readonly routes: Routes
  readonly attachments: Collection<Attachment>
  readonly routeRules: Collection<RouteRules>
  readonly backendSources: BackendSources
  readonly backends: Source<ResolvedBackend>
  readonly policies: DeclaredRoutePolicies
  /** What policies say about clusters, by the name of the cluster. */
  readonly clusterPolicies: Collection<Effective<BackendTrafficSettings>>
  readonly telemetrySources: TelemetrySources
  readonly telemetry: TelemetryCollections
}

/** Each kind has its statuses in one of these, by `<Kind>/<namespace>/<name>`. */
export function declareStatusesOfRoutes(
  graph: Graph,
  inputs: Inputs,
  gatewaySources: GatewaySources,
  sources: RouteStatusesSources,
): readonly Source<ObjectStatus>[] {
  const { listeners, gateways, clients } = gatewaySources
  const { routes, attachments, routeRules, backendSources, backends, policies, clusterPolicies, telemetrySources, telemetry } = sources
  const { traffic, security, extensions } = policies
  const ancestors = declareAncestorSources(graph, inputs, attachments, listeners, routeRules)

  const trafficFacts = declarePolicyFacts(graph, 'BackendTrafficPolicy', traffic.effective, clusterPolicies, traffic.ofConnections, [
    declareClaimLimitFacts(graph, routes, traffic.effective, security.effective),
  ])
  const logins = declareLogins(graph, routes, security.effective)
  const securityFacts = declarePolicyFacts(graph, 'SecurityPolicy', security.effective, undefined, security.ofConnections, [
    declareLoginPathFacts(graph, security.policies.all, logins),
    declareLoginConflictFacts(graph, logins),
  ])
  const extensionFacts = declarePolicyFacts(graph, 'ExtensionPolicy', extensions.effective, undefined)

  const users = declareBackendUsers(
    graph,
    {
      attachments,
      listeners,
      routeRules,
      filtersOfListeners: gatewaySources.filtersOfListeners,
      telemetry: telemetrySources.wishes,
    },
    usersOf(graph, inputs, securityFacts, extensionFacts),
  )
  return [
    declareRouteStatuses(graph, inputs, routes, sources),
    declarePolicyStatuses(graph, { ...backendSources, backends, users }),
    declareBackendStatuses(graph, inputs, backends),
    declareOwnPolicyStatuses(graph, traffic.policies, trafficFacts, ancestors),
    declareOwnPolicyStatuses(graph, security.policies, securityFacts, ancestors),
    declareOwnPolicyStatuses(graph, clients.policies, clients.facts, ancestors),
    declareTelemetryPolicyStatuses(graph, gateways, telemetrySources, telemetry),
    declareOwnPolicyStatuses(graph, extensions.policies, extensionFacts, ancestors),
  ]
}

/** Policies that send something to backends: requests to decide about, for keys, to programs beside the proxies. */
function usersOf(graph: Graph, inputs: Inputs, securityFacts: Index<PolicyFact>, extensionFacts: Index<PolicyFact>) {
  const securityByBackend = graph.index(inputs.kind('SecurityPolicy'), 'security policies by backend object', (policy) =>
    objectsOf([...backendsOfPolicy(SECURITY_POLICY, policy), ...backendsOfAuthentication(policy)]),
  )
  const extensionsByBackend = graph.index(inputs.kind('ExtensionPolicy'), 'extension policies by backend object', (policy) =>
    objectsOf(backendsOfExtensions(policy)),
  )
  return [usersByPolicies(securityByBackend, securityFacts), usersByPolicies(extensionsByBackend, extensionFacts)]
}
