/**
 * Which Gateways send anything to a backend: requests of routes, questions of policies and of filters of listeners, and what is told about
 * requests.
 */
import type { Graph, Index, Source, View } from '../../incremental/index.js'
import { objectKey } from '../../util/object-ref.js'
import { backendsOfFilters, type DeclaredFilters } from '../listeners/listener-filters.js'
import type { PolicyFact } from '../policies/policy-facts.js'
import { parseRouteRulesKey, type RouteRules } from '../routes/route-rules.js'
import { backendsOfTelemetry } from '../telemetry/declare-telemetry.js'
import type { TelemetryWishes } from '../telemetry/telemetry-wishes.js'
import { objectsOf } from './backend-key.js'

/** The keys of the gateways that use a backend, by its `<Kind>/<namespace>/<name>`; in no particular order, and some more than once. */
export type BackendUsers = (view: View, backend: string) => readonly string[]

/** Who may use backends, beside policies. */
export interface BackendUserSources {
  readonly routeRules: Source<RouteRules>
  readonly filtersOfListeners: Source<DeclaredFilters>
  /** By the key of the gateway. */
  readonly telemetry: Source<TelemetryWishes>
}

/** Declares who uses backends. */
export function declareBackendUsers(graph: Graph, sources: BackendUserSources, policies: readonly BackendUsers[]): BackendUsers {
  const byRules = graph.index(sources.routeRules, 'rules by backend object', ({ targets }) => targets)
  const byFilters = graph.index(sources.filtersOfListeners, 'filters of listeners by backend object', (filters) =>
    objectsOf(backendsOfFilters(filters)),
  )
  const byTelemetry = graph.index(sources.telemetry, 'telemetry by backend object', (wishes) => objectsOf(backendsOfTelemetry(wishes)))
  return (view, backend) => [
    ...view.keys(byRules, backend).map((key) => parseRouteRulesKey(key).gateway),
    ...view.list(byFilters, backend).map(({ gateway }) => objectKey(gateway.namespace, gateway.name)),
    ...view.keys(byTelemetry, backend),
    ...policies.flatMap((users) => users(view, backend)),
  ]
}

/**
 * The users by policies of a kind.
 *
 * @param byBackend the policies that refer to a backend, by its `<Kind>/<namespace>/<name>`
 * @param facts by the key of the policy: where it is about something
 */
export function usersByPolicies<P>(byBackend: Index<P>, facts: Index<PolicyFact>): BackendUsers {
  return (view, backend) =>
    view
      .keys(byBackend, backend)
      .flatMap((policy) => view.list(facts, policy).flatMap(({ what, gateway }) => (what === 'applies' && gateway !== '' ? [gateway] : [])))
}
