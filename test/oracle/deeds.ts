/** What can be seen of an answer: of one that came, and of those that there may be. */
import type { TestAnswer } from '../support/http-client.js'
import { DELAY_MS } from './arbitrary-requests.js'
import { type CorsHeaders, methodAskedFor } from './cors.js'
import { changedHeaders } from './header-changes.js'
import { isCall, type Request } from './objects.js'
import type { Forwarded, Verdict } from './verdict.js'

/** Headers that are looked at on the way to a backend, and on the way back: of all others Node keeps one value, or adds some. */
const HEADERS = ['x-a', 'x-b', 'x-c', 'accept', 'via'] as const

/** What can be seen of an answer. */
export interface Deed {
  /** Of a call that no backend answers, the code of gRPC. */
  readonly status: number | 'closed'
  readonly location?: string
  readonly backend?: string
  readonly host?: string
  readonly path?: string
  readonly request?: Readonly<Record<string, string>>
  readonly response?: Readonly<Record<string, string>>
}

/** What an answer says of cross-origin requests. */
type SeenCors = Readonly<Record<string, string>>

/** What came. */
export function seenIn(sent: Request, { status, headers, echo }: TestAnswer): { readonly deed: Deed; readonly cors: SeenCors } {
  // Without the first of them no browser looks at the others, and beforehand at none of what scripts may read.
  const isIdle = (name: string): boolean => name === 'access-control-expose-headers' && methodAskedFor(sent) !== undefined
  const names =
    headers['access-control-allow-origin'] === undefined
      ? []
      : Object.keys(headers).filter((name) => name.startsWith('access-control-') && !isIdle(name))
  const cors = values(headers, names)
  if (echo !== undefined) {
    const { backend, host, path } = echo
    return { deed: { status, backend, host, path, request: values(echo.headers, HEADERS), response: values(headers, HEADERS) }, cors }
  }
  const code = headers['grpc-status'] === undefined ? codeOf(status) : Number(headers['grpc-status'])
  const location = headers.location === undefined ? {} : { location: comparable(headers.location, sent) }
  return { deed: { status: isCall(sent) ? code : status, ...location }, cors }
}

/** What may come: several where chance decides. */
export function deedsOf(verdict: Verdict, sent: Request): readonly Deed[] {
  const status = (http: number): number => (isCall(sent) ? codeOf(http) : http)
  switch (verdict.does) {
    case 'close':
      return [{ status: 'closed' }]
    case 'answer':
      return [{ status: status(verdict.status) }]
    case 'redirect':
      return [{ status: status(verdict.status), location: comparable(verdict.location, sent) }]
    case 'forward':
      return verdict.backends.map((each) => (each.backend === undefined ? { status: status(each.error) } : deedOf(each, sent)))
  }
}

/** Whether what an answer says of cross-origin requests is as it must be. */
export function isCors(want: CorsHeaders, have: SeenCors): boolean {
  const names = new Set([...Object.keys(want), ...Object.keys(have)])
  return [...names].every((name) => want[name]?.includes(have[name] ?? '') === true)
}

function deedOf(
  { backend = '', host, path, request: changes, response, rule: { timeouts, retry } }: Forwarded,
  { query, headers }: Request,
): Deed {
  const asked = new URLSearchParams(query)
  const limit = [timeouts?.request, timeouts?.backendRequest].find((each) => each !== undefined && each !== '0s')
  if (asked.has('delayMs') && limit !== undefined) return { status: 504 }
  const fails = Number(asked.get('failFirst') ?? 0)
  const status = Number(asked.get('status') ?? 200)
  const tries = 1 + (retry?.codes.includes(status) ? retry.attempts : 0)
  const said = Object.fromEntries(asked.getAll('header').map((each) => each.split(':') as [string, string]))
  return {
    status: asked.has('failFirst') && tries > fails ? 200 : status,
    backend,
    host,
    path,
    request: values(changedHeaders(headers, changes), HEADERS),
    response: values(changedHeaders(said, response), HEADERS),
  }
}

/** The code that clients of gRPC make of a status of HTTP: doc/http-grpc-status-mapping.md of gRPC. */
export function codeOf(status: number): number {
  return { 400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14 }[status] ?? 2
}

/**
 * A location in the form in which two are compared.
 *
 * A port that goes without saying SHOULD NOT be said, and Envoy cannot leave away one that the request has named. A client that is sent to the same
 * scheme may stay on the port that it named: it may have come through one that the Gateway knows nothing of. Hosts have no case.
 */
export function comparable(location: string, { host: asked, serverName }: Request): string {
  const [, scheme = '', host = '', rest = ''] = /^(https?):\/\/([^/]*)(.*)$/.exec(location) ?? []
  const isSame = (scheme === 'https') === (serverName !== undefined)
  const own = isSame ? (/:\d+$/.exec(asked)?.[0] ?? '') : ''
  const usual = scheme === 'http' ? ':80' : ':443'
  const port = /:\d+$/.exec(host)?.[0] ?? ''
  const isSaid = port !== usual && port !== own
  return `${scheme}://${host.toLowerCase().replace(/:\d+$/, '')}${isSaid ? port : ''}${rest}`
}

/** The values of these headers, however they were joined. */
function values(headers: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name]).replaceAll(/ *, */g, ',')]])),
  )
}

if (DELAY_MS < 2000) throw new Error('slow backends must be slower than rules wait')
