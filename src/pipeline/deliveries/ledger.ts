/**
 * Knows how far each object's configuration has come: from "this generation is part of revision 7 of that group" and "every proxy
 * of that group has acknowledged revision 7" it concludes "delivered".
 */
import type { Delivery } from '../../gatewayapi/inputs.js'
import { deepEqual } from '../../util/deep-equal.js'
import { combineStates, type GroupState, type ObjectStates } from './group-states.js'

/** How far a group of proxies is. */
export interface GroupProgress {
  /** The highest revision that every connected proxy has acknowledged, with everything before it. */
  readonly acknowledgedRevision: number
  readonly connectedProxies: number
}

interface Entry {
  generation: number
  /** The revision of each group that must be acknowledged. */
  needs: ReadonlyMap<string, number>
  acknowledgedGeneration: number
  /** Envoy's words about the present generation. */
  rejection: string | undefined
}

const NO_PROXY: GroupProgress = { acknowledgedRevision: 0, connectedProxies: 0 }

/** Keeps one entry per object that has configuration. Objects are named by `<Kind>/<namespace>/<name>`. */
export class DeliveryLedger {
  readonly #entries = new Map<string, Entry>()
  /** Objects that wait for a group. */
  readonly #waiting = new Map<string, Set<string>>()
  readonly #progress = new Map<string, GroupProgress>()
  /** Thousands of objects need the same: one map for those that are noted one after the other. */
  #lastNeeds: ReadonlyMap<string, number> = new Map()

  /**
   * Notes that an object at a generation is part of these revisions. Without any group it has no configuration, which nobody needs
   * to acknowledge, and `noProxy` is the answer.
   */
  note(object: string, generation: number, needs: ReadonlyMap<string, number>): void {
    const acknowledgedGeneration = this.#entries.get(object)?.acknowledgedGeneration ?? 0
    this.forget(object)
    if (!deepEqual(needs, this.#lastNeeds)) this.#lastNeeds = needs
    this.#entries.set(object, { generation, needs: this.#lastNeeds, acknowledgedGeneration, rejection: undefined })
    for (const group of needs.keys()) {
      const waiting = this.#waiting.get(group)
      if (waiting === undefined) this.#waiting.set(group, new Set([object]))
      else waiting.add(object)
    }
  }

  /** Notes that the present generation was rejected: it is not delivered until it is noted again. */
  reject(object: string, message: string): void {
    const entry = this.#entries.get(object)
    if (entry !== undefined) entry.rejection = message
  }

  /** The highest generation that was delivered; undefined for an object that was never noted. */
  acknowledgedGeneration(object: string): number | undefined {
    return this.#entries.get(object)?.acknowledgedGeneration
  }

  /** Forgets an object that is gone. */
  forget(object: string): void {
    const entry = this.#entries.get(object)
    if (entry !== undefined) this.#stopWaiting(object, entry)
    this.#entries.delete(object)
  }

  /** Notes how far a group is and returns the objects whose delivery may have changed. */
  progress(group: string, progress: GroupProgress): readonly string[] {
    const before = this.#progress.get(group) ?? NO_PROXY
    // Groups come and go.
    if (progress.connectedProxies === 0) this.#progress.delete(group)
    else this.#progress.set(group, progress)
    if (before.acknowledgedRevision === progress.acknowledgedRevision && before.connectedProxies > 0 === progress.connectedProxies > 0)
      return []
    return [...(this.#waiting.get(group) ?? [])]
  }

  /** The groups that have a proxy. */
  connectedGroups(): readonly string[] {
    return [...this.#progress].flatMap(([group, { connectedProxies }]) => (connectedProxies > 0 ? [group] : []))
  }

  /** True if no proxy of the group is behind this revision; a group without proxies has none that is. */
  isAcknowledged(group: string, revision: number): boolean {
    return this.#stateOf(group, revision) !== 'pending'
  }

  /**
   * Where the proxies of this replica are with an object; undefined for one that was never noted. A proxy that joins after it was delivered
   * sets nothing back: nobody is told again when that one has caught up.
   */
  states(object: string): ObjectStates | undefined {
    const entry = this.#entries.get(object)
    if (entry === undefined) return undefined
    const isDelivered = entry.acknowledgedGeneration >= entry.generation
    const groups = [...entry.needs].map(([group, revision]) => {
      const state = this.#stateOf(group, revision)
      return [group, isDelivered && state === 'pending' ? 'acknowledged' : state] as const
    })
    return { generation: entry.generation, groups: new Map(groups) }
  }

  /**
   * How far an object has come; undefined for one that was never noted. What was delivered stays so when proxies come and go.
   *
   * @param others what other replicas say of the object
   */
  delivery(object: string, others: Iterable<ObjectStates> = []): Delivery | undefined {
    const entry = this.#entries.get(object)
    const own = this.states(object)
    if (entry === undefined || own === undefined) return undefined
    const { acknowledgedGeneration, rejection } = entry
    if (rejection !== undefined) return { acknowledgedGeneration, state: 'rejected', message: rejection }
    const state = acknowledgedGeneration >= entry.generation ? 'delivered' : combineStates(own, others)
    if (state !== 'delivered') return { acknowledgedGeneration, state }
    entry.acknowledgedGeneration = entry.generation
    this.#stopWaiting(object, entry)
    return { acknowledgedGeneration: entry.generation, state }
  }

  /** The names of all objects that are followed. */
  objects(): Iterable<string> {
    return this.#entries.keys()
  }

  #stateOf(group: string, revision: number): GroupState {
    const progress = this.#progress.get(group)
    if (progress === undefined || progress.connectedProxies === 0) return 'noProxy'
    return progress.acknowledgedRevision < revision ? 'pending' : 'acknowledged'
  }

  #stopWaiting(object: string, entry: Entry): void {
    for (const group of entry.needs.keys()) {
      const waiting = this.#waiting.get(group)
      waiting?.delete(object)
      if (waiting?.size === 0) this.#waiting.delete(group)
    }
  }
}
