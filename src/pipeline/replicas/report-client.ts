/** The followers' side: tells the leader how far the proxies of this replica are, for as long as it leads. */
import { type ChannelCredentials, Client, type ClientDuplexStream } from '@grpc/grpc-js'
import { API_BACKOFF, backoffMs } from '../../k8s/backoff.js'
import type { Clock } from '../../k8s/clock.js'
import { DIRECT_CHANNEL } from '../../util/direct-channel.js'
import type { RejectedVersion, RejectedVersions } from '../../xds/rejected-versions.js'
import type { ServerLog } from '../../xds/server/stream-context.js'
import type { Deliveries } from '../deliveries/deliveries.js'
import type { Holder } from './identity.js'
import { type DeliveryReport, type Rejections, replicaService } from './service.js'
import { rejectedFromWire, toWire } from './wire.js'

/** What a reporter works with. */
export interface ReporterOptions {
  /** The name of this replica. */
  readonly replica: string
  /** Who leads as far as is known; undefined for nobody. */
  readonly leader: () => Holder | undefined
  /** A certificate of this replica, of now. */
  readonly credentials: () => ChannelCredentials
  /** The name in the certificates of all replicas. */
  readonly serverName: string
  readonly deliveries: Deliveries
  readonly rejected: RejectedVersions
  /** A proxy of another replica rejected a version that was not known to be bad. */
  readonly onRejected: (version: RejectedVersion) => void
  readonly clock: Clock
  readonly log: ServerLog
}

/** How often the leader is looked for. */
const LOOK_MS = 500
/** Objects in one message. */
const BATCH = 500

/** Reports to whoever leads until the signal aborts. Never rejects. */
export async function reportToLeader(options: ReporterOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, replica } = options
  let failures = 0
  while (!signal.aborted) {
    const leader = options.leader()
    if (leader?.address === undefined || leader.name === replica) {
      await clock.sleep(LOOK_MS, signal)
      continue
    }
    const startedMs = clock.monotonicMs()
    const error = await reportTo(leader, leader.address, options, signal)
    if (signal.aborted) return
    failures = clock.monotonicMs() - startedMs > 60_000 ? 1 : failures + 1
    if (error !== undefined) log.warn({ err: error, leader: leader.name }, 'the leader does not take reports; trying again')
    await clock.sleep(backoffMs(API_BACKOFF, failures, clock), signal)
  }
}

/** Resolves when the stream has ended or another replica leads. */
async function reportTo(leader: Holder, address: string, options: ReporterOptions, signal: AbortSignal): Promise<Error | undefined> {
  const client = new Client(address, options.credentials(), {
    ...DIRECT_CHANNEL,
    'grpc.ssl_target_name_override': options.serverName,
    'grpc.keepalive_time_ms': 10_000,
  })
  const method = replicaService().Report
  if (method === undefined) throw new Error('replica.proto has no method Report')
  const call: ClientDuplexStream<DeliveryReport, Rejections> = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
  )
  const outbox = new Outbox(call, options)
  const watch = new AbortController()
  try {
    return await new Promise<Error | undefined>((resolve) => {
      call.on('data', ({ rejected }: Rejections) => {
        for (const version of rejected) {
          const known = rejectedFromWire(version)
          if (known !== undefined && options.rejected.add(known)) options.onRejected(known)
        }
      })
      call.on('error', resolve)
      call.on('end', () => resolve(undefined))
      signal.addEventListener('abort', () => resolve(undefined), { once: true, signal: watch.signal })
      void untilReplaced(leader, options, watch.signal).then(() => resolve(undefined))
    })
  } finally {
    watch.abort()
    outbox.stop()
    call.cancel()
    client.close()
  }
}

async function untilReplaced(leader: Holder, { leader: current, clock }: ReporterOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && current()?.name === leader.name) await clock.sleep(LOOK_MS, signal)
}

/** What has changed since the last message; at most one message is under way. */
class Outbox {
  readonly #call: ClientDuplexStream<DeliveryReport, Rejections>
  readonly #deliveries: Deliveries
  readonly #dirty = new Set<string>()
  readonly #stops: readonly (() => void)[]
  #rejected: RejectedVersion[]
  #isComplete = true
  #isScheduled = false
  #isStopped = false

  constructor(call: ClientDuplexStream<DeliveryReport, Rejections>, { deliveries, rejected }: ReporterOptions) {
    this.#call = call
    this.#deliveries = deliveries
    this.#rejected = [...rejected.list()]
    for (const [object] of deliveries.states()) this.#dirty.add(object)
    this.#stops = [
      deliveries.onStates((object) => {
        this.#dirty.add(object)
        this.#schedule()
      }),
      rejected.onAdded((added) => {
        this.#rejected.push(added)
        this.#schedule()
      }),
    ]
    this.#schedule()
  }

  stop(): void {
    this.#isStopped = true
    for (const stop of this.#stops) stop()
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return
    this.#isScheduled = true
    setImmediate(() => this.#send())
  }

  #send(): void {
    this.#isScheduled = false
    if (this.#isStopped) return
    const batch = [...this.#dirty].slice(0, BATCH)
    for (const object of batch) this.#dirty.delete(object)
    const objects = batch.map((object) => toWire(object, this.#deliveries.statesOf(object)))
    const isFlowing = this.#call.write({ complete: this.#isComplete, objects, rejected: this.#rejected })
    this.#isComplete = false
    this.#rejected = []
    if (this.#dirty.size === 0) return
    if (isFlowing) this.#schedule()
    else this.#call.once('drain', () => this.#schedule())
  }
}
