/**
 * Asks an extension server about what is new, and keeps asking about what it could not be asked.
 *
 * While the server answers, whoever asks waits for it. One call without an answer is enough to wait no longer: then questions are asked beside
 * everything else, until one is answered. Only at the start there is more patience: proxies have what they were sent before.
 */

import { errorText } from '../util/error-text.js'
import { checkAnswer } from '../xds/translate/extension-hooks/check-answer.js'
import type { HookAnswer, HookQuestion } from '../xds/translate/extension-hooks/hook.js'
import type { HookClient, HookReply } from './hook-client.js'

/** How a call ended, for metrics. */
export type HookOutcome = 'unchanged' | 'changed' | 'invalid' | 'failed'

/** What a caller works with. */
export interface HookCallerOptions {
  /** Opens a connection; `onReconnected` is called when another server may listen at its other end. Throws when it cannot be tried at all. */
  readonly connect: (onReconnected: () => void) => HookClient
  /** Takes an answer, or forgets the one that there was. */
  readonly onAnswer: (key: string, answer: HookAnswer | undefined) => void
  readonly onCall: (question: HookQuestion, outcome: HookOutcome, message: string | undefined) => void
  /** A question has no answer, for this reason; undefined: it has one, or is not asked any more. */
  readonly onUnanswered: (key: string, question: HookQuestion, message: string | undefined) => void
  /** Milliseconds that anybody waits for any number of answers. */
  readonly longestWaitMs: number
  /** True: until the server was reached for the first time, whoever asks waits without end. */
  readonly waitsAtStart: boolean
  /** Calls back once after so many milliseconds, unless the returned function is called before. */
  readonly after: (milliseconds: number, callback: () => void) => () => void
}

/** How many questions are asked at the same time. */
const MAX_CALLS = 64
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

interface Waiter {
  readonly keys: Set<string>
  readonly goOn: () => void
}

/** Asks one server. */
export class HookCaller {
  readonly #options: HookCallerOptions
  #client: HookClient | undefined
  /** All that there is to ask about. */
  readonly #questions = new Map<string, HookQuestion>()
  /** Keys to ask about next. */
  readonly #queue = new Set<string>()
  readonly #inFlight = new Set<string>()
  /** Keys whose last call got no answer. */
  readonly #silent = new Set<string>()
  /** Keys whose answers may be those of another server: asked again one after the other, behind all others. */
  readonly #stale = new Set<string>()
  /** Why there is no answer to the present question, by key. */
  readonly #failures = new Map<string, string>()
  readonly #waiters = new Set<Waiter>()
  /** The last call that ended got no answer in time, or got through to nobody. */
  #isAway = false
  #isUnreachable = false
  /** Its connection was given up because it gave no answer. */
  #isReplaced = false
  /** The server was reached, or nobody waits for that any more. */
  #isStarted = false
  #pauseMs = FIRST_PAUSE_MS
  #cancelRetry: (() => void) | undefined
  #isClosed = false

  constructor(options: HookCallerOptions) {
    this.#options = options
  }

