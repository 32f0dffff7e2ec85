/**
 * The routes of a cold start, portion by portion. Everything else is there when the first portion is translated, so a route comes out as it
 * will stay, and proxies that have nothing yet take clusters and endpoints of one portion while the next one is translated.
 */
import type { Change } from '../provider/provider.js'

/** Kinds of which there are many, and that nothing but their own resources hangs on. */
const PORTIONED: ReadonlySet<string> = new Set(['HTTPRoute', 'GRPCRoute'])
/** Less of them makes what is computed once for a listener more often, more of them lets proxies wait and keeps the event loop. */
const PORTION = 250
/** What is computed once for a listener takes as long as it has routes: a fixed number of times that, however many there are. */
const MOST_PORTIONS = 40

/** Keeps routes back until it is their turn. */
export class FirstRoutes {
  #portion: number
  readonly #waiting = new Map<string, Change>()
  #hasBegun = false

  /** @param portion how many routes are translated at a time, or more if there are very many */
  constructor(portion: number = PORTION) {
    this.#portion = portion
  }

  /** True while routes wait for their turn. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** What of a batch comes now: before the first portion no route, later all but what waits already, of which the newest version waits. */
  keepBack(batch: readonly Change[]): readonly Change[] {
    if (this.#hasBegun && this.#waiting.size === 0) return batch
    return batch.filter((change) => {
      if (!PORTIONED.has(change.kind)) return true
      const id = `${change.kind}/${change.key}`
      if (this.#hasBegun && !this.#waiting.has(id)) return true
      this.#waiting.set(id, change)
      return false
    })
  }

  /** The next portion; empty when nothing waits. */
  next(): readonly Change[] {
    if (!this.#hasBegun) this.#portion = Math.max(this.#portion, Math.ceil(this.#waiting.size / MOST_PORTIONS))
    this.#hasBegun = true
    const portion: Change[] = []
    for (const [id, change] of this.#waiting) {
      if (portion.length >= this.#portion) break
      this.#waiting.delete(id)
      portion.push(change)
    }
    return portion
  }
}
