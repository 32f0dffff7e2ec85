/**
 * What one stream wants of one type, and what it holds: pure state, shared by the delta and the state-of-the-world protocol.
 *
 * A stream holds what the cache holds, except for the names listed as divergent. So the memory of a stream grows with the names that
 * are on their way to it, never with the resources that it has.
 *
 * Source: Envoy's xDS protocol, "How the client specifies what resources to return" and "Deleting resources".
 */
import type { EncodedResource, TypeUrl } from '../resource.js'
import { type Flight, type FlightItem, Flights } from './flights.js'
import type { Held } from './held.js'
import { collectionOf, isGlob, WantedNames, WILDCARD } from './wanted-names.js'

/** Never changed: a client that begins shares one for all its names. */
interface Divergence {
  readonly held: Held | undefined
  readonly since: number
  /** The revision of the newest change. */
  readonly changedAt: number
  readonly isInitial: boolean
}

/** The resources of the group by name, as the cache has them now. */
export type Catalog = ReadonlyMap<string, EncodedResource>

/** The subscription of a stream to a type. */
export class Subscription {
  readonly typeUrl: TypeUrl
  /** Names to be looked at by the next push. */
  readonly pending: Set<string> = new Set()
  /** Names that are gone, and that something which the client runs still refers to. */
  readonly leaving: Set<string> = new Set()
  /** Names that the client asked for: answered although nothing changed, and even when they do not exist. */
  readonly requested: Set<string> = new Set()
  /** Groups of names that are sent one by one, to find out which of them the client rejects. */
  readonly probes: string[][] = []
  /** True when the client waits for a response even if there is nothing to say. */
  owesAnswer = false
  readonly #divergent = new Map<string, Divergence>()
  /** Names whose present version is known to be rejected, and until when the revision waits for another one. */
  readonly #parked = new Map<string, number>()
  readonly #flights = new Flights()
  readonly #wanted = new WantedNames()
  #nothing: Divergence | undefined

  constructor(typeUrl: TypeUrl) {
    this.typeUrl = typeUrl
  }

  /** True if the client wants to know about this name. */
  covers(name: string): boolean {
    return this.#wanted.covers(name)
  }

  /** True if the client wants every resource of the type. */
  get isWildcard(): boolean {
    return this.#wanted.isWildcard
  }

  /** How many names the client asked for. */
  get size(): number {
    return this.#wanted.size
  }

  /** The names that the client asked for one by one. */
  names(): ReadonlySet<string> {
    return this.#wanted.names
  }

  /** What the client has, as far as we know: of a response on its way we assume that it is accepted. */
  held(name: string, catalog: Catalog): Held | undefined {
    const divergence = this.#divergent.get(name)
    if (divergence !== undefined) return divergence.held
    return this.covers(name) ? catalog.get(name) : undefined
  }

  /**
   * Adds names. A name that the client already has is sent again: it asks because it lost it.
   *
   * @param initialVersions what the client brought along from an earlier stream; empty except in the first request of a type
   */
  subscribe(names: Iterable<string>, initialVersions: ReadonlyMap<string, string>, catalog: Catalog, revision: number): void {
    const wanted = new Set(names)
    // The wildcard last: it covers only what was not asked for by name, so that nothing counts as asked for twice.
    const all = wanted.delete(WILDCARD)
    const globs: string[] = []
    for (const name of wanted) {
      if (isGlob(name)) globs.push(name)
      else this.#subscribeOne(name, initialVersions, catalog, revision)
    }
    if (globs.length > 0) this.#subscribeGlobs(globs, initialVersions, catalog, revision)
    if (all) this.#subscribeAll(initialVersions, catalog, revision)
  }

