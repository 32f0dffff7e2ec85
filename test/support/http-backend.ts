/**
 * Real backends for tests: HTTP/1.1, h2c, TLS (both), WebSocket. They answer with what they saw.
 *
 * Queries steer the answer: `status=503`, `delayMs=200`, `failFirst=2&key=x&status=503` (the first two requests with that key
 * fail), `reset=1` (the connection is reset without an answer), `header=name:value` (an answer header, repeatable), `header.NAME=name:value`
 * (from the backend of this name), `bytes=1000` (a body of so many letters), `type=text/plain` (its content type).
 */
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  createServer as createHttp2,
  createSecureServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { WebSocketServer } from 'ws'
import type { PemPair } from './certificates.js'
import type { Echo } from './echo.js'

type Request = IncomingMessage | Http2ServerRequest
type Response = ServerResponse | Http2ServerResponse

/** A running backend. */
export interface TestBackend {
  readonly name: string
  readonly port: number
  /** Every request that came, in order. */
  readonly requests: readonly Echo[]
  close(): Promise<void>
}

/** How to start a backend. */
export interface TestBackendOptions {
  /** `h1` also takes WebSocket upgrades. `tls` speaks HTTP/1.1 and HTTP/2 by ALPN. */
  readonly kind?: 'h1' | 'h2c' | 'tls'
  readonly certificate?: PemPair
  /** PEM of authorities that clients must be signed by; absent: clients are not asked. */
  readonly clientAuthorities?: string
}

/** Starts a backend on a free port of 127.0.0.1. */
export async function startBackend(name: string, options: TestBackendOptions = {}): Promise<TestBackend> {
  const requests: Echo[] = []
  const failures = new Map<string, number>()
  const sockets = new Set<Socket>()
  const server = listen(options, (request, response) => {
    // A client may go away in the middle of its request.
    answer(name, request, response, requests, failures).catch(() => response.destroy())
  })
  // Node closes idle connections after 5 s, perhaps at the moment when a proxy sends a request: no test is about that.
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = 0
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  if ((options.kind ?? 'h1') === 'h1') echoWebSockets(name, server as Server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    name,
    port: (server.address() as AddressInfo).port,
    requests,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function listen(
  options: TestBackendOptions,
  handler: (request: Request, response: Response) => void,
): Server | Http2Server | Http2SecureServer {
  if (options.kind === 'h2c') return createHttp2(handler)
  if (options.kind !== 'tls') return createHttp(handler)
  if (options.certificate === undefined) throw new Error('a TLS backend needs a certificate')
  return createSecureServer(
    {
      allowHTTP1: true,
      cert: options.certificate.certificate,
      key: options.certificate.privateKey,
      ...(options.clientAuthorities === undefined ? {} : { ca: options.clientAuthorities, requestCert: true, rejectUnauthorized: true }),
    },
    handler,
  )
}

async function answer(name: string, request: Request, response: Response, requests: Echo[], failures: Map<string, number>): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const echo = describe(name, request, Buffer.concat(chunks).toString())
  requests.push(echo)
  const query = new URL(echo.path, 'http://backend').searchParams
  if (query.has('reset')) {
    request.socket.destroy()
    return
  }
  if (query.has('delayMs')) await new Promise((resolve) => setTimeout(resolve, Number(query.get('delayMs'))))
  response.statusCode = status(query, failures)
  response.setHeader('content-type', 'application/json')
  response.setHeader('x-backend', name)
  for (const header of [...query.getAll('header'), ...query.getAll(`header.${name}`)]) {
    const [key = '', value = ''] = header.split(':')
    response.setHeader(key, value)
  }
  if (query.has('type')) response.setHeader('content-type', query.get('type') ?? '')
  const body = query.has('bytes') ? 'x'.repeat(Number(query.get('bytes'))) : JSON.stringify(echo)
  if (query.has('bytes')) response.setHeader('content-length', body.length)
  ;(response as ServerResponse).end(body)
}

function status(query: URLSearchParams, failures: Map<string, number>): number {
  const wanted = Number(query.get('status') ?? 200)
  if (!query.has('failFirst')) return wanted
  const key = query.get('key') ?? ''
  const failed = failures.get(key) ?? 0
  if (failed >= Number(query.get('failFirst'))) return 200
  failures.set(key, failed + 1)
  return wanted
}

function describe(name: string, request: Request, body: string): Echo {
  const socket = request.socket
  const { ':authority': authority, host, ...headers } = request.headers as Readonly<Record<string, string | undefined>>
  return {
    backend: name,
    method: request.method ?? '',
    path: request.url ?? '',
    host: authority ?? host ?? '',
    httpVersion: request.httpVersion,
    headers,
    body,
    ...(socket instanceof TLSSocket
      ? {
          tls: {
            serverName: (socket as TLSSocket & { readonly servername?: string }).servername || undefined,
            clientCertificate: socket.getPeerX509Certificate()?.subject,
            alpn: socket.alpnProtocol || undefined,
          },
        }
      : {}),
  }
}

function echoWebSockets(name: string, server: Server): void {
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('message', (data) => socket.send(`${name}: ${String(data)}`))
  })
}
