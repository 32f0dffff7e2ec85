/**
 * One stream without its socket: takes requests and changes, says what to send next.
 *
 * Make before break, by reference: a resource waits until the clusters that it names are accepted and warm, a removal until nothing
 * that the client runs names it. So a change that needs one phase is sent at once, one that needs three gets them, and changes
 * gather while a response is on its way. Each wait ends by an answer or by a bound; the caller asks `deadline` and calls `expire`.
 */

import type { Fleet, RejectedVersions } from '../rejected-versions.js'
import { type EncodedResource, type ResourceReference, TYPE_URL, type TypeUrl } from '../resource.js'
import type { AppliedChange } from '../revision-draft.js'
import type { SnapshotCache } from '../snapshot-cache.js'
import { blame } from './blame.js'
import type { Bounds } from './bounds.js'
import type { Bridges } from './extension-order.js'
import type { Flight } from './flights.js'
import type { Held } from './held.js'
import { inUse } from './in-use.js'
import { PoisonedScopes } from './poisoned-scopes.js'
import { Prerequisites } from './prerequisites.js'
import { collect, type Push } from './push.js'
import { FULL_STATE, isServed, mayComeBeforeComplete, PUSH_ORDER, RESENT_ON_RECONNECT, SENT_BEFORE_COMPLETE } from './push-order.js'
import { type RejectionMessage, readRejection } from './rejection-message.js'
import type { Rejection } from './request-fields.js'
import type { DeltaRequest, DiscoveryRequest, Protocol, SotwRequest } from './requests.js'
import { Subscription } from './subscription.js'
import { UnseenChanges } from './unseen-changes.js'
import { WILDCARD } from './wanted-names.js'
import { Warming } from './warming.js'

/** A response to be written: the caller encodes it for its protocol. */
export interface Outgoing {
  readonly typeUrl: TypeUrl
  readonly nonce: string
  /** The revision of the group that the response was made from. */
  readonly revision: number
  readonly resources: readonly EncodedResource[]
  /** Delta only; a state-of-the-world response leaves them out. */
  readonly removed: readonly string[]
}

/** A resource that a client rejected, and what it goes on with instead. */
export interface Culprit {
  readonly resource: EncodedResource
  /** Undefined when it has none. */
  readonly previous: Held | undefined
}

/** What happened to a response, for the delivery tracker. */
export interface SessionEvents {
  acknowledged(typeUrl: TypeUrl, flight: Flight): void
  rejected(typeUrl: TypeUrl, flight: Flight, message: RejectionMessage, culprits: readonly Culprit[]): void
}

/** What a session works with. */
export interface SessionOptions {
  readonly protocol: Protocol
  readonly group: string
  /** Who rejects what this client rejects; undefined where it does not say which image it is. */
  readonly fleet?: Fleet
  readonly cache: SnapshotCache
  readonly rejected: RejectedVersions
  readonly bounds: Bounds
  readonly silentClusters: WeakMap<EncodedResource, boolean>
  readonly bridges: Bridges
  readonly events: SessionEvents
}

/** The state of one stream. Synchronous and free of sockets, timers and clocks. */
export class Session {
  readonly #options: SessionOptions
  readonly #subscriptions = new Map<TypeUrl, Subscription>()
  readonly #warming: Warming
  readonly #prerequisites: Prerequisites
  readonly #unseen = new UnseenChanges()
  /** State of the world: the nonce of the newest response of a type. */
  readonly #lastNonce = new Map<TypeUrl, string>()
  readonly #poisoned = new PoisonedScopes()
  /** True once the client brought versions along from an earlier stream. */
  #hadResources = false
  #responses = 0
  /** The number of the latest response that was answered. */
  #lastAnswered = 0

  constructor(options: SessionOptions) {
    this.#options = options
    const { group, cache, bounds, silentClusters } = options
    this.#warming = new Warming(bounds, silentClusters)
    this.#prerequisites = new Prerequisites({ group, cache, bounds, subscriptions: this.#subscriptions, warming: this.#warming })
  }

