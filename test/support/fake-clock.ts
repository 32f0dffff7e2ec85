/** A clock that stands still until a test moves it. */
import type { Clock } from '../../src/k8s/clock.js'

interface Sleeper {
  readonly untilMs: number
  readonly wake: () => void
}

/** Time as the test says it is; chance is always in the middle. */
export class FakeClock implements Clock {
  nowMs = 0
  /** How long each sleeper asked to sleep, in order. */
  readonly sleeps: number[] = []
  readonly #sleepers = new Set<Sleeper>()

  monotonicMs(): number {
    return this.nowMs
  }

  wallTime(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.nowMs)
  }

  random(): number {
    return 0.5
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    this.sleeps.push(ms)
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        untilMs: this.nowMs + ms,
        wake: () => {
          this.#sleepers.delete(sleeper)
          resolve()
        },
      }
      this.#sleepers.add(sleeper)
      signal.addEventListener('abort', sleeper.wake, { once: true })
    })
  }

  /** Moves time and wakes whoever slept that long, in order of time. */
  async advance(ms: number): Promise<void> {
    const target = this.nowMs + ms
    for (;;) {
      const next = [...this.#sleepers].filter((sleeper) => sleeper.untilMs <= target).sort((a, b) => a.untilMs - b.untilMs)[0]
      if (next === undefined) break
      this.nowMs = Math.max(this.nowMs, next.untilMs)
      next.wake()
      // What was woken runs before time goes on.
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.nowMs = target
  }

  /** Number of those who sleep. */
  get sleeping(): number {
    return this.#sleepers.size
  }
}