  /** Takes names back. Names that were never subscribed are ignored. */
  unsubscribe(names: Iterable<string>): void {
    let isLess = false
    for (const name of names) {
      if (!this.#wanted.delete(name)) continue
      if (name === WILDCARD || isGlob(name)) isLess = true
      // The client cannot know whether the wildcard covers the name as well: it is told.
      else if (this.covers(name)) this.#ask(name)
      else this.#forget(name)
    }
    // Once for all of them: a client may name very many.
    if (isLess) for (const known of [...this.#divergent.keys(), ...this.requested]) if (!this.covers(known)) this.#forget(known)
  }

  /** Replaces the names, as a state-of-the-world request does. Returns true if a name was added. */
  replace(names: readonly string[], catalog: Catalog, revision: number): boolean {
    const wanted = new Set(names)
    const gone = [...this.#wanted.words()].filter((name) => !wanted.has(name))
    const added = [...wanted].filter((name) => !this.#wanted.has(name))
    this.subscribe(added, NOTHING, catalog, revision)
    this.unsubscribe(gone)
    return added.length > 0
  }

  /**
   * Takes note of a change in the cache. Returns false if the client does not care.
   *
   * @param isInitial true while the cache does not know all that there is
   */
  changed(name: string, previous: EncodedResource | undefined, revision: number, isInitial = false): boolean {
    if (!this.covers(name)) return false
    const before = this.#divergent.get(name) ?? differsSince(revision, previous, isInitial)
    this.#divergent.set(name, before.changedAt === revision ? before : { ...before, changedAt: revision })
    this.leaving.delete(name)
    this.#parked.delete(name)
    this.pending.add(name)
    return true
  }

  /** Has a name sent again although the client did not ask, because something that uses it was sent. */
  resend(name: string): void {
    this.#ask(name)
  }

  /** The client has what it shall have. */
  resolve(name: string): void {
    this.#divergent.delete(name)
    this.#done(name)
  }

  /**
   * There is nothing to be sent for this name until it changes again; what the client holds stays noted.
   *
   * @param until so long the client does not count as up to date: there may soon be something else to send
   */
  park(name: string, until: number): void {
    this.#done(name)
    this.#parked.set(name, until)
  }

  /** A parked name is looked at again. Returns false for one that is not parked. */
  unpark(name: string): boolean {
    if (!this.#parked.delete(name)) return false
    this.pending.add(name)
    return true
  }

  /** When the next parked name stops to hold its revision back, or undefined without any. */
  parkedUntil(now: number): number | undefined {
    let first: number | undefined
    for (const until of this.#parked.values()) if (until > now && (first === undefined || until < first)) first = until
    return first
  }

  /** The name is gone, but not to be removed yet. */
  keep(name: string): void {
    this.#done(name)
    this.leaving.add(name)
  }

  /** Takes note of a response. */
  sent(
    nonce: string,
    now: number,
    names: Iterable<[name: string, sent: EncodedResource | undefined]>,
    catalog: Catalog,
    revision: number,
  ): void {
    const items = new Map<string, FlightItem>()
    for (const [name, sent] of names) {
      const { since, isInitial } = this.#divergent.get(name) ?? differsSince(revision, undefined)
      items.set(name, { sent, previous: this.held(name, catalog), since, isInitial })
      this.resolve(name)
      this.leaving.delete(name)
      // What was sent may be an older version than that of the cache, when that one is known to be rejected.
      const current = catalog.get(name)
      if (current?.version !== sent?.version) this.#divergent.set(name, differsSince(revision, sent))
    }
    this.#flights.add({ nonce, sentAt: now, revision, overdue: false, items })
    this.owesAnswer = false
  }

  /** The client answered a response: it is returned once. */
  answered(nonce: string): Flight | undefined {
    return this.#flights.land(nonce)
  }

  /**
   * The client took a response over: whatever was concluded from other answers meanwhile, this is what it has. A client may reject one
   * response and accept another one with the same content.
   */
  accepted(flight: Flight, catalog: Catalog): void {
    for (const [name, { sent, since }] of flight.items) {
      if (!this.covers(name) || this.#flights.carry(name)) continue
      const divergence = this.#divergent.get(name)
      if ((divergence === undefined ? catalog.get(name) : divergence.held)?.version === sent?.version) continue
      this.#divergent.set(name, differsSince(divergence?.since ?? since, sent))
      this.pending.add(name)
    }
  }

  /** The client did not take these names over: it has what it had before. */
  revert(flight: Flight, names: Iterable<string>): void {
    for (const name of names) {
      const item = flight.items.get(name)
      if (item === undefined || !this.covers(name)) continue
      const divergence = this.#divergent.get(name)
      if (divergence === undefined) this.#divergent.set(name, differsSince(item.since, item.previous, item.isInitial))
      else if (divergence.held?.version === item.sent?.version) this.#divergent.set(name, { ...divergence, held: item.previous })
      this.#flights.didNotArrive(name, item)
      this.pending.add(name)
    }
  }

  /** The responses that a push has to wait for. */
  liveFlights(): Iterable<Flight> {
    return this.#flights.live()
  }

  /** True while a response waits for its answer. */
  get isInFlight(): boolean {
    return this.#flights.areLive
  }

  /** What the client may still run although it was replaced: divergent names, and what unanswered responses replace. */
  *replaced(): Iterable<Held> {
    for (const { held } of this.#divergent.values()) if (held !== undefined) yield held
    for (const { items } of this.liveFlights()) for (const { previous } of items.values()) if (previous !== undefined) yield previous
  }

  /** The names that differ from the cache, with what the client holds: for full state-of-the-world responses. */
  divergent(): Iterable<string> {
    return this.#divergent.keys()
  }

  /** The revision of the newest change of a name that is not sent yet. */
  changedAt(name: string): number | undefined {
    return this.#divergent.get(name)?.changedAt
  }

  /** True while something that was wanted at this revision is not sent and answered; what only became so later does not count. */
  isBehind(revision: number): boolean {
    const isOlder = ({ since, isInitial }: Pick<Divergence, 'since' | 'isInitial'>): boolean => isInitial || since <= revision
    for (const name of this.pending) {
      const divergence = this.#divergent.get(name)
      if (divergence === undefined || isOlder(divergence)) return true
    }
    for (const { items } of this.liveFlights()) for (const item of items.values()) if (isOlder(item)) return true
    return false
  }

  /** The oldest revision that is not acknowledged completely, or undefined when all are. Names that leave do not count. */
  oldestUnacknowledged(now: number): number | undefined {
    let oldest: number | undefined
    const note = (since: number) => {
      if (oldest === undefined || since < oldest) oldest = since
    }
    for (const name of this.pending) {
      const divergence = this.#divergent.get(name)
      if (divergence !== undefined) note(divergence.since)
    }
    for (const { items } of this.liveFlights()) for (const { since } of items.values()) note(since)
    for (const [name, until] of this.#parked) if (until > now) note(this.#divergent.get(name)?.since ?? Number.POSITIVE_INFINITY)
    return oldest
  }

  #subscribeOne(wanted: string, initialVersions: ReadonlyMap<string, string>, catalog: Catalog, revision: number): void {
    const name = catalog.get(wanted)?.name ?? wanted // the cache's own string: a thousand streams share it
    const known = this.covers(name)
    this.#wanted.add(name)
    if (!known && this.#begin(name, initialVersions, catalog, revision)) return
    this.#ask(name)
  }

  #subscribeAll(initialVersions: ReadonlyMap<string, string>, catalog: Catalog, revision: number): void {
    this.owesAnswer = initialVersions.size === 0
    if (this.isWildcard) for (const name of catalog.keys()) this.#ask(name)
    const gone = [...initialVersions.keys()].filter((name) => !catalog.has(name))
    const names = [...catalog.keys(), ...gone].filter((name) => !this.covers(name))
    this.#wanted.add(WILDCARD)
    for (const name of names) this.#begin(name, initialVersions, catalog, revision)
  }

  /** All at once: a client may name very many, and each would look at everything that there is. */
  #subscribeGlobs(globs: readonly string[], initialVersions: ReadonlyMap<string, string>, catalog: Catalog, revision: number): void {
    const wanted = new Set(globs.map(collectionOf))
    const members = [...catalog.keys(), ...initialVersions.keys()].filter((name) => wanted.has(collectionOf(name)))
    for (const name of members) if (this.#wanted.isInGlob(name)) this.#ask(name)
    const names = members.filter((name) => !this.covers(name))
    const filled = new Set(members.map(collectionOf))
    for (const glob of globs) {
      this.#wanted.add(glob)
      if (!filled.has(collectionOf(glob))) this.#ask(glob)
    }
    for (const name of names) this.#begin(name, initialVersions, catalog, revision)
  }

  /** Starts to follow a name. Returns true if the client already has what it shall have. */
  #begin(name: string, initialVersions: ReadonlyMap<string, string>, catalog: Catalog, revision: number): boolean {
    const version = initialVersions.get(name)
    const current = catalog.get(name)
    if (version !== undefined && current?.version === version) return true
    this.#divergent.set(name, version === undefined ? this.#nothingSince(revision) : differsSince(revision, { version }, true))
    this.pending.add(name)
    return false
  }

  #nothingSince(revision: number): Divergence {
    if (this.#nothing?.since !== revision) this.#nothing = differsSince(revision, undefined, true)
    return this.#nothing
  }

  #ask(name: string): void {
    this.requested.add(name)
    this.leaving.delete(name)
    this.pending.add(name)
  }

  #done(name: string): void {
    this.pending.delete(name)
    this.requested.delete(name)
    this.#parked.delete(name)
  }

  #forget(name: string): void {
    this.resolve(name)
    this.leaving.delete(name)
  }
}

const NOTHING: ReadonlyMap<string, string> = new Map()

const differsSince = (revision: number, held: Held | undefined, isInitial = false): Divergence => ({
  held,
  since: revision,
  changedAt: revision,
  isInitial,
})