  /** Takes a request over. Returns false for a type that we do not serve: such a request gets no answer (A1.1 rule 6). */
  request(request: DiscoveryRequest, now: number): boolean {
    this.catchUp()
    if (!isServed(request.typeUrl)) return false
    const existing = this.#subscriptions.get(request.typeUrl)
    const subscription = existing ?? new Subscription(request.typeUrl)
    this.#subscriptions.set(request.typeUrl, subscription)
    if (request.nonce !== '') this.#answer(subscription, request.nonce, request.rejection, now)
    if (request.protocol === 'delta') this.#requestDelta(subscription, request, existing === undefined, now)
    else if (this.#isCurrent(request.typeUrl, request.nonce)) this.#requestSotw(subscription, request, existing === undefined)
    this.#warming.settle(now, this.#isDelivered)
    return true
  }

  #requestDelta(subscription: Subscription, request: DeltaRequest, isFirst: boolean, now: number): void {
    const { subscribe, unsubscribe, initialVersions } = request
    const { typeUrl } = subscription
    const { cache, group } = this.#options
    const bringsVersions = initialVersions.size > 0
    if (bringsVersions) this.#hadResources = true
    const legacyWildcard = isFirst && subscribe.length === 0 && unsubscribe.length === 0
    const names = legacyWildcard ? [WILDCARD] : subscribe
    subscription.subscribe(names, isFirst ? initialVersions : NOTHING, cache.resources(group, typeUrl), cache.revision(group))
    subscription.unsubscribe(unsubscribe)
    if (!isFirst) return
    // What this client rejected on an earlier stream nobody knows here: it may have noted scopes without using them.
    if (bringsVersions) this.#poisoned.add(typeUrl, subscription.pending, now)
    if (RESENT_ON_RECONNECT.has(typeUrl)) for (const name of subscription.names()) subscription.resend(name)
  }

