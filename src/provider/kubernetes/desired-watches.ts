/** From what we want to know to the watches that tell us. */
import type { KindDefinition } from '../../schema/kind.js'
import type { ObjectKey } from '../../util/object-ref.js'
import type { ServedVersions } from './discovery.js'
import type { WatchScope } from './watch-scope.js'

/** One list and watch. */
export interface WatchSpec {
  readonly kind: KindDefinition
  readonly version: string
  /** The empty string is all namespaces, or the cluster. */
  readonly namespace: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/** The objects of kinds that are read by reference that somebody wants, by Kind. */
export type WantedObjects = ReadonlyMap<string, ReadonlySet<ObjectKey>>

/** What decides about the watches. */
export interface WatchPlan {
  readonly kinds: readonly KindDefinition[]
  readonly served: ServedVersions
  readonly scope: WatchScope
  /** The namespaces that are there, of those that the scope names or selects; unused where it is the cluster. */
  readonly selected: ReadonlySet<string>
  /** Kinds of which only wanted objects are read. */
  readonly byReference: ReadonlySet<string>
  readonly wanted: WantedObjects
}

/**
 * The watches of a plan, by a name that is the same for the same watch.
 *
 * An object that is read by reference gets a watch of its own, limited to its name: then no other Secret ever leaves the API server,
 * a Role with `resourceNames` is enough, and the server finds the watchers of a changed Secret by an index over names. All watches
 * share one HTTP/2 connection, so that each costs a stream and not a socket.
 */
export function desiredWatches(plan: WatchPlan): ReadonlyMap<string, WatchSpec> {
  const specs = plan.kinds.flatMap((kind) => {
    const version = plan.served.get(kind.kind)
    return version === undefined ? [] : watchesOf(kind, version, plan)
  })
  return new Map(specs.map((spec) => [watchName(spec), spec]))
}

function watchesOf(kind: KindDefinition, version: string, plan: WatchPlan): readonly WatchSpec[] {
  const namespaces = namespacesOf(plan)
  if (plan.byReference.has(kind.kind)) {
    return [...(plan.wanted.get(kind.kind) ?? [])].flatMap((key) => {
      const { namespace, name } = splitKey(key)
      if (namespaces !== 'all' && !namespaces.has(namespace)) return []
      return [{ kind, version, namespace, fieldSelector: `metadata.name=${name}` }]
    })
  }
  if (kind.kind === 'Namespace') return namespaceWatches(kind, version, plan.scope)
  if (!kind.namespaced || namespaces === 'all') return [{ kind, version, namespace: '' }]
  return [...namespaces].map((namespace) => ({ kind, version, namespace }))
}

function namespaceWatches(kind: KindDefinition, version: string, scope: WatchScope): readonly WatchSpec[] {
  switch (scope.kind) {
    case 'cluster':
      return [{ kind, version, namespace: '' }]
    case 'selector':
      return [{ kind, version, namespace: '', labelSelector: scope.labelSelector }]
    case 'namespaces':
      // A ClusterRole with resourceNames allows exactly these.
      return scope.names.map((name) => ({ kind, version, namespace: '', fieldSelector: `metadata.name=${name}` }))
  }
}

function namespacesOf({ scope, selected }: WatchPlan): 'all' | ReadonlySet<string> {
  switch (scope.kind) {
    case 'cluster':
      return 'all'
    case 'namespaces':
      // In one that is gone there is nothing, and no Role by which we may look.
      return new Set(scope.names.filter((name) => selected.has(name)))
    case 'selector':
      return new Set([scope.own, ...selected])
  }
}

function watchName({ kind, version, namespace, labelSelector, fieldSelector }: WatchSpec): string {
  return [kind.group, version, kind.plural, namespace, labelSelector ?? '', fieldSelector ?? ''].join('|')
}

/** The same for two watches of the same objects in different versions. */
export function watchedObjects(spec: WatchSpec): string {
  return watchName({ ...spec, version: '' })
}

function splitKey(key: ObjectKey): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
