/**
 * Brings the statuses in the cluster to what the translation says. Level-triggered: it knows what should be said and what is said, and
 * writes where the two differ, whoever changed which. Only the leader runs it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { linkedController } from '../k8s/abort.js'
import { API_BACKOFF, backoffMs } from '../k8s/backoff.js'
import type { Clock } from '../k8s/clock.js'
import type { KubeClient } from '../k8s/kube-client.js'
import { hasStatus, KubeApiError, lacksRight } from '../k8s/kube-error.js'
import type { Log } from '../k8s/log.js'
import type { ApiResource } from '../k8s/resource-path.js'
import { Slots } from '../k8s/slots.js'
import { isOlder, type StoredStatus } from '../k8s/stored-status.js'
import { deepEqual } from '../util/deep-equal.js'
import { errorText } from '../util/error-text.js'
import { ForbiddenStatuses } from './forbidden-statuses.js'
import { Lanes } from './lanes.js'
import type { OwnEntry } from './merge-entries.js'
import { nextStatus } from './next-status.js'
import { EVERY_GENERATION, isForeign, orphanStatus } from './orphans.js'
import { readStatus, sendStatus, withdrawStatus } from './send-status.js'
import { isShared, newEntry, type StatusEntry } from './status-entry.js'
import { differsUrgently, isUnsettled, sharedObjectDueMs, singleObjectDueMs } from './write-pace.js'

/** What came of looking at one status. */
export type StatusOutcome = 'written' | 'unchanged' | 'overtaken' | 'conflict' | 'refused' | 'failed'

/** What a writer works with. */
export interface StatusWriterOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  readonly controllerName: string
  /** Where the objects of a kind are. */
  readonly resourceOf: (kind: string) => ApiResource
  readonly onOutcome?: (kind: string, outcome: StatusOutcome) => void
  /** Told what a write has changed. */
  readonly onWritten?: (object: ObjectStatus['object'], before: StoredStatus, after: StoredStatus) => void
  /** Told what the API server says of a status that it refuses, the first time. */
  readonly onRefused?: (object: ObjectStatus['object'], uid: string, message: string) => void
  /** Told what a status has no room for, when that changes. */
  readonly onUnsaid?: (object: ObjectStatus['object'], stored: StoredStatus, unsaid: readonly OwnEntry[]) => void
}

/** So many requests are under way at once, */
const CONCURRENCY = 8

/** and so many with those that wait for a slow webhook. */
const MOST_SLOW = 128

/** So many are looked at before others have their turn: what is in the cluster already costs no request to wait for. */
const LOOKED_AT_IN_A_TURN = 50

/** After so many conflicts in a row the object is left alone for a moment. */
const MAX_CONFLICTS = 5

/** An entry of ours about which the translation says nothing is removed after this long: it may just be late. */
const ORPHAN_GRACE_MS = 10_000

/** The reason for waking up. Without one, each time an exception with its stack trace would be made. */
const AWAKE = 'awake'

/** A status that others change back again and again is repaired ever more seldom. */
const REPAIR_MS = { first: 1_000, most: 60_000 }

/** Whoever refuses, a schema or a policy of the cluster, may change: nothing tells us when. */
const REFUSED_MS = 300_000

/** Writes statuses while its signal lives; knows what to write all the time. */
export class StatusWriter {
  /** What this process may not write while it leads. */
  readonly forbidden: ForbiddenStatuses = new ForbiddenStatuses()
  readonly #options: StatusWriterOptions
  readonly #entries = new Map<string, StatusEntry>()
  readonly #waiting = new Set<StatusEntry>()
  /** What is due. A Gateway does not wait for a thousand routes: its kind has its turn after one of them. */
  readonly #ready = new Lanes<StatusEntry>()
  readonly #busy: Slots<StatusEntry>
  #nextDueMs = Number.POSITIVE_INFINITY
  /** When all entries are looked at for those that nothing is said about. */
  #orphansDueMs = Number.POSITIVE_INFINITY
  #sleepingUntilMs = Number.NEGATIVE_INFINITY
  #running = false
  #told = false
  #wake: () => void = () => undefined