  /** Why questions have no answer, by `hookKey`. One that was only asked again has its answer of before. */
  get failures(): ReadonlyMap<string, string> {
    return new Map([...this.#failures].filter(([key]) => this.#questions.get(key)?.isAnswered === false))
  }

  /** The present question of a key. */
  question(key: string): HookQuestion | undefined {
    return this.#questions.get(key)
  }

  /** See `AskedHooks` of the pipeline. */
  ask(changes: ReadonlyMap<string, HookQuestion | undefined>): Promise<void> | undefined {
    const asked = [...changes].flatMap(([key, question]) => (this.#take(key, question) ? [key] : []))
    for (const key of asked) this.#queue.add(key)
    this.#pump()
    if ((this.#isAway && this.#isStarted) || this.#isClosed || asked.length === 0) return undefined
    const { after, longestWaitMs, waitsAtStart } = this.#options
    return new Promise((resolve) => {
      const cancel = after(longestWaitMs, () => {
        if (waitsAtStart && !this.#isStarted) return
        this.#isStarted = true
        waiter.goOn()
      })
      const waiter: Waiter = {
        keys: new Set(asked),
        goOn: () => {
          cancel()
          this.#waiters.delete(waiter)
          resolve()
        },
      }
      this.#waiters.add(waiter)
    })
  }

  /** No further calls; whoever waits goes on. */
  close(): void {
    this.#isClosed = true
    this.#cancelRetry?.()
    this.#client?.close()
    this.#stopWaiting()
  }

  /** True if the question has to be asked. */
  #take(key: string, question: HookQuestion | undefined): boolean {
    this.#queue.delete(key)
    this.#stale.delete(key)
    this.#noteAnswered(key)
    if (question === undefined) {
      this.#options.onAnswer(key, undefined)
      this.#questions.delete(key)
      this.#silent.delete(key)
      return false
    }
    this.#questions.set(key, question)
    return !question.isAnswered
  }

  #pump(): void {
    for (const key of this.#queue) {
      if (this.#inFlight.size >= MAX_CALLS || this.#isClosed) return
      // Two versions of one resource are asked about one after the other.
      if (this.#inFlight.has(key)) continue
      this.#queue.delete(key)
      this.#start(key)
    }
    for (const key of this.#stale) {
      if (this.#inFlight.size > 0 || this.#isAway || this.#isClosed) return
      this.#stale.delete(key)
      this.#start(key)
    }
  }

  #start(key: string): void {
    const question = this.#questions.get(key)
    if (question === undefined) return
    this.#inFlight.add(key)
    void this.#call(question).then((reply) => this.#settle(key, question, reply))
  }

  async #call(question: HookQuestion): Promise<HookReply> {
    try {
      this.#client ??= this.#options.connect(() => this.#askAgain())
      return await this.#client.ask(question)
    } catch (error) {
      return { kind: 'failed', message: errorText(error), because: 'unreachable' }
    }
  }

  #settle(key: string, question: HookQuestion, reply: HookReply): void {
    this.#inFlight.delete(key)
    if (this.#isClosed) return
    const problem = problemOf(question, reply)
    this.#options.onCall(question, problem?.outcome ?? (reply.kind === 'changed' ? 'changed' : 'unchanged'), problem?.message)
    const isCurrent = this.#questions.get(key)?.version === question.version
    if (isCurrent) {
      if (problem === undefined) {
        this.#noteAnswered(key)
        this.#options.onAnswer(key, { version: question.version, value: reply.kind === 'changed' ? reply.value : undefined })
      } else {
        // Behind the others: one that never gets an answer is not always the first to be tried again.
        this.#failures.delete(key)
        this.#failures.set(key, problem.message)
        if (!question.isAnswered) this.#options.onUnanswered(key, question, problem.message)
      }
    }
    if (reply.kind === 'failed' && reply.because !== 'refused') this.#wentAway(key, reply.because === 'unreachable')
    else this.#isThere(key)
    if (this.#isStarted && isCurrent) this.#settled(key)
    if (this.#failures.size > 0) this.#retryLater()
    else this.#pauseMs = FIRST_PAUSE_MS
    this.#pump()
  }

  #noteAnswered(key: string): void {
    const question = this.#questions.get(key)
    if (this.#failures.delete(key) && question !== undefined) this.#options.onUnanswered(key, question, undefined)
  }

  #wentAway(key: string, isUnreachable: boolean): void {
    if (this.#questions.has(key)) this.#silent.add(key)
    this.#isAway = true
    this.#isUnreachable ||= isUnreachable
    if (this.#isStarted) this.#stopWaiting()
  }

  #isThere(key: string): void {
    this.#isStarted = true
    this.#silent.delete(key)
    if (this.#isAway) {
      this.#pauseMs = FIRST_PAUSE_MS
      // Whoever could not be reached may be another one now.
      if (this.#isUnreachable) this.#askAgain()
      else for (const each of this.#failures.keys()) this.#queue.add(each)
      this.#isAway = false
      this.#isUnreachable = false
    }
    if (!this.#isReplaced || this.#silent.size > 0) return
    // So may be whoever gave no answer. Most are just slow: it is asked no faster than it answers, and not while a question is too much for it.
    this.#isReplaced = false
    for (const each of this.#questions.keys()) if (!this.#queue.has(each) && each !== key) this.#stale.add(each)
  }

  #retryLater(): void {
    if (this.#cancelRetry !== undefined) return
    this.#cancelRetry = this.#options.after(this.#pauseMs, () => {
      this.#cancelRetry = undefined
      if (this.#isAway) {
        // The files of its TLS may be others now, and a connection whose other end went without a word looks open for minutes.
        this.#client?.close()
        this.#client = undefined
        this.#isReplaced = true
      }
      // One question tells whether the server is there; the others follow it.
      const keys = [...this.#failures.keys()]
      for (const key of this.#isAway ? keys.slice(0, 1) : keys) this.#queue.add(key)
      this.#pump()
    })
    if (this.#isStarted) this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
  }

  /** Another server may answer otherwise. Answers of before count until then. */
  #askAgain(): void {
    for (const key of this.#questions.keys()) this.#queue.add(key)
    this.#stale.clear()
    this.#isReplaced = false
    this.#pump()
  }

  #settled(key: string): void {
    for (const waiter of this.#waiters) {
      waiter.keys.delete(key)
      if (waiter.keys.size === 0) waiter.goOn()
    }
  }

  #stopWaiting(): void {
    for (const { goOn } of this.#waiters) goOn()
  }
}

function problemOf(question: HookQuestion, reply: HookReply): { readonly outcome: HookOutcome; readonly message: string } | undefined {
  if (reply.kind === 'failed') return { outcome: 'failed', message: reply.message }
  if (reply.kind === 'unchanged') return undefined
  const message = checkAnswer(question, reply.typeUrl, reply.value)
  return message === undefined ? undefined : { outcome: 'invalid', message }
}
