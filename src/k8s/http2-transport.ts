/**
 * HTTP/2: every watch is a stream of one connection, so that dozens of kinds and hundreds of watched Secrets cost one socket and one
 * TLS handshake. A dead connection is found by pings, not by the silence of its streams.
 */
import http2 from 'node:http2'
import type tls from 'node:tls'
import { bodyOf } from './http2-body.js'
import { firstHeader, type Transport, type TransportRequest, type TransportResponse } from './transport.js'

/** kube-apiserver allows more, but an unlimited connection would make one loss expensive; proxies in front of it allow 100 to 250. */
const MAX_STREAMS_PER_SESSION = 100

/** How often a connection is asked whether it lives, and how long it may take to answer. In milliseconds. */
export interface PingTimes {
  readonly intervalMs: number
  readonly timeoutMs: number
}

/** client-go waits as long. */
const PING_TIMES: PingTimes = { intervalMs: 30_000, timeoutMs: 15_000 }

/** A large list must not wait for window updates, and one slow reader must not hold up the others. */
const STREAM_WINDOW_BYTES = 1024 * 1024
const SESSION_WINDOW_BYTES = 32 * 1024 * 1024

interface PooledSession {
  readonly session: http2.ClientHttp2Session
  active: number
  /** The server said goodbye: what is under way goes on, nothing new starts here. */
  leaving: boolean
}

/** Sends requests over as many HTTP/2 connections as their number needs: usually one. */
export class Http2Transport implements Transport {
  readonly #origin: string
  readonly #dial: () => Promise<tls.TLSSocket>
  readonly #sessions = new Set<PooledSession>()
  readonly #pings: PingTimes
  #opening: Promise<PooledSession> | undefined
  #isClosed = false

  /** @param dial opens a TLS connection that negotiated `h2` */
  constructor(server: URL, dial: () => Promise<tls.TLSSocket>, pings: PingTimes = PING_TIMES) {
    this.#origin = server.origin
    this.#dial = dial
    this.#pings = pings
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    const pooled = await this.#sessionWithRoom()
    request.signal.throwIfAborted()
    return exchange(pooled, request)
  }

  close(): void {
    this.#isClosed = true
    for (const { session } of this.#sessions) session.destroy()
    this.#sessions.clear()
  }

  async #sessionWithRoom(): Promise<PooledSession> {
    for (;;) {
      for (const pooled of this.#sessions) if (hasRoom(pooled)) return pooled
      // One connection is opened at a time; whoever waited looks again, since the others may have filled it.
      this.#opening ??= this.#open().finally(() => {
        this.#opening = undefined
      })
      await this.#opening
    }
  }

  async #open(): Promise<PooledSession> {
    const socket = await this.#dial()
    // Closed meanwhile: a connection that nobody knows of would keep the program from ending.
    if (this.#isClosed) {
      socket.destroy()
      throw new Error('the connection was closed before it was there')
    }
    const session = http2.connect(this.#origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
    })
    const pooled: PooledSession = { session, active: 0, leaving: false }
    const forget = (): void => {
      this.#sessions.delete(pooled)
    }
    session.once('connect', () => session.setLocalWindowSize(SESSION_WINDOW_BYTES))
    // The streams report what happened to the requests; without a listener the error would end the process.
    session.on('error', forget)
    session.on('goaway', () => {
      pooled.leaving = true
    })
    session.on('close', forget)
    keepProving(session, this.#pings)
    this.#sessions.add(pooled)
    return pooled
  }
}

function hasRoom({ session, active, leaving }: PooledSession): boolean {
  // A destroyed session says so a moment before it is closed.
  return !leaving && !session.destroyed && !session.closed && active < capacity(session)
}

function capacity(session: http2.ClientHttp2Session): number {
  return Math.min(session.remoteSettings?.maxConcurrentStreams ?? MAX_STREAMS_PER_SESSION, MAX_STREAMS_PER_SESSION)
}

/** Destroys the session when the peer no longer answers pings. */
function keepProving(session: http2.ClientHttp2Session, { intervalMs, timeoutMs }: PingTimes): void {
  let deadline: NodeJS.Timeout | undefined
  const ping = setInterval(() => {
    if (session.destroyed) {
      clearInterval(ping)
      return
    }
    deadline ??= setTimeout(() => session.destroy(new Error('the API server does not answer HTTP/2 pings')), timeoutMs).unref()
    session.ping(() => {
      clearTimeout(deadline)
      deadline = undefined
    })
  }, intervalMs).unref()
  session.once('close', () => {
    clearInterval(ping)
    clearTimeout(deadline)
  })
}

function exchange(pooled: PooledSession, request: TransportRequest): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const headers: http2.OutgoingHttpHeaders = { ...request.headers, ':method': request.method, ':path': request.path }
    if (request.body !== undefined) headers['content-length'] = request.body.length
    const stream = pooled.session.request(headers, { endStream: request.body === undefined, signal: request.signal })
    pooled.active++
    stream.once('close', () => {
      pooled.active--
      // After a response this settles nothing; before one, a stream that a closing connection dropped ends here without an error.
      reject(new Error('the connection was closed before an answer came'))
    })
    // More than one error may come, and one without a listener would end the process.
    stream.on('error', reject)
    stream.once('response', (head) => {
      resolve({ status: Number(head[':status']), header: (name) => firstHeader(head[name]), body: bodyOf(stream) })
    })
    if (request.body !== undefined) stream.end(request.body)
  })
}
