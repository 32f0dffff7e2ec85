/** One stream with its socket: requests in, at most one response on its way out, and nothing queued. */

import { createHash } from 'node:crypto'
import { type ServerDuplexStream, status } from '@grpc/grpc-js'
import { errorText } from '../../util/error-text.js'
import type { DeliveryTracker, ProxyIdentity } from '../delivery-tracker.js'
import { type Fleet, type RejectedVersions, suspectsOf } from '../rejected-versions.js'
import type { EncodedResource, TypeUrl } from '../resource.js'
import type { SnapshotCache, SnapshotListener } from '../snapshot-cache.js'
import type { Admission } from './admission.js'
import type { Authenticator, Identity } from './authentication.js'
import type { Bounds } from './bounds.js'
import type { ServerClock } from './clock.js'
import type { Counters } from './counters.js'
import type { Bridges } from './extension-order.js'
import type { Limits } from './limits.js'
import type { PumpQueue } from './pump-queue.js'
import { FULL_STATE } from './push-order.js'
import type { RejectionMessage } from './rejection-message.js'
import type { ClientNode } from './request-fields.js'
import { countFields, type DiscoveryRequest, decodeDeltaRequest, decodeSotwRequest } from './requests.js'
import { type Culprit, type Outgoing, Session } from './session.js'
import { traceRejection } from './trace-rejection.js'
import { deltaResponse, type ResourceEncoder, sotwResponse } from './wire.js'

/** Where the server says what people should know. A pino logger is one. */
export interface ServerLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** What all streams of a server share. */
export interface StreamContext {
  readonly cache: SnapshotCache
  readonly rejected: RejectedVersions
  /** True where proxies are pods of some image: what a client rejects counts for its own group, also where it does not say which image it is. */
  readonly areFleetsApart: boolean
  readonly tracker: DeliveryTracker
  readonly authenticator: Authenticator
  readonly bounds: Bounds
  readonly limits: Limits
  readonly clock: ServerClock
  readonly log: ServerLog
  readonly counters: Counters
  readonly encoders: Readonly<Record<Protocol, ResourceEncoder>>
  readonly silentClusters: WeakMap<EncodedResource, boolean>
  readonly bridges: Bridges
  readonly queue: PumpQueue
  readonly admission: Admission
}

/** How many changes of the cache a stream looks at before it is the turn of others. */
const CHANGES_AT_ONCE = 1_000
/** The first requests of a stream follow each other at once. */
const SILENCE_MS = 20

/** The variant of the protocol that a stream speaks. */
export type Protocol = DiscoveryRequest['protocol']

/** The gRPC side of a stream. */
export type AdsCall = ServerDuplexStream<Buffer, Buffer>

interface RejectedResponse {
  readonly typeUrl: TypeUrl
  readonly nonce: string
  readonly message: RejectionMessage
  readonly culprits: readonly Culprit[]
}

interface OpenStream {
  readonly session: Session
  readonly proxy: ProxyIdentity
  readonly unlisten: () => void
  /** The revision that there was when the stream began. */
  readonly first: number
}

/** Serves one stream until it ends. */
export class AdsStream implements SnapshotListener {
  readonly #id: number
  readonly #call: AdsCall
  readonly #protocol: Protocol
  readonly #context: StreamContext
  readonly #onEnded: () => void
  /** Requests that were read and not looked at yet. */
  readonly #inbox: { readonly bytes: Buffer; readonly identity: Identity }[] = []
  #state: OpenStream | undefined
  #isWriting = false
  #isEnded = false
  #cancelAlarm: (() => void) | undefined
  #alarmAt: number | undefined
  readonly #unknownTypes = new Set<string>()
  /** Lets another stream begin; undefined as soon as this one has. */
  #hasBegun: (() => void) | undefined
  #cancelSilence: (() => void) | undefined

