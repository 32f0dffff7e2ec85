/** The responses of one type that a client was sent and has not answered yet. */
import type { EncodedResource } from '../resource.js'
import type { Held } from './held.js'

/** One response that was sent and not answered yet. */
export interface Flight {
  readonly nonce: string
  /** Milliseconds, by the clock of the caller. */
  readonly sentAt: number
  /** The revision of the group that it was made from. */
  readonly revision: number
  /** No later push waits for this response any more. */
  overdue: boolean
  readonly items: ReadonlyMap<string, FlightItem>
}

/** One name of a response. */
export interface FlightItem {
  /** Undefined for a removal. */
  readonly sent: EncodedResource | undefined
  /** What the client goes on with if it rejects the response. */
  previous: Held | undefined
  /** The revision that made the name differ from what the client has. */
  readonly since: number
  /** True for what the client had not when it subscribed, or when not all was known yet: it was there before everything that comes. */
  readonly isInitial: boolean
}

/**
 * So many unanswered responses are remembered for a late answer in any case, and more of them as long as they have few names together: a
 * client that never answers costs no more. A client may ask for many names in as many requests, as Envoy does for filters (envoy#32795).
 */
const MAX_FLIGHTS = 16
const MAX_NAMES = 1_000

/** Flights by nonce, in the order in which they were sent. */
export class Flights {
  readonly #flights = new Map<string, Flight>()
  /** How many names they have together; one that is in several counts in each. */
  #names = 0

  /** A response was sent. The oldest ones are forgotten where there are too many. */
  add(flight: Flight): void {
    this.#flights.set(flight.nonce, flight)
    this.#names += flight.items.size
    for (const oldest of this.#flights.keys()) {
      if (this.#flights.size <= MAX_FLIGHTS || this.#names <= MAX_NAMES) break
      this.land(oldest)
    }
  }

  /** The client answered a response. Returns it once, and undefined for a nonce that is not known. */
  land(nonce: string): Flight | undefined {
    const flight = this.#flights.get(nonce)
    if (flight === undefined) return undefined
    this.#flights.delete(nonce)
    this.#names -= flight.items.size
    return flight
  }

  /** Those that a push has to wait for. */
  *live(): Iterable<Flight> {
    for (const flight of this.#flights.values()) if (!flight.overdue) yield flight
  }

  /** True while a push has to wait for one of them. */
  get areLive(): boolean {
    return !this.live()[Symbol.iterator]().next().done
  }

  /** True while one of them has this name. */
  carry(name: string): boolean {
    for (const { items } of this.#flights.values()) if (items.has(name)) return true
    return false
  }

  /** The client rejected what it was sent of a name: if it rejects one of these as well, it goes on with what it had before. */
  didNotArrive(name: string, { sent, previous }: FlightItem): void {
    for (const { items } of this.#flights.values()) {
      const later = items.get(name)
      if (later !== undefined && later.previous?.version === sent?.version) later.previous = previous
    }
  }
}