  #requestSotw(subscription: Subscription, { names }: SotwRequest, isFirst: boolean): void {
    const { typeUrl } = subscription
    const { cache, group } = this.#options
    const legacyWildcard = names.length === 0 && (isFirst || (subscription.isWildcard && subscription.size === 0))
    const added = subscription.replace(legacyWildcard ? [WILDCARD] : names, cache.resources(group, typeUrl), cache.revision(group))
    // A full state is sent even when it is empty; of the other types what does not exist is just absent (A1.2).
    subscription.owesAnswer = FULL_STATE.has(typeUrl) && (added || subscription.owesAnswer)
  }

  /** Nothing is out of date before the first response: a nonce then comes from an earlier stream, and Istio's client makes one up. */
  #isCurrent(typeUrl: TypeUrl, nonce: string): boolean {
    const last = this.#lastNonce.get(typeUrl)
    return nonce === '' || last === undefined || nonce === last
  }

  /** Notes changes of the cache. */
  changed(changes: readonly AppliedChange[], revision: number): void {
    this.#unseen.add(changes, revision, !this.#options.cache.isComplete)
  }

  /** Looks at changes that were noted, in pieces if there are many. False if there are more: whatever else is asked of the session looks at these first. */
  catchUp(most: number = Number.POSITIVE_INFINITY): boolean {
    this.#unseen.look(most, ({ typeUrl, name, previous, current }, revision, isInitial) => {
      this.#subscriptions.get(typeUrl)?.changed(name, previous, revision, isInitial)
      if (current === undefined) this.#warming.gone({ typeUrl, name })
    })
    return this.#unseen.isEmpty
  }

  /** Versions that were rejected no longer count as that. Returns true if some may be sent to this client now. */
  retry(versions: readonly ResourceReference[]): boolean {
    this.catchUp()
    return versions.filter(({ typeUrl, name }) => this.#subscriptions.get(typeUrl)?.unpark(name)).length > 0
  }

  /** The next response, or undefined when there is nothing to send now. The caller writes it before it asks again. */
  next(now: number): Outgoing | undefined {
    this.catchUp()
    if (!this.#options.cache.isComplete && !this.#mayBegin) return undefined
    const outgoing = this.#nextNow(now)
    if (outgoing !== undefined) return outgoing
    // Changes that turned out to be none may have been all that something waited for.
    return this.#warming.settle(now, this.#isDelivered) ? this.#nextNow(now) : undefined
  }

  /** A client that has nothing takes what is known of a cache that is not complete; one that has something could lose some of it. */
  get #mayBegin(): boolean {
    return this.#options.protocol === 'delta' && !this.#hadResources
  }

  #nextNow(now: number): Outgoing | undefined {
    const { cache, group, rejected, bounds, fleet } = this.#options
    for (const typeUrl of cache.isComplete ? PUSH_ORDER : SENT_BEFORE_COMPLETE) {
      const subscription = this.#subscriptions.get(typeUrl)
      if (subscription === undefined) continue
      const push = collect(subscription, {
        catalog: cache.resources(group, typeUrl),
        isRejected: (resource) => rejected.has(resource, fleet),
        parked: (resource) => this.#parked(resource, now),
        mustWait: (resource) => (!cache.isComplete && !mayComeBeforeComplete(resource)) || this.#prerequisites.areMissing(resource, now),
        isInUse: inUse(typeUrl, { cache, group, subscriptions: this.#subscriptions }),
        saysRemovals: this.#options.protocol === 'delta' || FULL_STATE.has(typeUrl),
        onlyAdds: !cache.isComplete,
        needsAll: this.#options.protocol === 'sotw' && FULL_STATE.has(typeUrl) && !this.#lastNonce.has(typeUrl),
        parkUntil: now + bounds.rejectedMs,
        bounds: this.#options.protocol === 'sotw' && FULL_STATE.has(typeUrl) ? { ...bounds, ...UNBOUNDED } : bounds,
      })
      if (push !== undefined) return this.#send(subscription, push, now)
    }
    return undefined
  }

  /** Ends the waits whose bound has passed. */
  expire(now: number): void {
    this.catchUp()
    for (const subscription of this.#subscriptions.values()) {
      for (const flight of subscription.liveFlights()) {
        if (now < this.#endOfWait(flight)) continue
        flight.overdue = true
        for (const name of flight.items.keys()) this.#warming.acknowledged({ typeUrl: subscription.typeUrl, name }, now)
      }
    }
    this.#warming.settle(now, this.#isDelivered)
  }

  /** When nobody waits for the answer to a response any more. Answers come in the order of responses, as long as a client gives any. */
  #endOfWait({ nonce, sentAt }: Flight): number {
    const { answerMs, silenceMs } = this.#options.bounds
    return sentAt + (Number(nonce) < this.#lastAnswered ? answerMs : silenceMs)
  }

  /** When `expire` has to be called, or undefined when nothing is waited for. */
  deadline(now: number): number | undefined {
    this.catchUp()
    let first = this.#warming.deadline()
    const missing = this.#prerequisites.deadline(now)
    if (missing !== undefined && (first === undefined || missing < first)) first = missing
    for (const subscription of this.#subscriptions.values()) {
      const parked = subscription.parkedUntil(now)
      if (parked !== undefined && (first === undefined || parked < first)) first = parked
      for (const flight of subscription.liveFlights()) {
        const ends = this.#endOfWait(flight)
        if (first === undefined || ends < first) first = ends
      }
    }
    return first
  }

  /**
   * The newest revision that the client runs completely. A rejected version counts against it while the translation may still replace it,
   * which ends after a bound: then the revision is acknowledged except for what was rejected. 0 until it subscribed to listeners: what does
   * not listen is no proxy yet.
   */
  acknowledgedRevision(now: number): number {
    this.catchUp()
    const listeners = this.#subscriptions.get(TYPE_URL.listener)
    if (listeners === undefined || listeners.owesAnswer) return 0
    let oldest = this.#warming.oldest() ?? Number.POSITIVE_INFINITY
    for (const subscription of this.#subscriptions.values()) {
      oldest = Math.min(oldest, subscription.oldestUnacknowledged(now) ?? Number.POSITIVE_INFINITY)
    }
    return Math.min(oldest - 1, this.#options.cache.revision(this.#options.group))
  }

  /** True when nothing is to be sent, and no answer is waited for. */
  get isIdle(): boolean {
    this.catchUp()
    for (const { pending, owesAnswer, isInFlight } of this.#subscriptions.values())
      if (pending.size > 0 || owesAnswer || isInFlight) return false
    return true
  }

  /** How many names the client asked for, over all types. */
  subscribedNames(): number {
    let total = 0
    for (const { size } of this.#subscriptions.values()) total += size
    return total
  }

  /** Every resource that the client shall have after a response: what a state-of-the-world response of a full type holds. */
  effective(typeUrl: TypeUrl): readonly EncodedResource[] {
    this.catchUp()
    const subscription = this.#subscriptions.get(typeUrl)
    if (subscription === undefined) return []
    const catalog = this.#options.cache.resources(this.#options.group, typeUrl)
    const names = new Set(catalog.keys())
    for (const name of subscription.divergent()) names.add(name)
    return [...names].flatMap((name) => {
      const held = subscription.held(name, catalog)
      return held?.value === undefined ? [] : [held]
    })
  }

  #send(subscription: Subscription, push: Push, now: number): Outgoing {
    const { cache, group } = this.#options
    const { typeUrl } = subscription
    const revision = cache.revision(group)
    const catalog = cache.resources(group, typeUrl)
    this.#responses += 1
    const nonce = String(this.#responses)
    const upserts = push.upserts.map((resource) => this.#bridge(subscription, resource) ?? resource)
    const isNew = new Set(upserts.filter(({ name }) => subscription.held(name, catalog) === undefined).map(({ name }) => name))
    const items: [string, EncodedResource | undefined][] = upserts.map((resource) => [resource.name, resource])
    for (const name of push.removals) items.push([name, undefined])
    subscription.sent(nonce, now, items, catalog, revision)
    // What is there for a while only is followed by what shall be there.
    for (const [at, resource] of upserts.entries()) if (resource !== push.upserts[at]) subscription.pending.add(resource.name)
    this.#lastNonce.set(typeUrl, nonce)
    if (WARMS.has(typeUrl)) {
      for (const resource of upserts) this.#sentUser(resource, isNew.has(resource.name), revision, now)
    }
    const resources = upserts.map((resource) => this.#poisoned.cure(resource))
    return { typeUrl, nonce, revision, resources, removed: push.removals }
  }

  /** What goes before the next version of a filter's configuration while routes are on their way that may name parts of either. */
  #bridge(subscription: Subscription, resource: EncodedResource): EncodedResource | undefined {
    if (resource.typeUrl !== TYPE_URL.extensionConfig || !this.#prerequisites.routesArePending()) return undefined
    const { cache, group, bridges, rejected, fleet } = this.#options
    const bridge = bridges.between(subscription.held(resource.name, cache.resources(group, resource.typeUrl)), resource)
    return bridge === undefined || rejected.has(bridge, fleet) ? undefined : bridge
  }

  /** A cluster or listener was sent: what it refers to and the client has already is sent again, for it may have dropped it. */
  #sentUser(resource: EncodedResource, isNew: boolean, revision: number, now: number): void {
    this.#warming.sent(resource, isNew, revision, now)
    for (const { typeUrl, name } of resource.references) {
      if (!RESENT_ON_RECONNECT.has(typeUrl)) continue
      const needed = this.#subscriptions.get(typeUrl)
      if (needed?.names().has(name)) needed.resend(name)
    }
  }

  #answer(subscription: Subscription, nonce: string, rejection: Rejection | undefined, now: number): void {
    const flight = subscription.answered(nonce)
    if (flight === undefined) return
    this.#lastAnswered = Math.max(this.#lastAnswered, Number(nonce))
    const { typeUrl } = subscription
    if (rejection !== undefined) {
      this.#reject(subscription, flight, rejection, now)
      return
    }
    subscription.accepted(flight, this.#options.cache.resources(this.#options.group, typeUrl))
    if (WARMS.has(typeUrl)) for (const name of flight.items.keys()) this.#warming.acknowledged({ typeUrl, name }, now)
    this.#poisoned.accepted(typeUrl, flight.items.keys())
    this.#options.events.acknowledged(typeUrl, flight)
  }

  #reject(subscription: Subscription, flight: Flight, rejection: Rejection, now: number): void {
    const { typeUrl } = subscription
    const sent = [...flight.items].flatMap(([name, { sent: resource, previous }]) =>
      resource === undefined ? [] : [{ name, value: resource.value, before: previous?.value, isNew: previous === undefined }],
    )
    const suspects = [...sent.filter(({ isNew }) => !isNew), ...sent.filter(({ isNew }) => isNew)]
    const message = readRejection(rejection.message)
    if (suspects.length === 0) {
      this.#options.events.rejected(typeUrl, flight, message, [])
      return
    }
    const found = blame(typeUrl, suspects, message)
    const again = found.kind === 'named' ? found.others : suspects.map(({ name }) => name)
    this.#poisoned.add(typeUrl, again, now)
    subscription.revert(flight, again)
    if (found.kind === 'unknown') {
      subscription.probes.unshift(...found.parts.map((part) => [...part]))
      this.#options.events.rejected(typeUrl, flight, message, [])
      return
    }
    subscription.revert(flight, found.culprits)
    const culprits = found.culprits.flatMap((name) => {
      const item = flight.items.get(name)
      this.#warming.rejected({ typeUrl, name }, item?.previous === undefined, now)
      return item?.sent === undefined ? [] : [{ resource: item.sent, previous: item.previous }]
    })
    for (const name of flight.items.keys()) this.#warming.acknowledged({ typeUrl, name }, now)
    this.#options.events.rejected(typeUrl, flight, message, culprits)
  }

  /** A version that another stream rejected is not sent: what needs a cluster that never was there waits as if it was rejected here. */
  #parked(resource: EncodedResource, now: number): void {
    if (resource.typeUrl !== TYPE_URL.cluster || this.#warming.has(resource)) return
    this.#warming.sent(resource, true, this.#options.cache.revision(this.#options.group), now)
    this.#warming.rejected(resource, true, now)
  }

  readonly #isDelivered = ({ typeUrl, name }: ResourceReference): boolean => {
    const subscription = this.#subscriptions.get(typeUrl)
    if (subscription === undefined || !subscription.covers(name) || subscription.pending.has(name)) return false
    for (const { items } of subscription.liveFlights()) if (items.has(name)) return false
    return true
  }
}

/** Types whose resources are accepted before they are in use, see `warming.ts`. */
const WARMS: ReadonlySet<TypeUrl> = new Set([TYPE_URL.cluster, TYPE_URL.listener])
const NOTHING: ReadonlyMap<string, string> = new Map()
const UNBOUNDED = { maxResources: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY }
