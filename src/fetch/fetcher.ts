/**
 * Fetches what the translation asks for, keeps it as long as somebody does, and asks again for what may change.
 *
 * What has come stays when a later attempt fails. Failed attempts are repeated at growing intervals.
 */
import { createHash } from 'node:crypto'
import type { Fetched, FetchedContent, FetchRequest } from '../gatewayapi/fetches/fetch-request.js'
import { type BackoffPolicy, backoffMs } from '../k8s/backoff.js'
import type { Clock } from '../k8s/clock.js'
import type { FetchRules } from './destination.js'
import type { FetchCache } from './fetch-cache.js'
import { fetchReason, isTimeout } from './fetch-error.js'
import type { FetchContext, Outcome } from './outcome.js'
import { Slots } from './slots.js'

/** What a fetcher works with. */
export interface FetcherOptions {
  readonly rules: FetchRules
  readonly clock: Clock
  fetch(request: FetchRequest, context: FetchContext): Promise<Outcome | undefined>
  /** What has come of a request; undefined: it is forgotten. */
  onFetched(key: string, fetched: Fetched | undefined): void
  /** What outlives a restart; absent: nothing. */
  readonly cache?: FetchCache
  readonly onAttempt?: (attempt: Attempt) => void
}

/** An attempt that has ended. */
export interface Attempt {
  readonly kind: FetchRequest['kind']
  /** The host that was asked. Paths and questions may hold secrets. */
  readonly host: string
  readonly outcome: 'fetched' | 'unchanged' | 'failed'
  /** SHA-256 of a module that came, in hexadecimal digits. */
  readonly sha256?: string
  /** Why, where it failed. */
  readonly reason?: string
}

/** How long what may change counts as what it is: 10 minutes, ± 20 %. */
const PERIOD_MS = 600_000
const JITTER = 0.2
/** 1 s to 5 minutes, doubled, ± 20 %. */
const BACKOFF: BackoffPolicy = { firstMs: 1_000, maxMs: 300_000, factor: 2, jitter: JITTER }
/** How many questions are asked at once, how many of them to one host, and to one that said nothing when it was last asked. */
const MAX_AT_ONCE = 8
const MAX_OF_ONE_HOST = 4
const MAX_OF_SILENT_HOST = 1
/** How long a start waits for what policies need, so that proxies which have it are not told that it is missing. */
const FIRST_ANSWERS_MS = 10_000

/** See the head of the file. */
export class Fetcher {
  readonly #options: FetcherOptions
  readonly #wanted = new Map<string, Wanted>()
  /** Hosts that did not answer in time when they were last asked. */
  readonly #silent = new Set<string>()
  readonly #slots = new Slots(MAX_AT_ONCE, (host) => (this.#silent.has(host) ? MAX_OF_SILENT_HOST : MAX_OF_ONE_HOST))
  /** When it was first asked for, and a while. */
  #patientUntilMs: number | undefined

  constructor(options: FetcherOptions) {
    this.#options = options
  }

  /** Requests that came, changed or went away, by their key. */
  want(changes: ReadonlyMap<string, FetchRequest | undefined>): void {
    for (const [key, request] of changes) {
      const before = this.#wanted.get(key)
      before?.stop.abort()
      if (request === undefined) {
        this.#wanted.delete(key)
        if (before !== undefined) this.#forget(key, hostOf(before.request))
        continue
      }
      const wanted = newWanted(request, before?.last)
      this.#wanted.set(key, wanted)
      void this.#follow(wanted)
    }
  }

