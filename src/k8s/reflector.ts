/**
 * Keeps up with all objects of one resource: lists them once, as a stream where the server has that and in pages otherwise, then watches
 * from there, and picks the thread up again after whatever happens on the way.
 */
import type { ObjectKey } from '../util/object-ref.js'
import { linkedController } from './abort.js'
import { API_BACKOFF, backoffMs, RECONNECT_BACKOFF } from './backoff.js'
import type { Clock } from './clock.js'
import { ACCEPT_METADATA_ONLY, type KubeClient, type KubeRequest } from './kube-client.js'
import { KubeApiError } from './kube-error.js'
import { isRawObject, type JsonObject, listAt, type RawObject, stringAt } from './kube-json.js'
import { isNews, type KnownVersions, ListedObjects } from './listed-objects.js'
import type { Log } from './log.js'
import { failureOf, type ReflectorFailure, type ReflectorState } from './reflector-state.js'
import { type ApiResource, collectionPath } from './resource-path.js'
import { STREAMED_LIST, streamedListFailure } from './streamed-lists.js'
import { trimObject } from './trim.js'
import { parseWatchEvent, type WatchEvent } from './watch-event.js'
import { splitLines } from './watch-stream.js'

/** Pages of this size are parsed in about 10 ms, so that nothing else waits for a large list. */
const PAGE_SIZE = 250

/** So many objects of a list are handed over before others have their turn. */
const SLICE_SIZE = 25

/** The server ends each watch after a time of our choice: spread, so that not all kinds come back at once. */
const WATCH_SECONDS = { least: 300, most: 600 }

/** Bookmarks come about every minute: a watch that is silent for longer may be half-open. */
const SILENCE_MS = 90_000

/** The server gives up a list that it cannot stream yet after 3 s: one that is silent for much longer will not come. */
const LIST_SILENCE_MS = 10_000

/** Why a silent watch was given up. */
const SILENT = 'silent'

/** Why an attempt was given up whose server does not go on from what it said before. */
const BROKEN = 'broken'

/** The waits start small again after so long without a failure. */
const HEALTHY_MS = 120_000

/** A watch that the server ends sooner than this and without a word counts as a failure, or the two would spin. */
const SHORTEST_WATCH_MS = 1_000

/**
 * A server that is just starting, or something in front of one, answers 404 about what is there: a resource whose objects we hold is given up
 * only after so many of them in a row, which is half a minute. Who deletes a CRD deletes its objects first, and we hear of each.
 */