  constructor(options: StatusWriterOptions) {
    this.#options = options
    this.#busy = new Slots(options.clock, CONCURRENCY, MOST_SLOW)
    options.client.history.onBreak(() => this.#forgetStored())
  }

  /** What the translation says now, by `<Kind>/<namespace>/<name>`; undefined where it says nothing any more. */
  set(changes: ReadonlyMap<string, ObjectStatus | undefined>): void {
    // At a start all is said in parts: by the end of the grace nothing is missing.
    if (!this.#told) this.#lookForOrphansLater()
    this.#told = true
    for (const [name, desired] of changes) {
      const entry = this.#entry(name)
      if (desired !== undefined) entry.left = undefined
      else if (isShared(entry.desired) && entry.stored !== undefined) entry.left = entry.desired
      entry.desired = desired
      entry.repairs = 0
      this.#touch(entry, entry.left === undefined ? 0 : ORPHAN_GRACE_MS)
    }
  }

  /** What the cluster says now; undefined when the object is gone. */
  observe(name: string, stored: StoredStatus | undefined): void {
    const known = this.#entries.get(name)
    if (stored === undefined) {
      this.forbidden.delete(name)
      if (known !== undefined) {
        known.stored = undefined
        known.left = undefined
      }
      if (known?.desired === undefined) this.#entries.delete(name)
      return
    }
    // What other controllers say about routes that are not ours is not kept: should one become ours, it is read again.
    if (known?.desired === undefined && isForeign(stored, this.#options.controllerName)) {
      this.#entries.delete(name)
      return
    }
    const entry = known ?? this.#entry(name)
    if (entry.stored !== undefined && (entry.stored.resourceVersion === stored.resourceVersion || isOlder(stored, entry.stored))) return
    entry.stored = stored
    if (entry.desired !== undefined) this.#touch(entry, this.#repairDelayMs(entry))
    if (this.#isOrphan(entry)) this.#touch(entry, ORPHAN_GRACE_MS)
  }

  /** What the cluster said is not true any more, and newer than what it says now. */
  #forgetStored(): void {
    for (const entry of this.#entries.values()) entry.stored = undefined
  }

  /** Writes until the signal aborts; afterwards no request is under way. May be started again. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    this.#running = true
    for (const entry of this.#entries.values()) {
      if (entry.desired !== undefined) this.#touch(entry, 0)
      else if (entry.left !== undefined) this.#touch(entry, ORPHAN_GRACE_MS)
    }
    this.#lookForOrphansLater()
    const tasks = new Set<Promise<void>>()
    let lookedAt = 0
    while (!signal.aborted) {
      this.#promote()
      while (this.#busy.room > 0) {
        const entry = this.#ready.take()
        if (entry === undefined) break
        lookedAt++
        const task = this.#work(entry, signal).finally(() => {
          tasks.delete(task)
          this.#wake()
        })
        tasks.add(task)
      }
      await this.#pause(signal)
      if (lookedAt < LOOKED_AT_IN_A_TURN) continue
      lookedAt = 0
      await nextTurn()
    }
    this.#running = false
    await Promise.all(tasks)
    this.forbidden.clear()
    for (const entry of [...this.#waiting, ...this.#ready.clear()]) entry.place = 'idle'
    this.#waiting.clear()
  }

  #entry(name: string): StatusEntry {
    const known = this.#entries.get(name)
    if (known !== undefined) return known
    const created = newEntry(name)
    this.#entries.set(name, created)
    return created
  }

  /** Something about the entry changed: it is looked at when its pace allows, and not before the delay. */
  #touch(entry: StatusEntry, delayMs: number): void {
    const nowMs = this.#options.clock.monotonicMs()
    entry.sinceMs ??= nowMs
    entry.changedMs = nowMs
    entry.notBeforeMs = nowMs + delayMs
    if (!this.#running) return
    if (entry.place === 'idle') {
      entry.place = 'waiting'
      this.#waiting.add(entry)
    }
    if (entry.place === 'waiting') this.#nextDueMs = Math.min(this.#nextDueMs, this.#dueMs(entry))
    if (this.#nextDueMs < this.#sleepingUntilMs) this.#wake()
  }

  #lookForOrphansLater(): void {
    this.#orphansDueMs = this.#options.clock.monotonicMs() + ORPHAN_GRACE_MS
    this.#nextDueMs = Math.min(this.#nextDueMs, this.#orphansDueMs)
    if (this.#nextDueMs < this.#sleepingUntilMs) this.#wake()
  }

  #dueMs(entry: StatusEntry, waiting: number = this.#waiting.size): number {
    const { desired, settledOn, writtenMs, sinceMs = 0, changedMs, notBeforeMs } = entry
    if (desired === undefined) return notBeforeMs
    const facts = { writtenMs, sinceMs, changedMs, urgent: differsUrgently(settledOn, desired), unsettled: isUnsettled(desired), waiting }
    return Math.max(notBeforeMs, isShared(desired) ? sharedObjectDueMs(facts) : singleObjectDueMs(facts))
  }

  /** Moves what is due from waiting to ready. */
  #promote(): void {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs < this.#nextDueMs) return
    if (nowMs >= this.#orphansDueMs) {
      this.#orphansDueMs = Number.POSITIVE_INFINITY
      for (const entry of this.#entries.values()) if (entry.place === 'idle' && this.#isOrphan(entry)) this.#touch(entry, 0)
    }
    this.#nextDueMs = this.#orphansDueMs
    const waiting = this.#waiting.size
    for (const entry of this.#waiting) {
      const dueMs = this.#dueMs(entry, waiting)
      if (dueMs > nowMs) {
        this.#nextDueMs = Math.min(this.#nextDueMs, dueMs)
        continue
      }
      this.#waiting.delete(entry)
      entry.place = 'ready'
      this.#ready.add(entry)
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    if (signal.aborted) return
    using link = linkedController(signal)
    this.#wake = () => link.controller.abort(AWAKE)
    // Where there is room, what is due waits for what is under way to end.
    const roomAtMs = this.#busy.room > 0 ? Number.POSITIVE_INFINITY : this.#busy.roomAtMs
    this.#sleepingUntilMs = Math.min(this.#nextDueMs, roomAtMs)
    const leftMs = this.#sleepingUntilMs - clock.monotonicMs()
    // A timer cannot be set for ever; waking up once an hour for nothing costs nothing.
    if (leftMs > 0) await clock.sleep(Math.min(leftMs, 3_600_000), link.controller.signal)
    this.#sleepingUntilMs = Number.NEGATIVE_INFINITY
    this.#wake = () => undefined
  }

  async #work(entry: StatusEntry, signal: AbortSignal): Promise<void> {
    this.#busy.take(entry)
    entry.place = 'busy'
    entry.sinceMs = undefined
    const desired = entry.desired ?? orphanStatus(entry.name, entry.stored, this.#options.controllerName)
    const outcome = await (desired === undefined ? this.#takeBack(entry, signal) : this.#bring(entry, desired, signal))
    this.#busy.free(entry)
    this.#ready.done(entry)
    entry.place = 'idle'
    if (desired !== undefined) this.#options.onOutcome?.(desired.object.kind, outcome)
    if (outcome === 'written' || outcome === 'unchanged') this.#allowed(entry, outcome)
    // What changed while the request was under way has its turn now.
    if (entry.sinceMs !== undefined) this.#touch(entry, Math.max(0, entry.notBeforeMs - this.#options.clock.monotonicMs()))
    if (entry.desired === undefined && entry.stored === undefined) this.#entries.delete(entry.name)
  }

  async #bring(entry: StatusEntry, desired: ObjectStatus, signal: AbortSignal): Promise<StatusOutcome> {
    try {
      for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
        const outcome = await this.#tryOnce(entry, desired, signal)
        if (outcome !== 'conflict') return outcome
      }
      this.#retryLater(entry, 0)
      return 'conflict'
    } catch (error) {
      return signal.aborted || hasStatus(error, 404) ? 'unchanged' : this.#failed(entry, desired, error)
    }
  }

  /** Writes what is missing in the status. `conflict`: somebody wrote in between, and what they wrote has to be read before ours is put into it. */
  async #tryOnce(entry: StatusEntry, desired: ObjectStatus, signal: AbortSignal): Promise<StatusOutcome> {
    const { client, clock, controllerName, resourceOf, onUnsaid, onWritten } = this.#options
    const { object } = desired
    const resource = resourceOf(object.kind)
    const stored: StoredStatus = entry.stored ?? (await readStatus(client, resource, object, signal))
    // Generations only count up: this is another object of the same name, about which the translation has not said anything yet.
    if (object.generation > stored.generation && object.generation !== EVERY_GENERATION) return 'overtaken'
    const next = nextStatus(stored.status, desired, controllerName, timestamp(clock), stored.generation)
    if (next === undefined) return 'overtaken'
    entry.settledOn = desired
    if (!deepEqual(entry.unsaid, next.unsaid) && next.unsaid.length > 0) onUnsaid?.(object, stored, next.unsaid)
    entry.unsaid = next.unsaid
    if (deepEqual(stored.status, next.merged)) {
      entry.failures = 0
      return 'unchanged'
    }
    entry.writtenMs = clock.monotonicMs()
    try {
      const written = await sendStatus(client, resource, object, stored, next, signal)
      // The watch may have told of a later change while the answer was under way.
      if (entry.stored === undefined || entry.stored === stored || isOlder(entry.stored, written)) entry.stored = written
      entry.failures = 0
      onWritten?.(object, stored, written)
      return 'written'
    } catch (error) {
      if (!hasStatus(error, 409)) throw error
      if (entry.stored === stored) entry.stored = undefined
      return 'conflict'
    }
  }

  /** Tells of a failure and tries again later: of a refusal once, and much later. */
  #failed(entry: StatusEntry, { object }: ObjectStatus, error: unknown): StatusOutcome {
    const { log, onRefused } = this.#options
    if (isRefusal(error)) {
      if (entry.failures === 0) {
        log.error({ err: error, object: entry.name }, 'the API server refuses a status; it is tried again every five minutes')
        onRefused?.(object, entry.stored?.uid ?? '', errorText(error))
      }
      this.#retryLater(entry, REFUSED_MS)
      return 'refused'
    }
    const isNews = !lacksRight(error) || this.forbidden.add(entry.name, errorText(error))
    log[isNews ? 'warn' : 'debug']({ err: error, object: entry.name }, 'a status could not be written; trying again')
    this.#retryLater(entry, error instanceof KubeApiError ? (error.retryAfterMs ?? 0) : 0)
    return 'failed'
  }

  /**
   * What stands in the status of a Gateway after it went to a class of nobody would never change again, and says that it serves. Where another
   * controller has written what we did, it answers for all of it.
   */
  async #takeBack(entry: StatusEntry, signal: AbortSignal): Promise<StatusOutcome> {
    const { client, clock, controllerName, log, resourceOf } = this.#options
    const { left } = entry
    if (left === undefined) return 'unchanged'
    const resource = resourceOf(left.object.kind)
    try {
      const stored = entry.stored ?? (await readStatus(client, resource, left.object, signal))
      const isOurs = deepEqual(nextStatus(stored.status, left, controllerName, timestamp(clock))?.merged, stored.status)
      if (isOurs) await withdrawStatus(client, resource, left.object, stored, signal)
      entry.failures = 0
      entry.left = undefined
      return isOurs ? 'written' : 'unchanged'
    } catch (error) {
      if (hasStatus(error, 409)) entry.stored = undefined
      if (hasStatus(error, 404) || isRefusal(error)) entry.left = undefined
      if (signal.aborted || entry.left === undefined) return 'unchanged'
      log.warn({ err: error, object: entry.name }, 'a status could not be taken back; trying again')
      this.#retryLater(entry, 0)
      return 'failed'
    }
  }

  /** Who was given the right to write one status may write those of its kind, which have waited for long perhaps. */
  #allowed({ name }: StatusEntry, outcome: StatusOutcome): void {
    const others = this.forbidden.delete(name)
    if (outcome !== 'written') return
    for (const other of others) {
      const entry = this.#entries.get(other)
      if (entry !== undefined) this.#touch(entry, 0)
    }
  }

