/**
 * Keeps up with all objects of one resource: lists them once in pages, then watches from there, and picks the thread up again after
 * whatever happens on the way.
 */
import { type ObjectKey, objectKey } from '../util/object-ref.js'
import { linkedController } from './abort.js'
import { API_BACKOFF, backoffMs, RECONNECT_BACKOFF } from './backoff.js'
import type { Clock } from './clock.js'
import { ACCEPT_METADATA_ONLY, type KubeClient, type KubeRequest } from './kube-client.js'
import { KubeApiError } from './kube-error.js'
import { fieldAt, isRawObject, listAt, type RawObject, stringAt } from './kube-json.js'
import type { Log } from './log.js'
import { failureOf, type ReflectorFailure, type ReflectorState } from './reflector-state.js'
import { type ApiResource, collectionPath } from './resource-path.js'
import { trimObject } from './trim.js'
import { splitLines } from './watch-stream.js'

/** Pages of this size are parsed in about 20 ms, so that nothing else waits for a large list. */
const PAGE_SIZE = 500

/** The server ends each watch after a time of our choice: spread, so that not all kinds come back at once. */
const WATCH_SECONDS = { least: 300, most: 600 }

/** Bookmarks come about every minute: a watch that is silent for longer may be half-open. */
const SILENCE_MS = 90_000

/** Why a silent watch was given up. */
const SILENT = 'silent'

/** The waits start small again after so long without a failure. */
const HEALTHY_MS = 120_000

/** A watch that the server ends sooner than this and without a word counts as a failure, or the two would spin. */
const SHORTEST_WATCH_MS = 1_000

/** One disappearance may be a server that is just starting: a resource whose objects we hold is given up only after this many. */
const ABSENCES_BEFORE_REMOVAL = 2

/** What to follow. */
export interface ReflectorOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  readonly resource: ApiResource
  /** The empty string follows all namespaces. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Names and metadata only. */
  readonly metadataOnly?: boolean
  /** Receives what changed: everything that arrived together in one call. An object that is in neither list is as it was. */
  readonly onChanges: (changed: readonly RawObject[], removed: readonly ObjectKey[]) => void
  readonly onState?: (state: ReflectorState) => void
}

/** Follows one resource until its signal aborts. */
export class Reflector {
  /** Resolves when all that exists was handed over for the first time, or when the server said that there is no such resource. */
  readonly listed: Promise<void>
  /** Resolves as `listed` does, or when the server said that we may not see it. */
  readonly answered: Promise<void>
  readonly #options: ReflectorOptions
  #markListed: () => void = () => undefined
  #markAnswered: () => void = () => undefined
  /** Resource versions of the objects that were handed over. */
  readonly #known = new Map<ObjectKey, string>()
  #resourceVersion: string | undefined
  #state: ReflectorState = { kind: 'listing' }
  #failures = 0
  #lastFailure = { reason: '', atMs: 0 }
  #absences = 0
  #hasListed = false

