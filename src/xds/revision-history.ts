/** The last revisions of every group that there is: what changed, because of which objects, and when each proxy had it. */
import type { ObjectVersion } from '../util/object-ref.js'
import type { ChangeTrace } from './change-trace.js'
import type { DeliveryTracker, ProxyIdentity } from './delivery-tracker.js'
import { suspectsOf } from './rejected-versions.js'
import type { TypeUrl } from './resource.js'
import type { AppliedChange } from './revision-draft.js'
import type { SnapshotCache } from './snapshot-cache.js'

/** One revision of a group. */
export interface RevisionRecord {
  readonly group: string
  readonly revision: number
  /** RFC 3339: when it was ready to be sent. */
  readonly at: string
  /** Names the round of translation that made it, also in the log; undefined for revisions without one. */
  readonly trace: string | undefined
  /** How long the first of its objects waited for a translation, and how long that took, in milliseconds. */
  readonly stages: { readonly queueMs: number; readonly translateMs: number } | undefined
  /** The first of the changes; `totalChanges` says how many there were. */
  readonly changes: readonly RevisionChange[]
  readonly totalChanges: number
  /** The objects whose new generations are in these changes, or whose resources went away; the first of them. */
  readonly causes: readonly ObjectVersion[]
  /** The proxies that run it, first come first; the first of them. */
  readonly acknowledged: readonly Acknowledgement[]
}

/** A proxy runs a revision. */
export interface Acknowledgement {
  readonly proxy: string
  /** RFC 3339. */
  readonly at: string
  /** RFC 3339: when the last response before was handed to the socket. */
  readonly sentAt: string | undefined
}

/** One resource that changed. */
export interface RevisionChange {
  readonly typeUrl: TypeUrl
  readonly name: string
  /** Undefined when the resource went away. */
  readonly version: string | undefined
}

/** How much is remembered. */
export interface HistoryLimits {
  readonly revisionsPerGroup: number
  readonly changesPerRevision: number
  readonly causesPerRevision: number
  readonly proxiesPerRevision: number
}

/** The limits in use unless told otherwise. */
export const DEFAULT_HISTORY_LIMITS: HistoryLimits = {
  revisionsPerGroup: 500,
  changesPerRevision: 20,
  causesPerRevision: 20,
  proxiesPerRevision: 50,
}

interface MutableRecord extends RevisionRecord {
  readonly acknowledged: Acknowledgement[]
}

/** Remembers from its construction until `stop`. */
export class RevisionHistory {
  readonly #groups = new Map<string, MutableRecord[]>()
  readonly #reached = new WeakMap<object, number>()
  readonly #limits: HistoryLimits
  readonly #now: () => Date
  readonly #stops: readonly (() => void)[]

  /** @param now the time of day */
  constructor(cache: SnapshotCache, tracker: DeliveryTracker, now: () => Date, limits: HistoryLimits = DEFAULT_HISTORY_LIMITS) {
    this.#limits = limits
    this.#now = now
    this.#stops = [
      cache.onApplied((group, changes, revision, trace) => this.#applied(group, changes, revision, trace)),
      cache.onForgotten((group) => this.#groups.delete(group)),
      tracker.onReached((proxy, revision, sentAt) => this.#proxyReached(proxy, revision, sentAt)),
    ]
  }

  /** The revisions of a group, newest first. */
  list(group: string): readonly RevisionRecord[] {
    return (this.#groups.get(group) ?? []).toReversed()
  }

  /** Remembers nothing more. */
  stop(): void {
    for (const stop of this.#stops) stop()
  }

  #applied(group: string, changes: readonly AppliedChange[], revision: number, trace: ChangeTrace | undefined): void {
    const records = this.#groups.get(group) ?? []
    this.#groups.set(group, records)
    const { changesPerRevision, revisionsPerGroup } = this.#limits
    records.push({
      group,
      revision,
      at: this.#now().toISOString(),
      trace: trace?.id,
      stages: trace && { queueMs: trace.translationAt - trace.receivedAt, translateMs: trace.readyAt - trace.translationAt },
      changes: changes.slice(0, changesPerRevision).map(({ typeUrl, name, current }) => ({ typeUrl, name, version: current?.version })),
      totalChanges: changes.length,
      causes: this.#causesOf(changes),
      acknowledged: [],
    })
    if (records.length > revisionsPerGroup) records.shift()
  }

  #causesOf(changes: readonly AppliedChange[]): readonly ObjectVersion[] {
    const causes = new Map<string, ObjectVersion>()
    for (const { previous, current } of changes) {
      const objects = current === undefined ? (previous?.origins ?? []) : suspectsOf(current.origins, previous?.origins)
      for (const object of objects) {
        if (causes.size >= this.#limits.causesPerRevision) return [...causes.values()]
        causes.set(`${object.group} ${object.kind} ${object.namespace} ${object.name}`, object)
      }
    }
    return [...causes.values()]
  }

  #proxyReached(proxy: ProxyIdentity, revision: number, sentAt: number | undefined): void {
    const { group, node } = proxy
    const before = this.#reached.get(proxy) ?? 0
    if (revision <= before) return
    this.#reached.set(proxy, revision)
    const at = this.#now().toISOString()
    // From the newest back, without a copy of all: a thousand proxies come further with each change.
    const records = this.#groups.get(group) ?? []
    for (let index = records.length - 1; index >= 0; index--) {
      const record = records[index]
      if (record === undefined || record.revision <= before) return
      if (record.revision <= revision && record.acknowledged.length < this.#limits.proxiesPerRevision)
        record.acknowledged.push({ proxy: node, at, sentAt: sentAt === undefined ? undefined : new Date(sentAt).toISOString() })
    }
  }
}