  #retryLater(entry: StatusEntry, atLeastMs: number): void {
    const { clock } = this.#options
    entry.failures++
    entry.settledOn = undefined
    this.#touch(entry, Math.max(backoffMs(API_BACKOFF, entry.failures, clock), atLeastMs))
  }

  /** How long a foreign change of what we wrote is left standing. */
  #repairDelayMs(entry: StatusEntry): number {
    const { clock, controllerName } = this.#options
    const { desired, settledOn, stored } = entry
    if (desired === undefined || stored === undefined || settledOn === undefined || !deepEqual(settledOn, desired)) return 0
    const next = nextStatus(stored.status, desired, controllerName, timestamp(clock), stored.generation)
    if (next === undefined || deepEqual(stored.status, next.merged)) return 0
    entry.repairs++
    return entry.repairs === 1 ? 0 : Math.min(REPAIR_MS.first * 2 ** (entry.repairs - 2), REPAIR_MS.most)
  }

  #isOrphan(entry: StatusEntry): boolean {
    return this.#told && entry.desired === undefined && orphanStatus(entry.name, entry.stored, this.#options.controllerName) !== undefined
  }
}

/** True if sending the same again does not help, as long as a schema or a policy of the cluster is as it is. */
function isRefusal(error: unknown): boolean {
  return error instanceof KubeApiError && [400, 403, 422].includes(error.status) && !lacksRight(error)
}

function timestamp(clock: Clock): string {
  return `${clock.wallTime().toISOString().slice(0, 19)}Z`
}