  constructor(options: ReflectorOptions) {
    this.#options = options
    this.listed = new Promise((resolve) => {
      this.#markListed = () => {
        this.#hasListed = true
        resolve()
      }
    })
    this.answered = Promise.race([
      this.listed,
      new Promise<void>((resolve) => {
        this.#markAnswered = resolve
      }),
    ])
  }

  /** True once `listed` has resolved. */
  get hasListed(): boolean {
    return this.#hasListed
  }

  /** What it is doing now. */
  get state(): ReflectorState {
    return this.#state
  }

  /** Follows the resource until the signal aborts; never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#list(signal)
        else await this.#watch(this.#resourceVersion, signal)
      } catch (error) {
        if (!signal.aborted) await this.#recover(error, signal)
      }
    }
    this.#enter({ kind: 'stopped' })
  }

  /** Gives up what was handed over: the owner no longer wants these objects. Call it after `start` has ended. */
  removeAll(): void {
    this.#hand([], [...this.#known.keys()])
    this.#known.clear()
  }

  async #list(signal: AbortSignal): Promise<void> {
    this.#enter({ kind: 'listing' })
    const objects: RawObject[] = []
    let resourceVersion = ''
    let continueToken = ''
    do {
      // No resourceVersion: the state is then the newest (an older one could bring deleted objects back after a restart), and the page
      // size counts, which it does not for resourceVersion=0.
      const page = await this.#options.client.json(this.#request({ limit: PAGE_SIZE, continue: continueToken || undefined }), signal)
      for (const item of listAt(page, 'items')) if (isRawObject(item)) objects.push(trimObject(item))
      resourceVersion = stringAt(page, 'metadata', 'resourceVersion')
      continueToken = stringAt(page, 'metadata', 'continue')
    } while (continueToken !== '')
    this.#absences = 0
    this.#replace(objects)
    this.#resourceVersion = resourceVersion
    this.#markListed()
  }

  #replace(objects: readonly RawObject[]): void {
    const gone = new Set(this.#known.keys())
    for (const object of objects) gone.delete(keyOf(object))
    const changed = objects.filter((object) => this.#remember(object))
    for (const key of gone) this.#known.delete(key)
    this.#hand(changed, [...gone])
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options
    using link = linkedController(signal)
    const startedMs = clock.monotonicMs()
    let heardMs = startedMs
    let events = 0
    const watchdog = this.#abortWhenSilent(() => heardMs, link.controller)
    try {
      const { least, most } = WATCH_SECONDS
      const timeoutSeconds = Math.round(least + clock.random() * (most - least))
      const query = { watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds }
      const body = await client.stream(this.#request(query), link.controller.signal)
      this.#enter({ kind: 'watching' })
      for await (const lines of splitLines(body)) {
        heardMs = clock.monotonicMs()
        events += lines.length
        this.#follow(lines)
      }
    } catch (error) {
      // Bookmarks are no promise: a kind of which nothing ever changes gets none. Asking again costs little, and is no failure.
      if (signal.aborted || link.controller.signal.reason !== SILENT) throw error
    } finally {
      link.controller.abort()
      await watchdog
    }
    if (events === 0 && clock.monotonicMs() - startedMs < SHORTEST_WATCH_MS) throw new Error('the server ended the watch at once')
  }

  async #abortWhenSilent(heardMs: () => number, controller: AbortController): Promise<void> {
    const { clock } = this.#options
    while (!controller.signal.aborted) {
      const leftMs = heardMs() + SILENCE_MS - clock.monotonicMs()
      if (leftMs <= 0) controller.abort(SILENT)
      else await clock.sleep(leftMs, controller.signal)
    }
  }

  /** Applies lines that arrived together as one change. */
  #follow(lines: readonly Buffer[]): void {
    // The last event of an object wins: what lies between was never current for anybody.
    const changed = new Map<ObjectKey, RawObject>()
    const removed = new Set<ObjectKey>()
    let failure: unknown
    for (const line of lines) {
      const event = parseEvent(line)
      if (event instanceof Error) {
        failure = event
        break
      }
      const type = stringAt(event, 'type')
      const object = fieldAt(event, 'object')
      if (type === 'ERROR') {
        failure = new KubeApiError('watch', Number(fieldAt(object, 'code') ?? 500), stringAt(object, 'reason'), stringAt(object, 'message'))
        break
      }
      const resourceVersion = stringAt(object, 'metadata', 'resourceVersion')
      if (resourceVersion !== '') this.#resourceVersion = resourceVersion
      if (type === 'BOOKMARK' || !isRawObject(object)) continue
      const key = keyOf(object)
      if (type === 'DELETED') {
        changed.delete(key)
        if (this.#known.delete(key)) removed.add(key)
      } else {
        const trimmed = trimObject(object)
        if (!this.#remember(trimmed)) continue
        removed.delete(key)
        changed.set(key, trimmed)
      }
    }
    this.#hand([...changed.values()], [...removed])
    if (failure !== undefined) throw failure
  }

  /** False if this very version was handed over already. */
  #remember(object: RawObject): boolean {
    const key = keyOf(object)
    const version = object.metadata.resourceVersion ?? ''
    if (version !== '' && this.#known.get(key) === version) return false
    this.#known.set(key, version)
    return true
  }

  #hand(changed: readonly RawObject[], removed: readonly ObjectKey[]): void {
    if (changed.length === 0 && removed.length === 0) return
    try {
      this.#options.onChanges(changed, removed)
    } catch (error) {
      // A receiver that fails must not stop the stream for the objects that come after.
      this.#options.log.error({ err: error, resource: this.#options.resource }, 'a change could not be handled')
    }
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, log, resource } = this.#options
    const failure = failureOf(error)
    const now = clock.monotonicMs()
    // Waits grow while the same goes wrong: that a position has expired while the server was away is a new matter.
    const isRepeated = failure.reason === this.#lastFailure.reason && now - this.#lastFailure.atMs <= HEALTHY_MS
    this.#failures = isRepeated ? this.#failures + 1 : 1
    this.#lastFailure = { reason: failure.reason, atMs: now }
    const policy = failure.reason === 'disconnected' || failure.reason === 'unavailable' ? RECONNECT_BACKOFF : API_BACKOFF
    const waitMs = Math.max(backoffMs(policy, this.#failures, clock), failure.retryAfterMs ?? 0)
    if (failure.reason === 'expired' || failure.reason === 'absent') this.#resourceVersion = undefined
    if (failure.reason === 'absent' && this.#isAbsent()) {
      this.removeAll()
      this.#markListed()
      this.#enter({ kind: 'absent', waitMs })
    } else {
      log[this.#isWorthTelling(failure) ? 'warn' : 'debug']({ resource, reason: failure.reason, waitMs }, failure.message)
      if (failure.reason === 'forbidden') this.#markAnswered()
      this.#enter({ kind: 'waiting', failure, waitMs })
    }
    await clock.sleep(waitMs, signal)
  }

  /** The same failure again and again is told ever more seldom: 25 kinds would fill the log while a server is away. */
  #isWorthTelling({ reason }: ReflectorFailure): boolean {
    return reason !== 'expired' && Number.isInteger(Math.log2(this.#failures))
  }

  #isAbsent(): boolean {
    this.#absences++
    return this.#known.size === 0 || this.#absences >= ABSENCES_BEFORE_REMOVAL
  }

  #enter(state: ReflectorState): void {
    this.#state = state
    this.#options.onState?.(state)
  }

  #request(query: KubeRequest['query']): KubeRequest {
    const { resource, namespace, labelSelector, fieldSelector, metadataOnly } = this.#options
    return {
      path: collectionPath(resource, namespace),
      query: { ...query, labelSelector, fieldSelector },
      ...(metadataOnly === true ? { accept: ACCEPT_METADATA_ONLY[query?.watch === true ? 'watch' : 'list'] } : {}),
    }
  }
}

function parseEvent(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch (error) {
    return new Error(`the watch sent a line that is no JSON: ${line.subarray(0, 80).toString('utf8')}`, { cause: error })
  }
}

function keyOf(object: RawObject): ObjectKey {
  return objectKey(object.metadata.namespace ?? '', object.metadata.name)
}
