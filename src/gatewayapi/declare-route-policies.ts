/** Policies about requests and connections: what each says, and what they come to on each route. */
import type { BackendTrafficSettings, ExtensionSettings, SecuritySettings } from '../gen/kinds.js'
import type { Collection, Graph, Keys, Source } from '../incremental/index.js'
import { declareAuthentications, type PolicyAuthentication } from './authentication/authentications.js'
import type { TranslationContext } from './context.js'
import type { Inputs } from './inputs.js'
import type { Attachment, EffectiveListener } from './model.js'
import { BACKEND_TRAFFIC_POLICY } from './policies/backend-traffic-kind.js'
import { type ConnectionPolicies, declareConnectionPolicies } from './policies/connection-policies.js'
import { declareEffectivePolicies, declareRouteScopes, type RoutePolicies, type RouteScopes } from './policies/effective-policies.js'
import { EXTENSION_POLICY } from './policies/extension-kind.js'
import { serviceProblem } from './policies/global-rate-limits.js'
import { declarePolicies, type Missing, type Policies } from './policies/policies.js'
import { SECURITY_POLICY } from './policies/security-kind.js'
import type { TargetedObjects, TargetingKind } from './policies/targeted-objects.js'
import type { Routes } from './routes/any-route.js'
import type { RuleSources } from './routes/find-backend.js'

/** What policies of these kinds are read from, and whom they may be about. */
export interface RoutePolicySources {
  readonly rules: RuleSources
  readonly targeted: TargetedObjects
  readonly routes: Routes
  readonly attachments: Source<Attachment>
  readonly listeners: Source<EffectiveListener>
  /** The keys of stream routes. */
  readonly streamRouteKeys: Keys
}

/** Policies of a kind. */
export interface PoliciesOnRoutes<S extends object> {
  readonly policies: Policies<S>
  /** What they say about the rules of routes, with the policy that each field comes from, by `routeRulesKey`. */
  readonly effective: Collection<RoutePolicies<S>>
}

/** Policies of a kind that says something about connections as well. */
export interface PoliciesOnStreams<S extends object> extends PoliciesOnRoutes<S> {
  /** By the key of the stream route. */
  readonly ofConnections: Collection<ConnectionPolicies<S>>
}

/** All of them. */
export interface DeclaredRoutePolicies {
  readonly traffic: PoliciesOnStreams<BackendTrafficSettings>
  readonly security: PoliciesOnStreams<SecuritySettings>
  readonly extensions: PoliciesOnRoutes<ExtensionSettings>
  /** By the key of a SecurityPolicy. */
  readonly authentications: Collection<PolicyAuthentication>
  /** Which routes and listeners any policy is about. */
  readonly scopes: RouteScopes
}

/** Declares the policies of all three kinds first: which of them a route has to look for is known from all. */
export function declareRoutePolicies(
  graph: Graph,
  inputs: Inputs,
  context: TranslationContext,
  { rules, targeted, routes, attachments, listeners, streamRouteKeys }: RoutePolicySources,
): DeclaredRoutePolicies {
  const sourcesOf = (kind: TargetingKind) => ({ ...rules, targets: { objects: targeted, kind } })
  const withoutService: Missing = (view, key) =>
    context.hasRateLimitService === true ? undefined : serviceProblem(view.get(inputs.kind('BackendTrafficPolicy'), key))
  const trafficPolicies = declarePolicies(graph, inputs, sourcesOf('BackendTrafficPolicy'), BACKEND_TRAFFIC_POLICY, withoutService, rules)
  const authentications = declareAuthentications(graph, rules)
  const unauthenticated: Missing = (view, key) => view.get(authentications, key)?.problem
  const securityPolicies = declarePolicies(graph, inputs, sourcesOf('SecurityPolicy'), SECURITY_POLICY, unauthenticated, rules)
  const extensionPolicies = declarePolicies(graph, inputs, sourcesOf('ExtensionPolicy'), EXTENSION_POLICY, undefined, rules)

  const scopes = declareRouteScopes(graph, attachments, listeners, targeted, [trafficPolicies, securityPolicies, extensionPolicies])
  const onRoutes = <S extends object>(policies: Policies<S>): PoliciesOnRoutes<S> => ({
    policies,
    effective: declareEffectivePolicies(graph, scopes, routes, listeners, policies),
  })
  const onStreams = <S extends object>(policies: Policies<S>): PoliciesOnStreams<S> => ({
    ...onRoutes(policies),
    ofConnections: declareConnectionPolicies(graph, streamRouteKeys, routes, listeners, policies),
  })
  return {
    traffic: onStreams(trafficPolicies),
    security: onStreams(securityPolicies),
    extensions: onRoutes(extensionPolicies),
    authentications,
    scopes,
  }
}
