/** The objects that were read last, by kind and key: frozen, typed by kind, one version at a time. */
import type { KindName, KindTypes } from '../gen/kinds.js'
import type { Change, KubeObject } from '../provider/provider.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectKey } from '../util/object-ref.js'
import { deepFreeze } from './deep-freeze.js'
import { RELEVANCE, type Relevance } from './relevance.js'
import { sameContent } from './same-content.js'

/** Who is told of changes that matter. */
export interface ResourceSink {
  /** Sets or, with undefined, removes an object. False: it is nobody's business. */
  set(kind: string, key: ObjectKey, object: KubeObject | undefined): unknown
}

/** A change, and whether anything that somebody reads of the object differs. */
export interface AppliedChange {
  readonly change: Change
  readonly matters: boolean
}

/** Keeps objects and tells the sink of what matters. */
export class ResourceStore {
  readonly #sink: ResourceSink
  readonly #kinds: ReadonlyMap<string, KindDefinition>
  readonly #objects: ReadonlyMap<string, Map<ObjectKey, KubeObject>>

  /** @param kinds the kinds that are kept; changes of others do not matter */
  constructor(kinds: readonly KindDefinition[], sink: ResourceSink) {
    this.#sink = sink
    this.#kinds = new Map(kinds.map((kind) => [kind.kind, kind]))
    this.#objects = new Map(kinds.map((kind) => [kind.kind, new Map<ObjectKey, KubeObject>()]))
  }

  /** Takes a batch over, in order; objects become frozen. */
  apply(batch: readonly Change[]): readonly AppliedChange[] {
    return batch.map((change) => ({ change, matters: this.#apply(change) }))
  }

  /** The last version of an object, with the status and metadata that it has now. */
  get<K extends KindName>(kind: K, key: ObjectKey): KindTypes[K] | undefined {
    // Providers hand over what the schema of the kind lets through, and the type was made from it.
    return this.#objects.get(kind)?.get(key) as KindTypes[K] | undefined
  }

  /** The last version of an object of any kind. */
  find(kind: string, key: ObjectKey): KubeObject | undefined {
    return this.#objects.get(kind)?.get(key)
  }

  /** All objects of a kind, in no particular order. */
  list<K extends KindName>(kind: K): readonly KindTypes[K][] {
    return [...(this.#objects.get(kind)?.values() ?? [])] as KindTypes[K][]
  }

  /** How many objects of a kind there are. */
  count(kind: KindName): number {
    return this.#objects.get(kind)?.size ?? 0
  }

  #apply({ kind, key, object }: Change): boolean {
    const objects = this.#objects.get(kind)
    const definition = this.#kinds.get(kind)
    if (objects === undefined || definition === undefined) return false
    const before = objects.get(key)
    if (object === undefined) objects.delete(key)
    else objects.set(key, deepFreeze(object))
    const matters = differs(definition, before, object)
    return matters && this.#sink.set(kind, key, object) !== false
  }
}

function differs(kind: KindDefinition, before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after
  return !sameContent(kind.schema, relevanceOf(kind), before, after)
}

function relevanceOf(kind: KindDefinition): Relevance {
  return Object.hasOwn(RELEVANCE, kind.kind) ? RELEVANCE[kind.kind as KindName] : EVERYTHING
}

const EVERYTHING: Relevance = {
  metadata: ['uid', 'generation', 'creationTimestamp', 'deletionTimestamp', 'labels', 'annotations'],
  status: true,
}