  /**
   * Resolves when everything that is wanted now has had an attempt; undefined when it has already. Whoever asks again and again waits ten
   * seconds in all.
   */
  firstAnswers(): Promise<void> | undefined {
    const { clock } = this.#options
    this.#patientUntilMs ??= clock.monotonicMs() + FIRST_ANSWERS_MS
    const left = this.#patientUntilMs - clock.monotonicMs()
    const open = [...this.#wanted.values()].filter(({ isAnswered }) => isAnswered !== true)
    if (open.length === 0 || left <= 0) return undefined
    const patience = new AbortController()
    return Promise.race([
      Promise.all(open.map(({ answered }) => answered)).then(() => patience.abort()),
      clock.sleep(left, patience.signal),
    ])
  }

  /** Ends everything that is under way. What was fetched stays known. */
  stop(): void {
    for (const { stop } of this.#wanted.values()) stop.abort()
  }

  #forget(key: string, host: string): void {
    if (this.#silent.has(host) && ![...this.#wanted.values()].some(({ request }) => hostOf(request) === host)) this.#silent.delete(host)
    void this.#options.cache?.remove(key)
    this.#options.onFetched(key, undefined)
  }

  async #follow(wanted: Wanted): Promise<void> {
    const { request, stop } = wanted
    const { clock } = this.#options
    if (wanted.last === undefined) await this.#recall(wanted)
    let failures = 0
    while (!stop.signal.aborted && (wanted.last === undefined || isFollowed(request))) {
      const isGood = await this.#slots.run(hostOf(request), () => this.#attempt(wanted))
      failures = isGood ? 0 : failures + 1
      wanted.isAnswered = true
      wanted.answer()
      const pause = isGood ? PERIOD_MS * (1 + JITTER * (2 * clock.random() - 1)) : backoffMs(BACKOFF, failures, clock)
      if (wanted.last === undefined || isFollowed(request)) await clock.sleep(pause, stop.signal)
    }
    wanted.isAnswered = true
    wanted.answer()
  }

  async #recall(wanted: Wanted): Promise<void> {
    const known = await this.#options.cache?.read(wanted.request.key)
    if (known === undefined || wanted.stop.signal.aborted) return
    wanted.last = known
    this.#options.onFetched(wanted.request.key, fetched(known.content))
  }

  /** True if what is known is what there is. */
  async #attempt(wanted: Wanted): Promise<boolean> {
    const { request, stop, last } = wanted
    const { signal } = stop
    if (signal.aborted) return false
    const { rules, fetch, onFetched, onAttempt, cache } = this.#options
    const about = { kind: request.kind, host: hostOf(request) }
    try {
      const outcome = await fetch(request, { rules, signal, revision: last?.revision })
      if (signal.aborted) return false
      this.#silent.delete(about.host)
      if (outcome === undefined) {
        onAttempt?.({ ...about, outcome: 'unchanged' })
        return true
      }
      onAttempt?.({ ...about, outcome: 'fetched', ...checksum(outcome.content) })
      wanted.last = outcome
      onFetched(request.key, fetched(outcome.content))
      await cache?.write(request.key, outcome)
      return true
    } catch (error) {
      if (signal.aborted) return false
      if (isTimeout(error)) this.#silent.add(about.host)
      else this.#silent.delete(about.host)
      const reason = fetchReason(error)
      onAttempt?.({ ...about, outcome: 'failed', reason })
      if (last === undefined) onFetched(request.key, { state: 'failed', reason })
      return false
    }
  }
}

interface Wanted {
  readonly request: FetchRequest
  readonly stop: AbortController
  /** Resolves with the first attempt. */
  readonly answered: Promise<void>
  readonly answer: () => void
  isAnswered?: true
  /** What has come, also for a request with the same key before this one. */
  last: Outcome | undefined
}

function newWanted(request: FetchRequest, last: Outcome | undefined): Wanted {
  let answer = (): void => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  return { request, stop: new AbortController(), answered, answer: () => answer(), last }
}

function isFollowed(request: FetchRequest): boolean {
  return request.kind === 'provider' || request.isFollowed
}

function fetched(content: FetchedContent): Fetched {
  return { state: 'fetched', content, version: createHash('sha256').update(JSON.stringify(content)).digest('hex') }
}

function checksum(content: FetchedContent): Pick<Attempt, 'sha256'> {
  if (content.kind !== 'module') return {}
  return { sha256: createHash('sha256').update(Buffer.from(content.base64, 'base64')).digest('hex') }
}

function hostOf(request: FetchRequest): string {
  switch (request.kind) {
    case 'module':
      return new URL(request.url).host
    case 'image':
      return request.image.registry
    case 'provider':
      return new URL(request.issuer).host
  }
}
