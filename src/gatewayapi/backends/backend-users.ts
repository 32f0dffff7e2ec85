/**
 * Which Gateways send anything to a backend: requests of routes, questions of policies and of filters of listeners, and what is told about
 * requests.
 */
import type { Graph, Index, Source, View } from '../../incremental/index.js'
import { objectKey } from '../../util/object-ref.js'
import { backendsOfFilters, type DeclaredFilters } from '../listeners/listener-filters.js'
import type { Attachment, EffectiveListener } from '../model.js'
import type { PolicyFact } from '../policies/policy-facts.js'
import { parseRouteRulesKey, type RouteRules } from '../routes/route-rules.js'
import { backendsOfTelemetry } from '../telemetry/declare-telemetry.js'
import type { TelemetryWishes } from '../telemetry/telemetry-wishes.js'
import { objectsOf } from './backend-key.js'

/** That a gateway sends something to a backend. */
export interface BackendUse {
  /** The key of the gateway. */
  readonly gateway: string
  /** `bytes`: of connections, which the gateway may encrypt. `asTheyAre`: datagrams, and connections whose TLS does not end at the gateway. */
  readonly sends: 'requests' | 'bytes' | 'asTheyAre'
}

/** Who uses a backend, by its `<Kind>/<namespace>/<name>`; in no particular order, and some more than once. */
export type BackendUsers = (view: View, backend: string) => readonly BackendUse[]

/** Who may use backends, beside policies. */
export interface BackendUserSources {
  readonly attachments: Source<Attachment>
  readonly listeners: Source<EffectiveListener>
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
    ...view.keys(byRules, backend).map((key) => useByRules(view, sources, key)),
    ...view.list(byFilters, backend).map(({ gateway }) => requests(objectKey(gateway.namespace, gateway.name))),
    ...view.keys(byTelemetry, backend).map(requests),
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
      .flatMap((policy) =>
        view.list(facts, policy).flatMap(({ what, gateway }) => (what === 'applies' && gateway !== '' ? [requests(gateway)] : [])),
      )
}

function requests(gateway: string): BackendUse {
  return { gateway, sends: 'requests' }
}

function useByRules(view: View, { attachments, listeners }: BackendUserSources, key: string): BackendUse {
  const { route, gateway } = parseRouteRulesKey(key)
  if (route.startsWith('UDPRoute/')) return { gateway, sends: 'asTheyAre' }
  if (route.startsWith('TCPRoute/')) return { gateway, sends: 'bytes' }
  if (!route.startsWith('TLSRoute/')) return requests(gateway)
  const attached = (view.get(attachments, route)?.parents ?? []).flatMap((parent) => (parent.gateway === gateway ? parent.listeners : []))
  const ends = attached.some(({ listener }) => view.get(listeners, listener)?.tlsMode === 'Terminate')
  return { gateway, sends: ends ? 'bytes' : 'asTheyAre' }
}