const ABSENCES_BEFORE_REMOVAL = 6

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
  /** What another reflector has handed over of these objects: what the first list lacks of it is told as removed, and nothing before. */
  readonly adopted?: readonly ObjectKey[]
  /** Names and metadata only. */
  readonly metadataOnly?: boolean
  /**
   * Receives what changed: everything that arrived together in one call. An object that is in neither list is as it was. What exists is
   * handed over while it arrives at first, in several calls before `listed` resolves; what a later list brings comes in one call.
   */
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
  readonly #known: KnownVersions = new Map()
  #resourceVersion: string | undefined
  #state: ReflectorState = { kind: 'listing' }
  #failures = 0
  #lastFailure = { reason: '', atMs: 0 }
  #absences = 0
  #hasListed = false
  /** After a streamed list that failed, so that no server can keep us from a list for ever. */
  #nextListIsPaged = false

  constructor(options: ReflectorOptions) {
    this.#options = options
    for (const key of options.adopted ?? []) this.#known.set(key, '')
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

  /** The objects that were handed over and not told as removed. */
  get keys(): readonly ObjectKey[] {
    return [...this.#known.keys()]
  }

  /** What it is doing now. */
  get state(): ReflectorState {
    return this.#state
  }

  /** Follows the resource until the signal aborts; never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    let attempt: AbortController | undefined
    const forget = this.#options.client.history.onBreak(() => {
      this.#forgetVersions()
      attempt?.abort(BROKEN)
    })
    while (!signal.aborted) {
      using link = linkedController(signal)
      attempt = link.controller
      await this.#attempt(link.controller.signal)
    }
    forget()
    this.#enter({ kind: 'stopped' })
  }

  async #attempt(signal: AbortSignal): Promise<void> {
    try {
      if (this.#resourceVersion === undefined && !this.#mayStream()) await this.#listPages(signal)
      else await this.#watch(signal)
    } catch (error) {
      if (!signal.aborted) await this.#recover(error, signal)
    }
  }

  /** Lists again, and hands over whatever is there: the same version may be another content. */
  #forgetVersions(): void {
    this.#resourceVersion = undefined
    for (const key of this.#known.keys()) this.#known.set(key, '')
    this.#enter({ kind: 'listing' })
  }

  /** Nothing that was handed over is there any more. */
  #removeAll(): void {
    this.#hand([], [...this.#known.keys()])
    this.#known.clear()
  }

  #mayStream(): boolean {
    return !this.#nextListIsPaged && this.#options.client.streamedLists.mayBeOffered
  }

  async #listPages(signal: AbortSignal): Promise<void> {
    this.#enter({ kind: 'listing' })
    const list = new ListedObjects(this.#known)
    let resourceVersion = ''
    let next: Promise<JsonObject> | undefined = this.#page(undefined, signal)
    while (next !== undefined) {
      const page: JsonObject = await next
      resourceVersion = stringAt(page, 'metadata', 'resourceVersion')
      // An empty answer would read as: everything is gone.
      if (resourceVersion === '') throw new Error('the answer is no list: it has no version')
      const token = stringAt(page, 'metadata', 'continue')
      // The next page is on its way while this one is handled.
      next = token === '' ? undefined : this.#page(token, signal)
      next?.catch(() => undefined)
      await this.#gatherPage(listAt(page, 'items'), list)
    }
    signal.throwIfAborted()
    this.#finish(list, resourceVersion)
  }

  #page(token: string | undefined, signal: AbortSignal): Promise<JsonObject> {
    // No resourceVersion: the state is then the newest (an older one could bring deleted objects back after a restart), and the page
    // size counts, which it does not for resourceVersion=0.
    return this.#options.client.json(this.#request({ limit: PAGE_SIZE, continue: token }), signal)
  }

  async #gatherPage(items: readonly unknown[], list: ListedObjects): Promise<void> {
    for (let at = 0; at < items.length; at += SLICE_SIZE) {
      for (const item of items.slice(at, at + SLICE_SIZE)) if (isRawObject(item)) list.add(trimObject(item))
      await this.#pause(list)
    }
  }

  /** Between two parts of a list: one part of one list in a turn of the event loop. */
  #pause(list: ListedObjects): Promise<void> {
    this.#handFirst(list)
    return this.#options.client.turns.next()
  }

  /** Nobody has seen the first list in another state: it needs not be kept until its end. */
  #handFirst(list: ListedObjects): void {
    if (!this.#hasListed) this.#hand(list.take(), [])
  }

  #finish(list: ListedObjects, resourceVersion: string): void {
    this.#absences = 0
    this.#nextListIsPaged = false
    this.#hand(list.take(), list.missing())
    this.#resourceVersion = resourceVersion
    this.#markListed()
  }

  /** Follows what changes from the version that is known; where none is, the stream begins with what exists. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options
    using link = linkedController(signal)
    const startedMs = clock.monotonicMs()
    const resourceVersion = this.#resourceVersion
    let list = resourceVersion === undefined ? new ListedObjects(this.#known) : undefined
    if (list !== undefined) this.#enter({ kind: 'listing' })
    let heardMs = startedMs
    let events = 0
    const watchdog = this.#abortWhenSilent(() => heardMs + (list === undefined ? SILENCE_MS : LIST_SILENCE_MS), link.controller)
    try {
      const { least, most } = WATCH_SECONDS
      const timeoutSeconds = Math.round(least + clock.random() * (most - least))
      const from = resourceVersion === undefined ? STREAMED_LIST : { resourceVersion }
      const body = await client.stream(
        this.#request({ watch: true, allowWatchBookmarks: true, ...from, timeoutSeconds }),
        link.controller.signal,
      )
      if (list === undefined) this.#enter({ kind: 'watching' })
      for await (const lines of splitLines(body)) {
        link.controller.signal.throwIfAborted()
        heardMs = clock.monotonicMs()
        events += lines.length
        const rest = list === undefined ? lines : await this.#gatherEvents(lines, list)
        if (rest === undefined) continue
        list = undefined
        this.#follow(rest)
      }
      if (list !== undefined) throw new Error('the server ended the stream before the list was whole')
    } catch (error) {
      const isSilent = link.controller.signal.reason === SILENT
      if (signal.aborted || (list === undefined && !isSilent)) throw error
      // Bookmarks are no promise: a kind of which nothing ever changes gets none. Asking again costs little, and is no failure.
      if (list !== undefined) this.#giveUpStream(error, isSilent)
      return
    } finally {
      link.controller.abort()
      await watchdog
    }
    if (events === 0 && clock.monotonicMs() - startedMs < SHORTEST_WATCH_MS) throw new Error('the server ended the watch at once')
  }

  /** The lines behind the list; undefined as long as it is not whole. */
  async #gatherEvents(lines: readonly Buffer[], list: ListedObjects): Promise<readonly Buffer[] | undefined> {
    for (const [at, line] of lines.entries()) {
      const event = parseWatchEvent(line)
      // The versions of the objects are no place to go on from: they come in the order of their names.
      if (event.type === 'exists') list.add(event.object)
      else if (event.type === 'deleted') list.remove(event.key)
      else if (event.endsList) {
        this.#finish(list, event.resourceVersion)
        this.#enter({ kind: 'watching' })
        return lines.slice(at + 1)
      } else throw new KubeApiError('watch', 501, 'NotStreamed', 'a bookmark came that does not end the list')
      if ((at + 1) % SLICE_SIZE === 0) await this.#pause(list)
    }
    if (list.waiting >= SLICE_SIZE) await this.#pause(list)
    return undefined
  }

  /** Returns if pages are to be asked for at once; throws what has to be waited for. */
  #giveUpStream(error: unknown, isSilent: boolean): void {
    const { client, log, resource } = this.#options
    this.#nextListIsPaged = true
    const failure = isSilent ? 'not-offered' : streamedListFailure(error)
    if (failure === 'trouble') throw error
    if (failure === 'not-offered') client.streamedLists.refused()
    log.debug({ resource, err: error }, 'the API server does not stream this list; asking for pages')
  }

  async #abortWhenSilent(deadlineMs: () => number, controller: AbortController): Promise<void> {
    const { clock } = this.#options
    while (!controller.signal.aborted) {
      const leftMs = deadlineMs() - clock.monotonicMs()
      if (leftMs <= 0) controller.abort(SILENT)
      else await clock.sleep(leftMs, controller.signal)
    }
  }

  /** Applies lines that arrived together as one change. */
  #follow(lines: readonly Buffer[]): void {
    // The last event of an object wins: what lies between was never current for anybody.
    const changed = new Map<ObjectKey, RawObject>()
    const removed = new Set<ObjectKey>()
    try {
      for (const line of lines) this.#note(parseWatchEvent(line), changed, removed)
    } finally {
      // What came before a line that says what went wrong counts.
      this.#hand([...changed.values()], [...removed])
    }
  }

  #note(event: WatchEvent, changed: Map<ObjectKey, RawObject>, removed: Set<ObjectKey>): void {
    if (event.resourceVersion !== '') this.#resourceVersion = event.resourceVersion
    if (event.type === 'bookmark') return
    const { key } = event
    if (event.type === 'deleted') {
      changed.delete(key)
      if (this.#known.delete(key)) removed.add(key)
    } else if (isNews(this.#known, key, event.object)) {
      this.#known.set(key, event.resourceVersion)
      removed.delete(key)
      changed.set(key, event.object)
    }
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
      this.#removeAll()
      this.#markListed()
      this.#enter({ kind: 'absent', waitMs })
    } else {
      log[this.#isWorthTelling(failure) ? 'warn' : 'debug']({ resource, reason: failure.reason, waitMs }, failure.message)
      if (failure.reason === 'forbidden') this.#markAnswered()
      this.#enter({ kind: 'waiting', failure, waitMs })
    }
    await clock.sleep(waitMs, signal)
  }

  /**
   * The same failure again and again is told ever more seldom: 25 kinds would fill the log while a server is away. One that has just started does
   * not know our rights yet, nor what it holds: what could be read before is told of only when it goes on.
   */
  #isWorthTelling({ reason }: ReflectorFailure): boolean {
    if (reason === 'expired') return false
    const goesByItself = this.#hasListed && (reason === 'forbidden' || reason === 'throttled')
    return Number.isInteger(Math.log2(this.#failures)) && !(goesByItself && this.#failures === 1)
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
