/**
 * What every group of proxies shall run: the bytes of each resource, once, for any number of streams.
 *
 * How the pipeline uses it: after each round of translation it puts what came, changed or went into a `draft(group)`, in as many turns of
 * the event loop as that takes, and hands it to `commit`; once, when everything that existed at start has been translated, it calls
 * `markComplete()`. Streams take the resources from here when their sockets are ready, so a change that is overtaken by the next one is
 * never sent.
 */
import type { ChangeTrace } from './change-trace.js'
import { ReferenceCounts } from './reference-counts.js'
import type { EncodedResource, ResourceChange, ResourceReference, TypeUrl } from './resource.js'
import { type AppliedChange, RevisionDraft } from './revision-draft.js'

/** Is told what changed in a group, after the cache holds it. */
export interface SnapshotListener {
  changed(changes: readonly AppliedChange[], revision: number): void
  /** Called once when the cache becomes complete; not called for a cache that already is. */
  complete(): void
}

/** Is told what changed in any group. */
export type AppliedListener = (group: string, changes: readonly AppliedChange[], revision: number, trace: ChangeTrace | undefined) => void

/** Is told of a group that is forgotten. */
export type ForgottenListener = (group: string) => void

interface Group {
  revision: number
  readonly resources: Map<TypeUrl, Map<string, EncodedResource>>
  /** How many resources of the group name another one. */
  readonly referrers: ReferenceCounts
  readonly listeners: Set<SnapshotListener>
}

const EMPTY: ReadonlyMap<string, EncodedResource> = new Map()

/**
 * Holds the resources of all groups. Every call costs what it changes, never what is there. A group without resources and streams is forgotten:
 * Gateways come and go. One of the same name that comes later goes on behind its revisions.
 */
export class SnapshotCache {
  readonly #groups = new Map<string, Group>()
  readonly #appliedListeners = new Set<AppliedListener>()
  readonly #forgottenListeners = new Set<ForgottenListener>()
  /** The highest revision of a group that is forgotten. */
  #forgottenRevision = 0
  #complete = false

  /** True when all is here that existed at the start: until then a stream may add to what its client has, and says nothing else. */
  get isComplete(): boolean {
    return this.#complete
  }

  /** Lets streams be served completely; before it a proxy would take a half-filled cache for the truth and drop what it runs. */
  markComplete(): void {
    if (this.#complete) return
    this.#complete = true
    for (const group of this.#groups.values()) for (const listener of group.listeners) listener.complete()
  }

  /** Begins a revision of a group. */
  draft(group: string): RevisionDraft {
    return new RevisionDraft(group, (reference) => this.resource(group, reference))
  }

  /**
   * Takes over what changed in a group and returns the revision that holds it. A change to the version that is already there
   * replaces origins and references, and is no change for proxies; without any real change the revision stays. `trace` says where the
   * changes come from.
   */
  commit(draft: RevisionDraft, trace?: ChangeTrace): number {
    const { group, applied, sameBytes, references } = draft
    const state = this.#group(group)
    for (const { typeUrl, name, current } of applied) store(state, typeUrl, name, current)
    for (const resource of sameBytes) store(state, resource.typeUrl, resource.name, resource)
    state.referrers.addAll(references)
    if (applied.length > 0) {
      state.revision += 1
      const { revision } = state
      for (const listener of this.#appliedListeners) listener(group, applied, revision, trace)
      for (const listener of state.listeners) listener.changed(applied, revision)
    }
    this.#forgetIfEmpty(group)
    return state.revision
  }

  /** A draft of these changes, committed. */
  apply(group: string, changes: readonly ResourceChange[], trace?: ChangeTrace): number {
    const draft = this.draft(group)
    for (const change of changes) draft.add(change)
    return this.commit(draft, trace)
  }

  /** The revision of a group: 0 for one that has nothing and was not known before. */
  revision(group: string): number {
    return this.#groups.get(group)?.revision ?? 0
  }

  /** The names of all groups that have resources or streams. */
  groups(): readonly string[] {
    return [...this.#groups.keys()]
  }

  /** The resources of one type by name. The map is live: do not keep it. */
  resources(group: string, typeUrl: TypeUrl): ReadonlyMap<string, EncodedResource> {
    return this.#groups.get(group)?.resources.get(typeUrl) ?? EMPTY
  }

  /** One resource, or undefined. */
  resource(group: string, reference: ResourceReference): EncodedResource | undefined {
    return this.resources(group, reference.typeUrl).get(reference.name)
  }

  /** True if a resource of the group names this one. */
  isReferenced(group: string, reference: ResourceReference): boolean {
    return this.#groups.get(group)?.referrers.has(reference) ?? false
  }

  /** Tells the listener of every change of the group until the returned function is called. */
  listen(group: string, listener: SnapshotListener): () => void {
    const { listeners } = this.#group(group)
    listeners.add(listener)
    return () => {
      if (listeners.delete(listener)) this.#forgetIfEmpty(group)
    }
  }

  /** Tells the listener of every change of every group, before streams hear of it, until the returned function is called. */
  onApplied(listener: AppliedListener): () => void {
    this.#appliedListeners.add(listener)
    return () => {
      this.#appliedListeners.delete(listener)
    }
  }

  /** Tells the listener of every group that is forgotten, until the returned function is called. */
  onForgotten(listener: ForgottenListener): () => void {
    this.#forgottenListeners.add(listener)
    return () => {
      this.#forgottenListeners.delete(listener)
    }
  }

  #forgetIfEmpty(name: string): void {
    const group = this.#groups.get(name)
    if (group === undefined || group.listeners.size > 0) return
    for (const { size } of group.resources.values()) if (size > 0) return
    this.#groups.delete(name)
    this.#forgottenRevision = Math.max(this.#forgottenRevision, group.revision)
    for (const listener of this.#forgottenListeners) listener(name)
  }

  #group(name: string): Group {
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = { revision: this.#forgottenRevision, resources: new Map(), referrers: new ReferenceCounts(), listeners: new Set() }
      this.#groups.set(name, group)
    }
    return group
  }
}

function store({ resources }: Group, typeUrl: TypeUrl, name: string, resource: EncodedResource | undefined): void {
  let byName = resources.get(typeUrl)
  if (byName === undefined) {
    byName = new Map()
    resources.set(typeUrl, byName)
  }
  if (resource === undefined) byName.delete(name)
  else byName.set(name, resource)
}
