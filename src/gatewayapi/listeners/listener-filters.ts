/**
 * Filters of listeners: who is asked about every request of a listener before a route is looked for.
 *
 * Source: Gateway API v1.7 experimental channel, `ListenerFilters` (GEP-5224).
 */
import type { ListenerFilter } from '../../gen/kinds.js'
import type { Collection, Graph, Source } from '../../incremental/index.js'
import type { ExternalAuth } from '../../ir/route.js'
import { type ObjectVersion, objectKey } from '../../util/object-ref.js'
import { backendKey } from '../backends/backend-key.js'
import type { Problem } from '../conditions.js'
import { toBackendRef } from '../routes/backend-references.js'
import { externalAuthOf } from '../routes/external-auth.js'
import type { RuleSources } from '../routes/find-backend.js'
import { type ListenerState, summary } from './listener-states.js'

/** The filters of a listener that serves, as its owner wrote them. */
export interface DeclaredFilters {
  readonly gateway: ObjectVersion
  /** The object that declares the listener, and so refers to backends. */
  readonly parent: ObjectVersion
  readonly requests: readonly ListenerFilter[]
}

/** What the filters of a listener come down to. */
export interface ListenerFilters {
  readonly parent: ObjectVersion
  /** In their order. */
  readonly externalAuth: readonly ExternalAuth[]
  /** References that lead nowhere: their filter lets nobody in. */
  readonly problem: Problem | undefined
}

/** Declares the filters of the listeners that have some and serve, by `ListenerKey`. */
export function declareFiltersOfListeners(graph: Graph, states: Source<ListenerState>): Collection<DeclaredFilters> {
  const withFilters = graph.index(states, 'listeners with filters', ({ declared, serves }) =>
    serves && declared.spec.filters !== undefined ? [declared.key] : [],
  )
  return graph.collection<DeclaredFilters>('filters of listeners', {
    keys: withFilters,
    compute: (view, key) => {
      const declared = view.get(states, key)?.declared
      const requests = declared?.spec.filters?.requests ?? []
      if (declared === undefined || requests.length === 0) return undefined
      return { gateway: declared.gateway, parent: declared.parent, requests }
    },
  })
}

/** Declares what they come down to. */
export function declareListenerFilters(graph: Graph, declared: Source<DeclaredFilters>, sources: RuleSources): Collection<ListenerFilters> {
  return graph.collection<ListenerFilters>('listener filters', {
    keys: declared,
    compute: (view, key) => {
      const found = view.get(declared, key)
      if (found === undefined) return undefined
      const { parent, gateway, requests } = found
      const context = { ...sources, view, referrer: parent, gateway: objectKey(gateway.namespace, gateway.name) }
      const asked = requests.flatMap(({ externalAuth }) => (externalAuth === undefined ? [] : [externalAuthOf(context, externalAuth)]))
      return {
        parent,
        externalAuth: asked.map(({ auth }) => auth),
        problem: summary(asked.flatMap(({ problem }) => problem ?? [])),
      }
    },
  })
}

/** The keys of the backends that filters name. */
export function backendsOfFilters({ parent, requests }: DeclaredFilters): readonly string[] {
  const refs = requests.flatMap(({ externalAuth }) => {
    const ref = externalAuth && toBackendRef(externalAuth.backendRef, parent.namespace, 'TCP')
    return ref === undefined ? [] : [backendKey(ref)]
  })
  return [...new Set(refs)].sort()
}

/** The names of the clusters that are asked. */
export function clustersOfFilters({ externalAuth }: ListenerFilters): readonly string[] {
  return [...new Set(externalAuth.flatMap(({ cluster }) => cluster ?? []))].sort()
}
