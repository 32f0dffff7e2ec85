/** A small HTTP server for GET requests on exact paths. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ListenAttempt, listenError } from '../config/listen-error.js'
import { isLoopback } from '../util/loopback.js'

/** What a path answers. */
export interface Answer {
  readonly status?: number
  /** Default: `application/json`. */
  readonly contentType?: string
  readonly body: string | AsyncIterable<string>
}

/** Answers a request for a path. What it throws becomes a 500 without details. */
export type Handler = (query: URLSearchParams) => Answer | Promise<Answer>

/** A running server. */
export interface RunningHttpServer {
  /** The port that it really listens on. */
  readonly port: number
  stop(): Promise<void>
}

/** How a server runs. */
export interface HttpServerOptions extends ListenAttempt {
  readonly routes: ReadonlyMap<string, Handler>
  /** Hears of errors in handlers. */
  readonly onError: (error: unknown, path: string) => void
}

/** Listens. Throws `ListenError`. */
export async function startHttpServer(options: HttpServerOptions): Promise<RunningHttpServer> {
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000 },
    (request, response) => void respond(options, request, response),
  )
  server.listen(options.port, options.host === '' ? undefined : options.host)
  await once(server, 'listening').catch((error: unknown) => {
    throw listenError(error, options)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function respond(options: HttpServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(`http://localhost${request.url?.startsWith('/') ? request.url : '/'}`)
  const answer = await answerTo(options, request, pathname, searchParams)
  response.statusCode = answer.status ?? 200
  response.setHeader('content-type', answer.contentType ?? 'application/json')
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  try {
    await pipeline(typeof answer.body === 'string' ? [answer.body] : Readable.from(answer.body), response)
  } catch (error) {
    // A client that goes away in the middle is no fault of ours.
    if (!response.destroyed) response.destroy()
    if (!request.destroyed) options.onError(error, pathname)
  }
}

async function answerTo(
  { routes, host, onError }: HttpServerOptions,
  request: IncomingMessage,
  path: string,
  query: URLSearchParams,
): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'Only GET is answered here.')
  // A web page that names this machine by a host name of its own (DNS rebinding) must not read what only local users may.
  if (isLoopback(host) && !namesThisMachine(request.headers.host)) return text(403, 'Ask by IP address or as localhost.')
  const handler = routes.get(path)
  if (handler === undefined) return text(404, `There is nothing at ${path}. There is:\n${[...routes.keys()].join('\n')}`)
  try {
    return await handler(query)
  } catch (error) {
    onError(error, path)
    return text(500, 'This failed; the log says why.')
  }
}

/** An answer for people. */
export function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` }
}

/** An answer for programs. */
export function json(value: unknown, status = 200): Answer {
  return { status, body: `${JSON.stringify(value, undefined, 2)}\n` }
}

function namesThisMachine(host: string | undefined): boolean {
  const name = host?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1') ?? ''
  return name === 'localhost' || isIP(name) !== 0
}
