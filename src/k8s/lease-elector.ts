/**
 * Elects one leader among replicas by a Lease: whoever holds it and renews it in time leads.
 *
 * Clocks of two machines are never compared: a holder has lost the Lease when we ourselves have seen it unchanged for its whole
 * duration. A leader that could not renew stops leading before anybody else may start.
 */

import { errorText } from '../util/error-text.js'
import { linkedController } from './abort.js'
import type { Clock } from './clock.js'
import type { KubeClient } from './kube-client.js'
import { hasStatus, KubeApiError } from './kube-error.js'
import { fieldAt, type JsonObject, stringAt } from './kube-json.js'
import type { Log } from './log.js'
import { collectionPath, objectPath } from './resource-path.js'

/** How long a Lease holds, how long a leader may fail to renew it, and how often everybody tries. In milliseconds. */
export interface LeaseTimes {
  readonly durationMs: number
  readonly renewDeadlineMs: number
  readonly retryMs: number
}

/** The times that Kubernetes' own components use. */
const LEASE_TIMES: LeaseTimes = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 }

/** Who wants to lead, by which Lease, and what a leader does. */
export interface LeaseElectorOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  readonly namespace: string
  readonly name: string
  /** Unique among the replicas: the name of the pod. */
  readonly identity: string
  /** Runs while leading; must end soon after its signal aborts. The Lease is given back only after it has ended. */
  readonly lead: (signal: AbortSignal) => Promise<void>
  readonly times?: LeaseTimes
}

/** How long giving the Lease back may take, in milliseconds: who ends waits for it. */
const RELEASE_MS = 3_000

const LEASES = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' }

/** The Lease as it was last seen, and when it was last seen to change. */
interface Observation {
  readonly lease: JsonObject
  readonly changedMs: number
}

/** Takes part in the election until its signal aborts. */
export class LeaseElector {
  readonly #options: LeaseElectorOptions
  readonly #times: LeaseTimes
  #observed: Observation | undefined
  /** When the API server last answered; undefined before the election begins. */
  #heardMs: number | undefined
  /** Failures in a row; only the first one is told. */
  #failures = 0
  #lastFailure: unknown
  #leading: { readonly controller: AbortController; readonly work: Promise<void> } | undefined

  constructor(options: LeaseElectorOptions) {
    this.#options = options
    this.#times = options.times ?? LEASE_TIMES
  }

