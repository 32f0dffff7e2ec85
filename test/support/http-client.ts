/** Requests through a gateway, as a client would send them: the address is one thing, the host another. */
import { type IncomingHttpHeaders, request as plain } from 'node:http'
import { type ClientHttp2Session, connect, type IncomingHttpStatusHeader } from 'node:http2'
import { request as secure } from 'node:https'
import type { Echo } from './echo.js'

/** What to send. */
export interface TestRequest {
  /** Where the gateway listens. */
  readonly address: string
  readonly port: number
  /** The Host header, and the SNI over TLS. */
  readonly host?: string
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string
  readonly tls?: TestTls
  /** The address of 127.0.0.0/8 that it comes from. */
  readonly localAddress?: string
  /** Default 5 s. */
  readonly timeoutMs?: number
}

/** How to connect over TLS. */
export interface TestTls {
  /** PEM of the authority to trust; absent: any certificate is accepted. */
  readonly ca?: string
  /** SNI, when it differs from the host. The empty string sends none. */
  readonly serverName?: string
  readonly certificate?: string
  readonly privateKey?: string
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
}

/** What came back. */
export interface TestAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The body, when a test backend answered. */
  readonly echo: Echo | undefined
}

/** One HTTP/1.1 request on a connection of its own. Rejects when the connection fails. */
export function send(request: TestRequest): Promise<TestAnswer> {
  return new Promise((resolve, reject) => {
    const options = {
      host: request.address,
      port: request.port,
      method: request.method ?? 'GET',
      path: request.path ?? '/',
      headers: { ...(request.host === undefined ? {} : { host: request.host }), ...request.headers } as Record<string, string | string[]>,
      agent: false as const,
      ...(request.localAddress === undefined ? {} : { localAddress: request.localAddress }),
      timeout: request.timeoutMs ?? 5_000,
    }
    const tls = request.tls
    const sent =
      tls === undefined
        ? plain(options)
        : secure({
            ...options,
            servername: tls.serverName ?? request.host?.split(':')[0] ?? '',
            rejectUnauthorized: tls.ca !== undefined,
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(tls.privateKey === undefined ? {} : { key: tls.privateKey }),
            ...(tls.minVersion === undefined ? {} : { minVersion: tls.minVersion }),
            ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
          })
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve(answer(response.statusCode ?? 0, response.headers, Buffer.concat(chunks).toString())))
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${options.timeout} ms`)))
    sent.on('error', reject)
    sent.end(request.body)
  })
}

/** An HTTP/2 connection, over TLS or in the clear with prior knowledge. */
export interface Http2Client {
  send(request: Omit<TestRequest, 'address' | 'port' | 'tls'>): Promise<TestAnswer>
  readonly session: ClientHttp2Session
  close(): void
}

/** Opens an HTTP/2 connection. */
export function connectHttp2(to: Pick<TestRequest, 'address' | 'port' | 'tls'>): Http2Client {
  const { tls } = to
  const session = connect(`${tls === undefined ? 'http' : 'https'}://${to.address}:${to.port}`, {
    ...(tls === undefined
      ? {}
      : { servername: tls.serverName ?? '', rejectUnauthorized: tls.ca !== undefined, ...(tls.ca === undefined ? {} : { ca: tls.ca }) }),
  })
  session.on('error', () => {})
  return {
    session,
    close: () => session.destroy(),
    send: (request) =>
      new Promise((resolve, reject) => {
        const stream = session.request({
          ':method': request.method ?? 'GET',
          ':path': request.path ?? '/',
          ...(request.host === undefined ? {} : { ':authority': request.host }),
          ...request.headers,
        })
        let head: (IncomingHttpHeaders & IncomingHttpStatusHeader) | undefined
        const chunks: Buffer[] = []
        stream.on('response', (headers) => {
          head = headers
        })
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('error', reject)
        stream.setTimeout(request.timeoutMs ?? 5_000, () => stream.destroy(new Error('no answer in time')))
        stream.on('end', () => resolve(answer(head?.[':status'] ?? 0, head ?? {}, Buffer.concat(chunks).toString())))
        stream.end(request.body)
      }),
  }
}

function answer(status: number, headers: IncomingHttpHeaders, body: string): TestAnswer {
  return { status, headers, body, echo: parseEcho(headers, body) }
}

function parseEcho(headers: IncomingHttpHeaders, body: string): Echo | undefined {
  if (headers['x-backend'] === undefined) return undefined
  try {
    return JSON.parse(body) as Echo
  } catch {
    return undefined
  }
}
