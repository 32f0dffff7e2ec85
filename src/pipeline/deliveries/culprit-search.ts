/**
 * The search for the objects behind a rejection, step by step: suspects that are held back are let in again, and the next ones only when
 * proxies have answered what they were sent.
 */
import type { DeliveryLedger } from './ledger.js'
import type { QuarantineBook } from './quarantine-book.js'

/** Takes the steps of the search. Which suspects come next says the `QuarantineBook`. */
export class CulpritSearch {
  readonly #quarantines: QuarantineBook
  readonly #ledger: DeliveryLedger
  readonly #revisionOf: (group: string) => number
  /** Groups of proxies that have to answer each step. */
  readonly #groups = new Set<string>()
  /** The revision that each of them has to acknowledge before the next step; undefined until this one is published. */
  #awaited: ReadonlyMap<string, number> | undefined

  /** @param revisionOf the present revision of a group */
  constructor(quarantines: QuarantineBook, ledger: DeliveryLedger, revisionOf: (group: string) => number) {
    this.#quarantines = quarantines
    this.#ledger = ledger
    this.#revisionOf = revisionOf
  }

  /** True while it is not known of every object that is held back whether it is to blame. */
  get isOn(): boolean {
    return this.#groups.size > 0
  }

  /** Something was held back: these groups have to answer when that is published, before the next step. */
  among(groups: Iterable<string>): void {
    for (const group of groups) this.#groups.add(group)
    this.#awaited = undefined
  }

  /** What was held back or let in is published. */
  published(): void {
    if (!this.#quarantines.isSearching) return
    this.#awaited ??= new Map([...this.#groups].map((group) => [group, this.#revisionOf(group)]))
  }

  /** Lets the next suspects in if proxies have answered what they were sent. True if there are any: the translation has something to do. */
  goOn(): boolean {
    const awaited = this.#awaited
    if (awaited === undefined || ![...awaited].every((each) => this.#ledger.isAcknowledged(...each))) return false
    this.#awaited = undefined
    const admitted = this.#quarantines.admitNext()
    if (!this.#quarantines.isSearching && admitted.length === 0) this.#groups.clear()
    return admitted.length > 0
  }
}
