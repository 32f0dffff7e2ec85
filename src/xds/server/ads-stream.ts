/** One stream with its socket: requests in, at most one response on its way out, and nothing queued. */

import { type ServerDuplexStream, status } from '@grpc/grpc-js'
import { errorText } from '../../util/error-text.js'
import type { ProxyIdentity } from '../delivery-tracker.js'
import type { SnapshotListener } from '../snapshot-cache.js'
import { Alarm } from './alarm.js'
import type { Identity } from './authentication.js'
import { Beginning } from './beginning.js'
import { encodeResponse } from './encode-response.js'
import { reportRejection } from './report-rejection.js'
import type { ClientNode } from './request-fields.js'
import { countFields, type DiscoveryRequest, decodeDeltaRequest, decodeSotwRequest, type Protocol } from './requests.js'
import { type Outgoing, Session } from './session.js'
import type { StreamContext } from './stream-context.js'

/** How many changes of the cache a stream looks at before it is the turn of others. */
const CHANGES_AT_ONCE = 1_000

/** The gRPC side of a stream. */
export type AdsCall = ServerDuplexStream<Buffer, Buffer>

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
  /** Ends the waits of the session. */
  readonly #alarm: Alarm
  /** Undefined until the client has proved who it is. */
  #beginning: Beginning | undefined
  readonly #unknownTypes = new Set<string>()

  /** @param onEnded called once, when the stream is over for whatever reason */
  constructor(id: number, call: AdsCall, protocol: Protocol, context: StreamContext, onEnded: () => void) {
    this.#id = id
    this.#call = call
    this.#protocol = protocol
    this.#context = context
    this.#onEnded = onEnded
    this.#alarm = new Alarm(context.clock, (now) => {
      this.#state?.session.expire(now)
      // Not at once: the waits of a crowd end in the same moment.
      this.#context.queue.add(this)
    })
  }

  /** Authenticates the client, then serves it. Never rejects. */
  async serve(): Promise<void> {
    const { authenticator, admission, clock } = this.#context
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
      late()
      if (this.#isEnded) return
      const begun = admission.enter(() => this.#read(identity))
      this.#beginning = new Beginning(begun, clock)
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
    this.#alarm.set(session.deadline(this.#context.clock.now()))
    // Only an answer brings a client further, and it costs a look at everything that is on its way.
    if (request !== undefined || outgoing === undefined) this.#reached()
  }

  #receive(bytes: Buffer, identity: Identity): void {
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
    if (node === undefined) {
      this.refuse(status.INVALID_ARGUMENT, 'the first request of a stream must say which node it is from')
      return undefined
    }
    const group = identity.groups.length === 1 ? identity.groups[0] : identity.groups.find((name) => name === node.cluster)
    if (group === undefined) {
      this.refuse(status.PERMISSION_DENIED, `${identity.subject} may not ask for the configuration of ${JSON.stringify(node.cluster)}`)
      return undefined
    }
    return this.#connect(node, group, identity.subject)
  }

  /** The client may have the configuration of the group: from now on its changes concern this stream. */
  #connect({ id, userAgent, image }: ClientNode, group: string, subject: string): OpenStream {
    const { cache, rejected, areFleetsApart, bounds, silentClusters, bridges, tracker, clock } = this.#context
    const proxy: ProxyIdentity = {
      stream: this.#id,
      node: id,
      userAgent,
      group,
      subject,
      peer: this.#call.getPeer(),
      protocol: this.#protocol,
    }
    // Whoever does not say its image must not keep from the proxies of others what it rejects.
    const fleet = image === '' && !areFleetsApart ? undefined : { group, image }
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
        rejected: (typeUrl, { nonce }, message, culprits) =>
          reportRejection(proxy, fleet, { typeUrl, nonce, message, culprits }, this.#context),
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
    this.#context.log.info({ proxy: id, group, subject, userAgent }, 'proxy connected')
    return this.#state
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
    if (revision >= first) this.#beginning?.end()
    else if (session.isIdle || !this.#context.cache.isComplete) this.#beginning?.endAfterSilence()
    else this.#beginning?.goesOn()
  }

  #reportUnknownType(typeUrl: string): void {
    if (this.#unknownTypes.has(typeUrl) || this.#unknownTypes.size > 10) return
    this.#unknownTypes.add(typeUrl)
    this.#context.log.warn({ peer: this.#call.getPeer(), typeUrl }, 'a client asks for a type that is not served; it gets no answer')
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#alarm.cancel()
    this.#beginning?.end()
    this.#onEnded()
    if (this.#state === undefined) return
    this.#context.tracker.disconnected(this.#state.proxy)
    // Behind that: a group that nothing is left of is forgotten with it.
    this.#state.unlisten()
    this.#context.log.info({ proxy: this.#state.proxy.node, group: this.#state.proxy.group }, 'proxy disconnected')
  }
}

function bearerToken(header: string | Buffer | undefined): string | undefined {
  const [scheme, token] = header?.toString().split(' ', 2) ?? []
  return scheme?.toLowerCase() === 'bearer' ? token : undefined
}