  /** Who led when the Lease was last looked at; the empty string for nobody. */
  get holder(): string {
    return stringAt(this.#observed?.lease, 'spec', 'holderIdentity')
  }

  /** For how long the API server has not answered questions about the Lease, in milliseconds; 0 before the first one. */
  get silenceMs(): number {
    return this.#heardMs === undefined ? 0 : this.#options.clock.monotonicMs() - this.#heardMs
  }

  /** True while this replica leads. */
  get isLeader(): boolean {
    return this.#leading !== undefined
  }

  /** Why this replica could not become the leader when nobody else was; undefined while somebody leads, as far as is known. */
  get vacancy(): string | undefined {
    if (this.#failures === 0 || this.isLeader) return undefined
    // Whoever leads has written the Lease within its duration; as much again is for what it takes to lead in its place.
    const changedMs = this.#observed?.changedMs ?? Number.NEGATIVE_INFINITY
    const isHeld = this.holder !== '' && this.#options.clock.monotonicMs() - changedMs < 2 * this.#times.durationMs
    return isHeld ? undefined : errorText(this.#lastFailure)
  }

  /** Takes part until the signal aborts, then gives the Lease back. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    this.#heardMs ??= clock.monotonicMs()
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs()
      if (await this.#acquire(startedMs, signal)) await this.#leadWhileRenewed(startedMs, signal)
      else await clock.sleep(this.#retryMs(), signal)
    }
  }

  async #leadWhileRenewed(acquiredMs: number, signal: AbortSignal): Promise<void> {
    const { clock, log, identity } = this.#options
    log.info({ identity }, 'this replica leads now')
    using link = linkedController(signal)
    const work = this.#options
      .lead(link.controller.signal)
      .catch((error: unknown) => log.error({ err: error }, 'the work of the leader failed'))
    this.#leading = { controller: link.controller, work }
    let renewedMs = acquiredMs
    let triedMs = acquiredMs
    const { client } = this.#options
    const { breaks } = client.history
    // A process that stood still, and goes on when another one leads, may have something to write before it looks at the Lease again.
    const end = client.beforeChange(() => {
      if (clock.monotonicMs() - renewedMs >= this.#times.renewDeadlineMs) link.controller.abort()
    })
    while (!signal.aborted && clock.monotonicMs() - renewedMs < this.#times.renewDeadlineMs) {
      // What the last attempt took is no time to wait as well: it would not be left for the next one.
      const pauseMs = triedMs + this.#retryMs() - clock.monotonicMs()
      if (pauseMs > 0) await clock.sleep(pauseMs, signal)
      const startedMs = clock.monotonicMs()
      triedMs = startedMs
      const leftMs = renewedMs + this.#times.renewDeadlineMs - startedMs
      if (leftMs <= 0 || signal.aborted) break
      if (await this.#acquire(startedMs, signal, leftMs)) renewedMs = startedMs
      else if (this.#heldByAnother()) break
      // What was written may not be there any more: whoever leads now begins with all of it.
      if (client.history.breaks !== breaks) break
    }
    link.controller.abort()
    await work
    end()
    this.#leading = undefined
    log.info({ identity }, signal.aborted ? 'this replica gives up leading: it ends' : 'this replica has lost the lead')
    if (signal.aborted) await this.#release()
  }

  /** True if the Lease is ours now, taken or renewed at `startedMs`. */
  async #acquire(startedMs: number, signal: AbortSignal, timeoutMs: number = this.#times.renewDeadlineMs): Promise<boolean> {
    const deadlineMs = startedMs + timeoutMs
    try {
      const isOurs = (await this.#renew(signal, deadlineMs)) || (await this.#take(signal, deadlineMs))
      this.#failures = 0
      return isOurs
    } catch (error) {
      // What refuses us answers; 5xx may come from something before a server that is away.
      if (error instanceof KubeApiError && error.status < 500) this.#heardMs = this.#options.clock.monotonicMs()
      // Somebody was faster: what they wrote is seen at the next attempt.
      if (signal.aborted || hasStatus(error, 409)) return false
      this.#lastFailure = error
      this.#options.log[this.#failures++ === 0 ? 'warn' : 'debug']({ err: error }, 'the Lease of the leader could not be read or written')
      return false
    }
  }

  /** Who leads knows the Lease as it is, and renews it by one request. False if it does not lead, or somebody has changed the Lease. */
  async #renew(signal: AbortSignal, deadlineMs: number): Promise<boolean> {
    if (!this.isLeader || this.#observed === undefined) return false
    try {
      this.#observe(await this.#write(this.#claim(this.#observed.lease), signal, deadlineMs))
      return true
    } catch (error) {
      if (hasStatus(error, 409) || hasStatus(error, 404)) return false
      throw error
    }
  }

  async #take(signal: AbortSignal, deadlineMs: number): Promise<boolean> {
    this.#observe(await this.#read(signal, deadlineMs))
    const isFree = this.#observed === undefined || this.#mayTake(this.#observed)
    if (isFree) this.#observe(await this.#write(this.#claim(this.#observed?.lease), signal, deadlineMs))
    return isFree
  }

  /** What an answer of the API server says. It counts from now on, not from the question: the holder may have renewed the Lease in between. */
  #observe(lease: JsonObject | undefined): void {
    this.#heardMs = this.#options.clock.monotonicMs()
    const before = this.#observed?.lease
    if (lease === undefined) {
      this.#observed = undefined
    } else if (stringAt(before, 'metadata', 'resourceVersion') !== stringAt(lease, 'metadata', 'resourceVersion')) {
      this.#observed = { lease, changedMs: this.#heardMs }
    }
    if (before === undefined || follows(before, lease)) return
    const { client, log } = this.#options
    log.warn({}, 'the Lease of the leader is an older one, another one or gone, as when a backup was restored: everything is read again')
    client.history.broken()
  }

  #mayTake({ lease, changedMs }: Observation): boolean {
    const holder = stringAt(lease, 'spec', 'holderIdentity')
    if (holder === '' || holder === this.#options.identity) return true
    const seconds = fieldAt(lease, 'spec', 'leaseDurationSeconds')
    const durationMs = typeof seconds === 'number' ? seconds * 1000 : this.#times.durationMs
    return this.#options.clock.monotonicMs() - changedMs >= durationMs
  }

  #heldByAnother(): boolean {
    const holder = stringAt(this.#observed?.lease, 'spec', 'holderIdentity')
    return holder !== '' && holder !== this.#options.identity
  }

  #claim(before: JsonObject | undefined): JsonObject & { readonly spec: JsonObject } {
    const { identity, namespace, name } = this.#options
    const now = microTime(this.#options.clock.wallTime())
    const renews = stringAt(before, 'spec', 'holderIdentity') === identity
    const transitions = Number(fieldAt(before, 'spec', 'leaseTransitions') ?? 0)
    const metadata = before === undefined ? { name, namespace } : fieldAt(before, 'metadata')
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata,
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: this.#times.durationMs / 1000,
        acquireTime: renews ? fieldAt(before, 'spec', 'acquireTime') : now,
        renewTime: now,
        leaseTransitions: renews || before === undefined ? transitions : transitions + 1,
      },
    }
  }

  #read(signal: AbortSignal, deadlineMs: number): Promise<JsonObject | undefined> {
    const { client, clock, namespace, name } = this.#options
    return client.find(objectPath({ ...LEASES, namespace, name }), signal, deadlineMs - clock.monotonicMs())
  }

  /** Compare and swap: the resource version in the metadata makes a write on top of a foreign one fail with 409. */
  async #write(lease: JsonObject, signal: AbortSignal, deadlineMs: number): Promise<JsonObject> {
    const { client, clock, namespace, name } = this.#options
    const timeoutMs = deadlineMs - clock.monotonicMs()
    return stringAt(lease, 'metadata', 'resourceVersion') === ''
      ? client.json({ method: 'POST', path: collectionPath(LEASES, namespace), body: lease }, signal, timeoutMs)
      : client.json({ method: 'PUT', path: objectPath({ ...LEASES, namespace, name }), body: lease }, signal, timeoutMs)
  }

  /** Reads the Lease again where it is not as it was last seen: a renewal that the end cut short may have been carried out. */
  async #release(): Promise<void> {
    const { clock, log } = this.#options
    const signal = AbortSignal.timeout(RELEASE_MS)
    const deadlineMs = clock.monotonicMs() + RELEASE_MS
    try {
      while (this.#observed !== undefined && !this.#heldByAnother()) {
        const claim = this.#claim(this.#observed.lease)
        const spec = { ...claim.spec, holderIdentity: '', leaseDurationSeconds: 1 }
        try {
          await this.#write({ ...claim, spec }, signal, deadlineMs)
          return
        } catch (error) {
          if (!hasStatus(error, 409)) throw error
          this.#observe(await this.#read(signal, deadlineMs))
        }
      }
    } catch (error) {
      log.debug({ err: error }, 'the Lease could not be given back; it runs out by itself')
    }
  }

  /** A little more than the time, by chance: replicas that started together do not stay in step. Half of it where a leader may lose its Lease. */
  #retryMs(): number {
    const isUrgent = this.isLeader && this.#failures > 0
    return (isUrgent ? 0.5 : 1) * this.#times.retryMs * (1 + 0.2 * this.#options.clock.random())
  }
}

/** True if it is the same Lease, and no older than it was. Every replica sees it about every two seconds. */
function follows(before: JsonObject, lease: JsonObject | undefined): boolean {
  const [uid, was] = [stringAt(before, 'metadata', 'uid'), Number(stringAt(before, 'metadata', 'resourceVersion'))]
  return stringAt(lease, 'metadata', 'uid') === uid && Number(stringAt(lease, 'metadata', 'resourceVersion')) >= was
}

function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z')
}
