/**
 * Resources that a client has accepted but may not be using yet: it first needs what they refer to.
 *
 * A cluster waits for its load assignment and its secrets, a listener for its routes, secrets and filter configurations. A route to
 * a cluster that is still warming answers 503, so routes wait for this, for a bounded time.
 */
import { type EncodedResource, type ResourceReference, TYPE_URL } from '../resource.js'
import type { Bounds } from './bounds.js'
import { SUBSCRIBED_BY_NAME } from './push-order.js'
import { warmsSilently } from './silent-warming.js'

interface Entry {
  readonly reference: ResourceReference
  readonly needs: readonly ResourceReference[]
  readonly since: number
  /** A new cluster that warms by means that the server cannot see. */
  readonly silent: boolean
  /** Undefined until the client acknowledged the resource. */
  acknowledgedAt: number | undefined
  /** From then on nobody waits for it. */
  deadline: number
  rejected: boolean
}

/** The warming resources of one stream. */
export class Warming {
  readonly #entries = new Map<string, Entry>()
  readonly #bounds: Bounds
  readonly #silentClusters: WeakMap<EncodedResource, boolean>

  /** @param silentClusters remembers for all streams which clusters warm unseen */
  constructor(bounds: Bounds, silentClusters: WeakMap<EncodedResource, boolean>) {
    this.#bounds = bounds
    this.#silentClusters = silentClusters
  }

  /** A cluster or listener was sent at this revision. */
  sent(resource: EncodedResource, isNew: boolean, revision: number, now: number): void {
    const silent = isNew && resource.typeUrl === TYPE_URL.cluster && this.#warmsSilently(resource)
    this.#entries.set(referenceKey(resource), {
      reference: { typeUrl: resource.typeUrl, name: resource.name },
      needs: resource.references.filter(({ typeUrl }) => SUBSCRIBED_BY_NAME.has(typeUrl)),
      since: revision,
      silent,
      acknowledgedAt: undefined,
      rejected: false,
      deadline: now + this.#bounds.silenceMs + this.#bounds.warmMs,
    })
  }

  /** The client took it over (or will never say): from now on only what it needs is waited for. */
  acknowledged(reference: ResourceReference, now: number): void {
    const entry = this.#entries.get(referenceKey(reference))
    if (entry === undefined || entry.acknowledgedAt !== undefined || entry.rejected) return
    entry.acknowledgedAt = now
    entry.deadline = now + (entry.silent ? this.#bounds.silentWarmMs : this.#bounds.warmMs)
  }

  /** The client rejected it. Without an older version, whatever needs it waits a moment for a translation that does not. */
  rejected(reference: ResourceReference, isNew: boolean, now: number): void {
    const entry = this.#entries.get(referenceKey(reference))
    if (entry === undefined) return
    if (!isNew) this.#entries.delete(referenceKey(reference))
    entry.rejected = true
    entry.deadline = now + this.#bounds.quarantineMs
  }

  /** It is no longer wanted. */
  gone(reference: ResourceReference): void {
    this.#entries.delete(referenceKey(reference))
  }

  /** True if this resource is still warming. */
  has(reference: ResourceReference): boolean {
    return this.#entries.size > 0 && this.#entries.has(referenceKey(reference))
  }

  /** Ends the warming of what has all it needs, or has waited long enough. Returns true if that was something. */
  settle(now: number, isDelivered: (need: ResourceReference) => boolean): boolean {
    const before = this.#entries.size
    for (const [key, { acknowledgedAt, silent, needs, deadline }] of this.#entries) {
      const complete = acknowledgedAt !== undefined && !silent && needs.every(isDelivered)
      if (complete || now >= deadline) this.#entries.delete(key)
    }
    return this.#entries.size < before
  }

  /** When the next wait ends, or undefined when nothing warms. */
  deadline(): number | undefined {
    let first: number | undefined
    for (const { deadline } of this.#entries.values()) if (first === undefined || deadline < first) first = deadline
    return first
  }

  /** The oldest revision with something that is still warming; what was rejected does not count. */
  oldest(): number | undefined {
    let oldest: number | undefined
    for (const { since, rejected } of this.#entries.values()) if (!rejected && (oldest === undefined || since < oldest)) oldest = since
    return oldest
  }

  #warmsSilently(cluster: EncodedResource): boolean {
    let silent = this.#silentClusters.get(cluster)
    if (silent === undefined) {
      silent = warmsSilently(cluster.value)
      this.#silentClusters.set(cluster, silent)
    }
    return silent
  }
}

function referenceKey({ typeUrl, name }: ResourceReference): string {
  return `${typeUrl} ${name}`
}
