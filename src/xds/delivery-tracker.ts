/** Keeps for every connected proxy and type what was sent, accepted and rejected, and says how far each group is. */
import type { DeliveryEvent, DeliveryListener, ProxyDelivery, TypeDelivery } from './delivery.js'
import type { RejectedVersion } from './rejected-versions.js'
import type { TypeUrl } from './resource.js'

/** What is known of a proxy when its stream opens. */
export interface ProxyIdentity {
  readonly stream: number
  readonly node: string
  readonly userAgent: string
  readonly group: string
  readonly subject: string
  readonly peer: string
  readonly protocol: 'delta' | 'sotw'
}

/** Is told that a proxy runs everything up to a revision, and when the last response was handed to its socket. */
export type ReachedListener = (proxy: ProxyIdentity, revision: number, sentAt: number | undefined) => void

interface TypeState {
  sentRevision: number
  sentAt: number | undefined
  acknowledgedRevision: number
  acknowledgedAt: number | undefined
  /** When the responses without an answer were sent, oldest first, by nonce: the oldest of all, and the newest of the others. */
  readonly pending: Map<string, number>
  lastRejection: TypeDelivery['lastRejection']
}

interface Proxy {
  readonly identity: ProxyIdentity
  readonly connectedAt: number
  acknowledgedRevision: number
  readonly types: Map<TypeUrl, TypeState>
}

/** How many responses without an answer are remembered of a proxy and type. */
const MAX_PENDING = 1_000

/** The delivery facts of this process. Times are milliseconds since the epoch, given by the caller. */
export class DeliveryTracker {
  readonly #groups = new Map<string, Map<number, Proxy>>()
  readonly #reported = new Map<string, { revision: number; proxies: number }>()
  readonly #listeners = new Set<DeliveryListener>()
  readonly #reachedListeners = new Set<ReachedListener>()

