/**
 * A replica that the API server does not answer serves its proxies what was right before: for as long as that lasts, new routes are not found and
 * endpoints that went are asked. It hands its proxies over to another replica that the API server answers; where there is none, they stay.
 */
import type { Clock } from '../../k8s/clock.js'
import type { Touch } from './service.js'

/** Who hands over, and how. */
export interface HandOverOptions {
  /** The name of this replica. */
  readonly replica: string
  /** For how long the API server has not answered, in milliseconds. */
  readonly silenceMs: () => number
  /** How many streams of proxies are open. */
  readonly streams: () => number
  /** Asks one of the replicas that proxies are sent to, perhaps this one; rejects when none answers. */
  readonly ask: (signal: AbortSignal) => Promise<Touch>
  /** Ends the connections of all proxies: they look for a replica again. */
  readonly dismiss: () => void
  /** Told how long the silence is, each time that it is looked at. */
  readonly onSilence?: (milliseconds: number) => void
  readonly clock: Clock
  readonly log: { warn(fields: object, message: string): void }
}

/** A replica is out of touch after this long, in milliseconds: another one leads by then, and has what has changed since. */
const OUT_OF_TOUCH_MS = 30_000

/** How often it is looked at. */
const LOOK_MS = 5_000

/** Hands proxies over whenever this replica is out of touch and another one is not. */
export class HandOver {
  readonly #options: HandOverOptions
  #elsewhere: string | undefined

  constructor(options: HandOverOptions) {
    this.#options = options
  }

  /** True while the API server answers this replica. */
  get isInTouch(): boolean {
    return this.#options.silenceMs() < OUT_OF_TOUCH_MS
  }

  /** Why proxies are better off elsewhere; undefined while they are not. */
  get problem(): string | undefined {
    const { silenceMs } = this.#options
    if (this.#elsewhere === undefined || this.isInTouch) return undefined
    return `the API server has not answered for ${Math.round(silenceMs() / 1000)} s, and it answers ${this.#elsewhere}`
  }

  /** Looks again and again until the signal aborts. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, onSilence, silenceMs } = this.#options
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal)
      if (signal.aborted) return
      onSilence?.(silenceMs())
      await this.#look(signal)
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { ask, dismiss, log, replica, streams } = this.#options
    const answer = this.isInTouch ? undefined : await ask(signal).catch(() => undefined)
    // The answer may be our own: whoever sends proxies to ready replicas has not heard yet that we are not.
    if (answer?.replica === replica) return
    this.#elsewhere = answer?.inTouch === true && !this.isInTouch ? answer.replica : undefined
    if (this.#elsewhere === undefined || streams() === 0) return
    log.warn({ streams: streams(), reason: this.problem }, 'proxies are sent to another replica')
    dismiss()
  }
}
