/**
 * Knows how far each object's configuration has come: from "this generation is part of revision 7 of that group" and "every proxy
 * of that group has acknowledged revision 7" it concludes "delivered".
 */
import type { Delivery } from '../gatewayapi/inputs.js'

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

/** Keeps one entry per object that has configuration. Objects are named by `<Kind>/<namespace>/<name>`. */
export class DeliveryLedger {
  readonly #entries = new Map<string, Entry>()
  /** Objects that wait for a group. */
  readonly #waiting = new Map<string, Set<string>>()
  readonly #progress = new Map<string, GroupProgress>()

  /**
   * Notes that an object at a generation is part of these revisions. Without any group it has no configuration, which nobody needs
   * to acknowledge, and `noProxy` is the answer.
   */
  note(object: string, generation: number, needs: ReadonlyMap<string, number>): void {
    const acknowledgedGeneration = this.#entries.get(object)?.acknowledgedGeneration ?? 0
    this.forget(object)
    this.#entries.set(object, { generation, needs, acknowledgedGeneration, rejection: undefined })
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
    const before = this.#progress.get(group)
    this.#progress.set(group, progress)
    if (before?.acknowledgedRevision === progress.acknowledgedRevision && before.connectedProxies > 0 === progress.connectedProxies > 0)
      return []
    return [...(this.#waiting.get(group) ?? [])]
  }

  /** How far an object has come; undefined for one that was never noted. What was delivered stays so when proxies come and go. */
  delivery(object: string): Delivery | undefined {
    const entry = this.#entries.get(object)
    if (entry === undefined) return undefined
    if (entry.rejection !== undefined)
      return { acknowledgedGeneration: entry.acknowledgedGeneration, state: 'rejected', message: entry.rejection }
    if (entry.acknowledgedGeneration >= entry.generation)
      return { acknowledgedGeneration: entry.acknowledgedGeneration, state: 'delivered' }
    const groups = [...entry.needs].map(([group, revision]) => ({ revision, progress: this.#progress.get(group) }))
    const connected = groups.length > 0 && groups.every(({ progress }) => (progress?.connectedProxies ?? 0) > 0)
    if (!connected) return { acknowledgedGeneration: entry.acknowledgedGeneration, state: 'noProxy' }
    if (groups.some(({ revision, progress }) => (progress?.acknowledgedRevision ?? 0) < revision)) {
      return { acknowledgedGeneration: entry.acknowledgedGeneration, state: 'pending' }
    }
    entry.acknowledgedGeneration = entry.generation
    this.#stopWaiting(object, entry)
    return { acknowledgedGeneration: entry.generation, state: 'delivered' }
  }

  #stopWaiting(object: string, entry: Entry): void {
    for (const group of entry.needs.keys()) this.#waiting.get(group)?.delete(object)
  }
}