  /** Calls the listener for every event until the returned function is called. */
  onDelivery(listener: DeliveryListener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Calls the listener whenever a proxy has come further, until the returned function is called. */
  onReached(listener: ReachedListener): () => void {
    this.#reachedListeners.add(listener)
    return () => {
      this.#reachedListeners.delete(listener)
    }
  }

  /** A proxy opened a stream and said what it wants. */
  connected(identity: ProxyIdentity, now: number): void {
    const proxies = this.#groups.get(identity.group) ?? new Map<number, Proxy>()
    this.#groups.set(identity.group, proxies)
    proxies.set(identity.stream, { identity, connectedAt: now, acknowledgedRevision: 0, types: new Map() })
    this.#progress(identity.group)
  }

  /** Its stream ended. */
  disconnected({ group, stream }: ProxyIdentity): void {
    const proxies = this.#groups.get(group)
    if (proxies?.delete(stream) !== true) return
    this.#progress(group)
    if (proxies.size > 0) return
    this.#groups.delete(group)
    this.#reported.delete(group)
  }

  /** A response was handed to the socket. */
  sent(proxy: ProxyIdentity, typeUrl: TypeUrl, nonce: string, revision: number, now: number): void {
    const state = this.#type(proxy, typeUrl)
    if (state === undefined) return
    state.sentRevision = revision
    state.sentAt = now
    state.pending.set(nonce, now)
    if (state.pending.size <= MAX_PENDING) return
    const [, second] = state.pending.keys()
    if (second !== undefined) state.pending.delete(second)
  }

  /** A response was accepted. */
  acknowledged(proxy: ProxyIdentity, typeUrl: TypeUrl, nonce: string, revision: number, now: number): void {
    const state = this.#type(proxy, typeUrl)
    if (state === undefined) return
    answered(state, nonce)
    state.acknowledgedRevision = Math.max(state.acknowledgedRevision, revision)
    state.acknowledgedAt = now
  }

  /** A response was rejected; `names` are the resources to blame as far as they are known. */
  rejected(proxy: ProxyIdentity, typeUrl: TypeUrl, nonce: string, message: string, names: readonly string[], now: number): void {
    const state = this.#type(proxy, typeUrl)
    if (state === undefined) return
    answered(state, nonce)
    state.lastRejection = { message, at: new Date(now).toISOString(), names }
  }

  /** A version was rejected by a proxy of the group, for the first time anywhere. */
  reportRejection(proxy: ProxyIdentity, rejected: RejectedVersion): void {
    this.#emit({ kind: 'rejection', group: proxy.group, proxy: proxy.node, rejected })
  }

  /** The proxy runs everything up to this revision. */
  reached({ group, stream }: ProxyIdentity, revision: number): void {
    const proxy = this.#groups.get(group)?.get(stream)
    if (proxy === undefined || proxy.acknowledgedRevision === revision) return
    const lowest = Math.min(proxy.acknowledgedRevision, revision)
    proxy.acknowledgedRevision = revision
    const sentAt = lastSent(proxy)
    for (const listener of this.#reachedListeners) listener(proxy.identity, revision, sentAt)
    // A proxy that was ahead of the slowest one does not move the group.
    if (lowest <= (this.#reported.get(group)?.revision ?? 0)) this.#progress(group)
  }

  /** The newest revision that every connected proxy of the group runs; 0 without any. */
  acknowledgedRevision(group: string): number {
    let lowest: number | undefined
    for (const { acknowledgedRevision } of this.#groups.get(group)?.values() ?? []) {
      if (lowest === undefined || acknowledgedRevision < lowest) lowest = acknowledgedRevision
    }
    return lowest ?? 0
  }

  /** How many proxies of the group are connected. */
  connectedProxies(group: string): number {
    return this.#groups.get(group)?.size ?? 0
  }

  /** All connected proxies, for people: the admin API and gatewayctl. */
  proxies(now: number): readonly ProxyDelivery[] {
    return [...this.#groups.values()].flatMap((proxies) => [...proxies.values()].map((proxy) => describe(proxy, now)))
  }

  #type({ group, stream }: ProxyIdentity, typeUrl: TypeUrl): TypeState | undefined {
    const proxy = this.#groups.get(group)?.get(stream)
    if (proxy === undefined) return undefined
    let state = proxy.types.get(typeUrl)
    if (state === undefined) {
      state = {
        sentRevision: 0,
        sentAt: undefined,
        acknowledgedRevision: 0,
        acknowledgedAt: undefined,
        pending: new Map(),
        lastRejection: undefined,
      }
      proxy.types.set(typeUrl, state)
    }
    return state
  }

  #progress(group: string): void {
    const revision = this.acknowledgedRevision(group)
    const proxies = this.connectedProxies(group)
    const reported = this.#reported.get(group)
    if (reported?.revision === revision && reported.proxies === proxies) return
    this.#reported.set(group, { revision, proxies })
    this.#emit({ kind: 'progress', group, acknowledgedRevision: revision, connectedProxies: proxies })
  }

  #emit(event: DeliveryEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}

/** When the last response was handed to the socket of a proxy. */
function lastSent({ types }: Proxy): number | undefined {
  let last: number | undefined
  for (const { sentAt } of types.values()) if (sentAt !== undefined && sentAt > (last ?? 0)) last = sentAt
  return last
}

/** Answers come in order: an answer settles what was sent before as well. */
function answered(state: TypeState, nonce: string): void {
  if (!state.pending.has(nonce)) return
  for (const earlier of state.pending.keys()) {
    state.pending.delete(earlier)
    if (earlier === nonce) return
  }
}

function describe({ identity, connectedAt, acknowledgedRevision, types }: Proxy, now: number): ProxyDelivery {
  return {
    ...identity,
    connectedAt: new Date(connectedAt).toISOString(),
    acknowledgedRevision,
    types: [...types].map(([typeUrl, state]) => ({
      typeUrl,
      sentRevision: state.sentRevision,
      sentAt: timestamp(state.sentAt),
      acknowledgedRevision: state.acknowledgedRevision,
      acknowledgedAt: timestamp(state.acknowledgedAt),
      pendingMs: age(state.pending.values().next().value, now),
      lastRejection: state.lastRejection,
    })),
  }
}

const timestamp = (time: number | undefined): string | undefined => (time === undefined ? undefined : new Date(time).toISOString())

const age = (since: number | undefined, now: number): number | undefined => (since === undefined ? undefined : now - since)
