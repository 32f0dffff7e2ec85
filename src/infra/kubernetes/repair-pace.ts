/** How soon an object that somebody else has changed is what it should be again. */
import type { Clock } from '../../k8s/clock.js'
import type { OwnedName } from './owned-objects.js'

/** So many repairs of an object are free: controllers of the cluster add to what was just made a few times, and that is no fight. */
const FREE_REPAIRS = 5
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 60_000

/** After so long without a change all is forgotten. */
const FORGET_MS = 300_000

/** Counts changes: whoever changes the same thing again and again is answered ever more seldom. */
export class RepairPace {
  readonly #clock: Clock
  /** The latest change of each, the oldest first. */
  readonly #repairs = new Map<OwnedName, { readonly count: number; readonly atMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Somebody has changed an object. Returns how long that is left standing. */
  changed(name: OwnedName): number {
    const nowMs = this.#clock.monotonicMs()
    this.#forget(nowMs - FORGET_MS)
    const last = this.#repairs.get(name)
    const count = last === undefined ? 0 : last.count + 1
    this.#repairs.delete(name)
    this.#repairs.set(name, { count, atMs: nowMs })
    return count < FREE_REPAIRS ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (count - FREE_REPAIRS), LONGEST_WAIT_MS)
  }

  /** Nothing of ours had been changed: an autoscaler that sets replicas does not fight, and what happens next does not wait for long. */
  wasNone(name: OwnedName): void {
    const last = this.#repairs.get(name)
    if (last !== undefined) this.#repairs.set(name, { ...last, count: Math.min(last.count, FREE_REPAIRS) - 1 })
  }

  #forget(untilMs: number): void {
    for (const [name, { atMs }] of this.#repairs) {
      if (atMs > untilMs) return
      this.#repairs.delete(name)
    }
  }
}