  /** @param onEnded called once, when the stream is over for whatever reason */
  constructor(id: number, call: AdsCall, protocol: Protocol, context: StreamContext, onEnded: () => void) {
    this.#id = id
    this.#call = call
    this.#protocol = protocol
    this.#context = context
    this.#onEnded = onEnded
  }

  /** Authenticates the client, then serves it. Never rejects. */
  async serve(): Promise<void> {
    const { authenticator, admission } = this.#context
    this.#call.on('cancelled', () => this.#end())
    this.#call.on('error', () => this.#end())
    this.#call.on('end', () => {
      this.#end()
      this.#call.end()
    })
    const late = this.#expectRequest()
    try {
      const identity = await authenticator.authenticate({
        certificate: this.#call.getAuthContext().sslPeerCertificate,
        token: bearerToken(this.#call.metadata.get('authorization')[0]),
        peer: this.#call.getPeer(),
      })
      if (!this.#isEnded) this.#hasBegun = admission.enter(() => this.#read(identity))
      late()
    } catch (error) {
      late()
      this.refuse(status.UNAUTHENTICATED, errorText(error))
    }
  }

  /** Takes requests from now on: until then the client's stay in the socket. */
  #read(identity: Identity): void {
    const late = this.#expectRequest()
    this.#call.on('data', (bytes: Buffer) => {
      late()
      this.#inbox.push({ bytes, identity })
      // A request may be large, and cost much more than reading it: one at a time, in turn with the other streams.
      this.#call.pause()
      this.#context.queue.add(this)
    })
  }

  #expectRequest(): () => void {
    const { clock, limits } = this.#context
    return clock.after(limits.firstRequestMs, () => this.refuse(status.DEADLINE_EXCEEDED, 'no request came after the stream was opened'))
  }

  /** Ends the stream with an error; the client may come back. */
  refuse(code: status, details: string): void {
    if (this.#isEnded) return
    this.#context.log.warn({ peer: this.#call.getPeer(), stream: this.#id, code: status[code] }, details)
    this.#end()
    this.#call.emit('error', { code, details })
  }

  changed(...[changes, revision]: Parameters<SnapshotListener['changed']>): void {
    this.#state?.session.changed(changes, revision)
    this.#context.queue.add(this)
  }

  complete(): void {
    this.#context.queue.add(this)
  }

  /** Looks at what is new, takes one request, then writes the next response if the socket is free and there is one. */
  pump(): void {
    if (this.#isEnded) return
    if (this.#state?.session.catchUp(CHANGES_AT_ONCE) === false) {
      this.#context.queue.add(this)
      return
    }
    const request = this.#inbox.shift()
    if (request !== undefined) {
      this.#receive(request.bytes, request.identity)
      if (this.#inbox.length === 0) this.#call.resume()
      else this.#context.queue.add(this)
    }
    // Taking the request may have ended the stream.
    if (this.#isEnded || this.#isWriting || this.#state === undefined) return
    const { session } = this.#state
    const outgoing = session.next(this.#context.clock.now())
    if (outgoing !== undefined) this.#write(outgoing, session)
    this.#setAlarm()
    // Only an answer brings a client further, and it costs a look at everything that is on its way.
    if (request !== undefined || outgoing === undefined) this.#reached()
  }

  #receive(bytes: Buffer, identity: Identity): void {
    if (this.#isEnded) return
    const { maxNamesPerStream } = this.#context.limits
    // A name may come twice: subscribed, and with the version that the client has.
    if (countFields(bytes) > 2 * maxNamesPerStream) {
      this.refuse(status.RESOURCE_EXHAUSTED, `more than ${maxNamesPerStream} names in a request`)
      return
    }
    let request: DiscoveryRequest
    try {
      request = this.#protocol === 'delta' ? decodeDeltaRequest(bytes) : decodeSotwRequest(bytes)
    } catch (error) {
      this.refuse(status.INVALID_ARGUMENT, `request cannot be decoded: ${errorText(error)}`)
      return
    }
    const state = this.#state ?? this.#open(request.node, identity)
    if (state === undefined) return
    const names = request.protocol === 'delta' ? state.session.subscribedNames() + request.subscribe.length : request.names.length
    if (names > maxNamesPerStream) {
      this.refuse(status.RESOURCE_EXHAUSTED, `more than ${maxNamesPerStream} names subscribed`)
      return
    }
    if (!state.session.request(request, this.#context.clock.now())) this.#reportUnknownType(request.typeUrl)
  }

  #open(node: ClientNode | undefined, identity: Identity): OpenStream | undefined {
    const { cache, rejected, areFleetsApart, bounds, silentClusters, bridges, tracker, clock } = this.#context
    if (node === undefined) {
      this.refuse(status.INVALID_ARGUMENT, 'the first request of a stream must say which node it is from')
      return undefined
    }
    const group = identity.groups.length === 1 ? identity.groups[0] : identity.groups.find((name) => name === node.cluster)
    if (group === undefined) {
      this.refuse(status.PERMISSION_DENIED, `${identity.subject} may not ask for the configuration of ${JSON.stringify(node.cluster)}`)
      return undefined
    }
    const proxy: ProxyIdentity = {
      stream: this.#id,
      node: node.id,
      userAgent: node.userAgent,
      group,
      subject: identity.subject,
      peer: this.#call.getPeer(),
      protocol: this.#protocol,
    }
    // Whoever does not say its image must not keep from the proxies of others what it rejects.
    const fleet = node.image === '' && !areFleetsApart ? undefined : { group, image: node.image }
    const session = new Session({
      protocol: this.#protocol,
      group,
      ...(fleet === undefined ? {} : { fleet }),
      cache,
      rejected,
      bounds,
      silentClusters,
      bridges,
      events: {
        acknowledged: (typeUrl, { nonce, revision }) => tracker.acknowledged(proxy, typeUrl, nonce, revision, clock.now()),
        rejected: (typeUrl, { nonce }, message, culprits) => this.#rejected(proxy, fleet, { typeUrl, nonce, message, culprits }),
      },
    })
    const stops = [
      cache.listen(group, this),
      rejected.onForgotten((versions) => {
        if (session.retry(versions)) this.#context.queue.add(this)
      }),
    ]
    const unlisten = (): void => {
      for (const stop of stops) stop()
    }
    this.#state = { session, proxy, unlisten, first: cache.revision(group) }
    tracker.connected(proxy, clock.now())
    this.#context.log.info({ proxy: node.id, group, subject: identity.subject, userAgent: node.userAgent }, 'proxy connected')
    return this.#state
  }

  #rejected(proxy: ProxyIdentity, by: Fleet | undefined, { typeUrl, nonce, message: reading, culprits }: RejectedResponse): void {
    const { cache, rejected, tracker, clock, log } = this.#context
    const now = clock.now()
    const names = culprits.map(({ resource }) => resource.name)
    const message = reading.text
    tracker.rejected(proxy, typeUrl, nonce, message, names, now)
    if (culprits.length === 0)
      log.info({ proxy: proxy.node, group: proxy.group, typeUrl }, `rejected, the culprit is searched for: ${message}`)
    else log.warn({ proxy: proxy.node, group: proxy.group, typeUrl, names }, `rejected: ${message}`)
    for (const { resource, previous } of culprits) {
      const { name, version } = resource
      // The same bytes may have been made from later generations meanwhile.
      const current = cache.resource(proxy.group, resource)
      const origins = current?.version === version ? current.origins : resource.origins
      const accepted = previous?.value === undefined ? undefined : previous
      const suspects = traceRejection(reading, resource, accepted, suspectsOf(origins, accepted?.origins))
      const entry = {
        typeUrl,
        name,
        version,
        message,
        origins,
        suspects,
        at: new Date(now).toISOString(),
        ...(by === undefined ? {} : { by }),
      }
      if (rejected.add(entry)) tracker.reportRejection(proxy, entry)
    }
  }

  #write(outgoing: Outgoing, session: Session): void {
    const { counters, encoders, tracker, clock } = this.#context
    const bytes = encodeResponse(outgoing, session, this.#protocol, encoders[this.#protocol])
    const { typeUrl, nonce } = outgoing
    counters.sent(typeUrl, bytes.length)
    this.#isWriting = true
    if (this.#state !== undefined) tracker.sent(this.#state.proxy, typeUrl, nonce, outgoing.revision, clock.now())
    this.#call.write(bytes, () => {
      this.#isWriting = false
      this.#context.queue.add(this)
    })
  }

  #reached(): void {
    if (this.#state === undefined) return
    const { session, proxy, first } = this.#state
    const revision = session.acknowledgedRevision(this.#context.clock.now())
    this.#context.tracker.reached(proxy, revision)
    if (this.#hasBegun !== undefined) this.#begun(revision >= first, session)
  }

  /** A stream has begun when it has all that there was, or says nothing for a moment although it may: not every client wants listeners. */
  #begun(hasAll: boolean, session: Session): void {
    const { clock, cache } = this.#context
    this.#cancelSilence?.()
    if (hasAll) this.#endBeginning()
    else if (session.isIdle || !cache.isComplete) this.#cancelSilence = clock.after(SILENCE_MS, () => this.#endBeginning())
  }

  #endBeginning(): void {
    const end = this.#hasBegun
    this.#hasBegun = undefined
    this.#cancelSilence?.()
    end?.()
  }

  #setAlarm(): void {
    const at = this.#state?.session.deadline(this.#context.clock.now())
    if (at === this.#alarmAt) return
    this.#cancelAlarm?.()
    this.#alarmAt = at
    if (at === undefined) return
    const { clock } = this.#context
    this.#cancelAlarm = clock.after(Math.max(0, at - clock.now()) + 1, () => {
      this.#alarmAt = undefined
      this.#state?.session.expire(clock.now())
      // Not at once: the waits of a crowd end in the same moment.
      this.#context.queue.add(this)
    })
  }

  #reportUnknownType(typeUrl: string): void {
    if (this.#unknownTypes.has(typeUrl) || this.#unknownTypes.size > 10) return
    this.#unknownTypes.add(typeUrl)
    this.#context.log.warn({ peer: this.#call.getPeer(), typeUrl }, 'a client asks for a type that is not served; it gets no answer')
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#cancelAlarm?.()
    this.#endBeginning()
    this.#onEnded()
    if (this.#state === undefined) return
    this.#context.tracker.disconnected(this.#state.proxy)
    // Behind that: a group that nothing is left of is forgotten with it.
    this.#state.unlisten()
    this.#context.log.info({ proxy: this.#state.proxy.node, group: this.#state.proxy.group }, 'proxy disconnected')
  }
}

function encodeResponse(outgoing: Outgoing, session: Session, protocol: Protocol, encoder: ResourceEncoder): Buffer {
  const { typeUrl, nonce, revision, removed } = outgoing
  if (protocol === 'delta') {
    const parts = outgoing.resources.flatMap((resource) => encoder.parts(resource))
    return deltaResponse(typeUrl, nonce, revision, parts, removed)
  }
  const resources = FULL_STATE.has(typeUrl) ? session.effective(typeUrl) : outgoing.resources
  const parts = resources.flatMap((resource) => encoder.parts(resource))
  return sotwResponse(typeUrl, nonce, versionOf(resources), parts)
}

/** The version of a whole response: the same content has the same version on every replica. */
function versionOf(resources: readonly EncodedResource[]): string {
  const hash = createHash('sha256')
  for (const entry of resources.map(({ name, version }) => `${name} ${version}\n`).sort()) hash.update(entry)
  return hash.digest('hex').slice(0, 16)
}

function bearerToken(header: string | Buffer | undefined): string | undefined {
  const [scheme, token] = header?.toString().split(' ', 2) ?? []
  return scheme?.toLowerCase() === 'bearer' ? token : undefined
}
