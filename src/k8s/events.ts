/**
 * Events of Kubernetes: what `kubectl describe` shows below an object. They are notes for people: limited in number, repeated ones
 * counted instead of written again, and lost rather than waited for.
 */
import type { ObjectRef } from '../util/object-ref.js'
import { shortenedToBytes } from '../util/shortened.js'
import type { Clock } from './clock.js'
import { CONTENT_TYPE, type KubeClient } from './kube-client.js'
import type { JsonObject } from './kube-json.js'
import type { Log } from './log.js'
import { collectionPath, objectPath } from './resource-path.js'

/** Something worth a note. */
export interface EventNote {
  readonly regarding: ObjectRef & { readonly apiVersion: string; readonly uid?: string }
  readonly type: 'Normal' | 'Warning'
  /** One word for programs, such as `Accepted`. */
  readonly reason: string
  /** What was done, one word for programs, such as `Translate`. */
  readonly action: string
  readonly note: string
}

/** Who writes Events. */
export interface EventRecorderOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  /** `headgate.dev/gateway-controller`. */
  readonly controller: string
  /** The name of the pod. */
  readonly instance: string
}

const EVENTS = { group: 'events.k8s.io', version: 'v1', plural: 'events' }

/** For one object: so many at once, then one in so many milliseconds; as client-go's spam filter. */
const BURST = 25
const REFILL_MS = 300_000

/** A note that is repeated within this time counts up the Event that it made. */
const SERIES_MS = 360_000

/** The API server refuses longer notes. */
const MAX_NOTE_BYTES = 1_024

/** What the name of an Event has of that of its object. */
const MAX_OBJECT_NAME_LENGTH = 200

/** So many objects are remembered; the oldest are forgotten first. */
const MAX_REMEMBERED = 4_096

/** Notes that wait for a slow server beyond this number are dropped. */
const MAX_QUEUED = 256

interface Series {
  readonly name: string
  count: number
  lastMs: number
}

interface Budget {
  tokens: number
  filledMs: number
}

/** Writes Events, one at a time. */
export class EventRecorder {
  /** Notes that were dropped because there were too many. */
  dropped = 0
  readonly #options: EventRecorderOptions
  readonly #series = new Map<string, Series>()
  readonly #budgets = new Map<string, Budget>()
  readonly #queue: EventNote[] = []
  #wake: (() => void) | undefined
  #sequence = 0

  constructor(options: EventRecorderOptions) {
    this.#options = options
  }

  /** Notes something; returns at once. */
  record(note: EventNote): void {
    if (this.#queue.length >= MAX_QUEUED || !this.#withinBudget(objectName(note))) {
      this.dropped++
      return
    }
    this.#queue.push(note)
    this.#wake?.()
  }

  /** Writes what is noted until the signal aborts. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wake?.()
    signal.addEventListener('abort', wake, { once: true })
    while (!signal.aborted) {
      const next = this.#queue.shift()
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = undefined
        continue
      }
      await this.#write(next, signal).catch((error: unknown) => this.#options.log.debug({ err: error }, 'an Event was not written'))
    }
  }

  async #write(note: EventNote, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#options
    const namespace = note.regarding.namespace || 'default'
    const key = [objectName(note), note.type, note.reason, note.note].join('|')
    const nowMs = clock.monotonicMs()
    const known = this.#series.get(key)
    const now = clock.wallTime().toISOString().replace('Z', '000Z')
    if (known !== undefined && nowMs - known.lastMs < SERIES_MS) {
      known.count++
      known.lastMs = nowMs
      const body = { series: { count: known.count, lastObservedTime: now } }
      await client.json(
        { method: 'PATCH', path: objectPath({ ...EVENTS, namespace, name: known.name }), body, contentType: CONTENT_TYPE.mergePatch },
        signal,
      )
      return
    }
    // A part of a name may end with what no name ends with.
    const object = note.regarding.name.slice(0, MAX_OBJECT_NAME_LENGTH).replace(/[-.]+$/, '')
    const name = `${object}.${clock.wallTime().getTime().toString(16)}${(this.#sequence++).toString(16).padStart(4, '0')}`
    await client.json({ method: 'POST', path: collectionPath(EVENTS, namespace), body: this.#event(note, namespace, name, now) }, signal)
    remember(this.#series, key, { name, count: 1, lastMs: nowMs })
  }

  #event(note: EventNote, namespace: string, name: string, now: string): JsonObject {
    const { apiVersion, kind, uid } = note.regarding
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      eventTime: now,
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance.slice(0, 128),
      action: note.action,
      reason: note.reason,
      type: note.type,
      note: shortenedToBytes(note.note, MAX_NOTE_BYTES),
      regarding: {
        apiVersion,
        kind,
        name: note.regarding.name,
        ...(note.regarding.namespace === '' ? {} : { namespace: note.regarding.namespace }),
        ...(uid === undefined ? {} : { uid }),
      },
    }
  }

  #withinBudget(object: string): boolean {
    const nowMs = this.#options.clock.monotonicMs()
    const budget = this.#budgets.get(object) ?? { tokens: BURST, filledMs: nowMs }
    const refilled = Math.floor((nowMs - budget.filledMs) / REFILL_MS)
    budget.tokens = Math.min(BURST, budget.tokens + refilled)
    budget.filledMs += refilled * REFILL_MS
    remember(this.#budgets, object, budget)
    if (budget.tokens < 1) return false
    budget.tokens--
    return true
  }
}

function objectName({ regarding }: EventNote): string {
  return `${regarding.apiVersion}/${regarding.kind}/${regarding.namespace}/${regarding.name}`
}

/** Keeps what was used last. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  const oldest = map.keys().next()
  if (map.size > MAX_REMEMBERED && oldest.done === false) map.delete(oldest.value)
}
