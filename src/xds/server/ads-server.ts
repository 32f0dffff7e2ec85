/**
 * The ADS server: one port, delta and state of the world.
 *
 * ```ts
 * const server = new AdsServer({ cache, authenticator, credentials })
 * server.tracker.onDelivery((event) => …)   // progress of groups, rejected versions with the objects they were made from
 * const port = await server.listen('127.0.0.1', 18000)
 * cache.apply(group, changes)               // after each round of translation
 * cache.markComplete()                      // once: nobody gets anything before
 * …
 * await server.close()
 * ```
 */
import { type AddressInfo, createServer } from 'node:net'
import { Server, type ServerCredentials, type ServiceDefinition, status, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { isLoopback } from '../../util/loopback.js'
import { DeliveryTracker } from '../delivery-tracker.js'
import { RejectedVersions } from '../rejected-versions.js'
import type { SnapshotCache } from '../snapshot-cache.js'
import { Admission } from './admission.js'
import { ADS_SERVICE } from './ads-service.js'
import { type AdsCall, AdsStream } from './ads-stream.js'
import type { Authenticator } from './authentication.js'
import { type Bounds, DEFAULT_BOUNDS } from './bounds.js'
import { type ServerClock, serverClock } from './clock.js'
import { Connections } from './connections.js'
import { Counters } from './counters.js'
import { Doorway } from './doorway.js'
import { Bridges } from './extension-order.js'
import { DEFAULT_LIMITS, type Limits } from './limits.js'
import { PeerCounts } from './peer-counts.js'
import { PumpQueue } from './pump-queue.js'
import type { Protocol } from './requests.js'
import type { ServerLog, StreamContext } from './stream-context.js'
import { TlsServerCredentials } from './tls/tls-credentials.js'
import { deltaResourceEncoder, sotwResourceEncoder } from './wire.js'

/** How to run a server. */
export interface AdsServerOptions {
  readonly cache: SnapshotCache
  readonly authenticator: Authenticator
  readonly credentials: ServerCredentials
  /** Versions that were rejected before, loaded from where they are kept. Default: none. */
  readonly rejected?: RejectedVersions | undefined
  /** True where proxies are pods of some image: what they reject counts for their own group and image. Default: it counts for everybody. */
  readonly areFleetsApart?: boolean
  readonly log?: ServerLog | undefined
  readonly bounds?: Partial<Bounds>
  readonly limits?: Partial<Limits>
  readonly clock?: ServerClock
}

const SILENT: ServerLog = { info: () => {}, warn: () => {} }

/** What a peer may take to take leave when the server closes: a proxy is to hear that it was meant so. */
const LEAVE_MS = 500

/** Secrets would leave the machine in plaintext. */
export class PlaintextError extends Error {
  override readonly name = 'PlaintextError'
}

/** Serves the resources of a cache. */
export class AdsServer {
  /** What proxies say: who is connected, how far they are, what they rejected. */
  readonly tracker: DeliveryTracker = new DeliveryTracker()
  readonly rejected: RejectedVersions
  readonly counters: Counters = new Counters()
  readonly #server: Server
  readonly #credentials: ServerCredentials
  readonly #context: StreamContext
  readonly #streamsOfPeers = new PeerCounts()
  readonly #stops: (() => void)[] = []
  readonly #connections: Connections
  #streams = 0
  #nextStream = 1

  constructor(options: AdsServerOptions) {
    this.rejected = options.rejected ?? new RejectedVersions()
    this.#credentials = options.credentials
    const limits = { ...DEFAULT_LIMITS, ...options.limits }
    const clock = options.clock ?? serverClock
    this.#connections = new Connections(limits.maxConnectionsPerPeer)
    this.#context = {
      cache: options.cache,
      rejected: this.rejected,
      areFleetsApart: options.areFleetsApart === true,
      tracker: this.tracker,
      authenticator: options.authenticator,
      bounds: { ...DEFAULT_BOUNDS, ...options.bounds },
      limits,
      clock,
      log: options.log ?? SILENT,
      counters: this.counters,
      encoders: { delta: deltaResourceEncoder(this.counters), sotw: sotwResourceEncoder(this.counters) },
      silentClusters: new WeakMap(),
      bridges: new Bridges(),
      queue: new PumpQueue(),
      admission: new Admission(limits, clock),
    }
    this.#server = new Server({
      'grpc.max_receive_message_length': limits.maxRequestBytes,
      'grpc.max_send_message_length': -1,
      'grpc.keepalive_time_ms': limits.pingMs,
      'grpc.keepalive_timeout_ms': limits.pingAnswerMs,
      'grpc.max_concurrent_streams': limits.maxStreamsPerPeer,
      'grpc.max_connection_idle_ms': limits.unusedConnectionMs,
    })
    this.#server.addService(ADS_SERVICE, {
      DeltaAggregatedResources: (call: AdsCall) => this.#accept(call, 'delta'),
      StreamAggregatedResources: (call: AdsCall) => this.#accept(call, 'sotw'),
    })
  }

  /** Serves another service on the same port. Before `listen`; the service itself decides whom it lets in. */
  addService(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    this.#server.addService(definition, implementation)
  }

  /**
   * Starts to listen and returns the port; 0 takes a free one. Rejects when the address is in use, and when the credentials are not
   * `TlsServerCredentials` and the address is not one of the loopback interface. Without a host it listens on all addresses of the machine, of the
   * families that it has.
   */
  listen(host: string, port: number): Promise<number> {
    if (!(this.#credentials instanceof TlsServerCredentials) && !isLoopback(host)) {
      return Promise.reject(
        new PlaintextError(`xDS in plaintext is for the loopback interface only, not for ${host}: use TLS or 127.0.0.1`),
      )
    }
    const { limits } = this.#context
    const injector = this.#server.createConnectionInjector(this.#credentials)
    const doorway = new Doorway((socket) => {
      injector.injectConnection(socket)
      socket.resume()
    })
    // Unread until it is let in.
    const listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      const peer = socket.remoteAddress
      if (this.#connections.add(socket)) doorway.add(socket)
      else this.#context.log.warn({ peer }, `too many connections from one address, more than ${limits.maxConnectionsPerPeer}`)
    })
    this.#stops.push(() => {
      listener.close()
      doorway.close()
    })
    return new Promise((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(host === '' ? { port } : { host, port }, () => {
        listener.off('error', reject)
        // Such as no more file descriptors: the client tries again.
        listener.on('error', (error) => this.#context.log.warn({ err: error }, 'a connection could not be taken'))
        resolve((listener.address() as AddressInfo).port)
      })
    })
  }

  /** Ends all streams and connections, those in the middle of a handshake as well, and frees the port. */
  close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop()
    this.#server.forceShutdown()
    return this.#connections.end(LEAVE_MS)
  }

  /** Cuts all connections off and goes on listening: who comes back, perhaps to another server behind the same address, goes on from there. */
  dismiss(): void {
    this.#connections.cut()
  }

  /** How many streams are open. */
  get streams(): number {
    return this.#streams
  }

  #accept(call: AdsCall, protocol: Protocol): void {
    const { limits } = this.#context
    const peer = hostOf(call.getPeer())
    const isTooMany = this.#streamsOfPeers.of(peer) >= limits.maxStreamsPerPeer || this.#streams >= limits.maxStreams
    this.#streamsOfPeers.add(peer)
    this.#streams += 1
    const stream = new AdsStream(this.#nextStream++, call, protocol, this.#context, () => this.#ended(peer))
    if (isTooMany)
      stream.refuse(
        status.RESOURCE_EXHAUSTED,
        `too many streams: ${this.#streamsOfPeers.of(peer)} from ${peer}, ${this.#streams} altogether`,
      )
    else void stream.serve()
  }

  #ended(peer: string): void {
    this.#streams -= 1
    this.#streamsOfPeers.remove(peer)
  }
}

const hostOf = (peer: string): string => peer.slice(0, peer.lastIndexOf(':'))
