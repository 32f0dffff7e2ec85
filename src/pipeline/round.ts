/** A round of translation, from the first change to the last status: what is known of it, for logs, metrics and the history. */
import type { FlushReport, FragmentFailure } from '../incremental/index.js'
import type { ChangeTrace } from '../xds/change-trace.js'

/** What a round did, for metrics and tests. */
export interface RoundReport {
  /** The word for the round in logs and in the history. */
  readonly trace: string
  /** Fragments that ran, by collection. */
  readonly computed: ReadonlyMap<string, number>
  /** Resources that changed. */
  readonly resources: number
  readonly milliseconds: number
  readonly failures: readonly FragmentFailure[]
}

/** Keeps the account of one round. Times are those of `performance.now()`. */
export class Round {
  /** Counts the rounds of this process. */
  readonly number: number
  /** When the first change came. */
  readonly #received = performance.now()
  /** When the translation began; undefined before. */
  #began: number | undefined
  #resources = 0
  readonly #computed = new Map<string, number>()
  readonly #failures: FragmentFailure[] = []

  constructor(number: number) {
    this.number = number
  }

  /** The translation begins. Only the first call counts. */
  begin(): void {
    this.#began ??= performance.now()
  }

  /** Fragments ran. */
  flushed({ computed, failures }: Pick<FlushReport, 'computed' | 'failures'>): void {
    for (const [name, count] of computed) this.#computed.set(name, (this.#computed.get(name) ?? 0) + count)
    this.#failures.push(...failures)
  }

  /** So many resources changed. */
  publishes(resources: number): void {
    this.#resources += resources
  }

  /** Where a revision comes from that is ready now. */
  trace(): ChangeTrace {
    const { timeOrigin } = performance
    return {
      id: this.#word(),
      receivedAt: timeOrigin + this.#received,
      translationAt: timeOrigin + (this.#began ?? this.#received),
      readyAt: timeOrigin + performance.now(),
    }
  }

  /** What it has done by now. */
  report(): RoundReport {
    return {
      trace: this.#word(),
      computed: this.#computed,
      resources: this.#resources,
      milliseconds: performance.now() - this.#received,
      failures: this.#failures,
    }
  }

  /** Processes that start in the same millisecond share words: nobody counts on more. */
  #word(): string {
    return `${Math.floor(performance.timeOrigin).toString(36)}-${this.number}`
  }
}
