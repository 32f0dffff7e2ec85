/** What browsers of other origins are told. Source: Gateway API v1.7, `HTTPCORSFilter`. */
import type { CorsFilter, Request, Rule } from './objects.js'

/** What an answer says of cross-origin requests: by the name of each header the values that it may have, of which the empty one is as good as none. */
export type CorsHeaders = Readonly<Record<string, readonly string[]>>

/** The CORS filter of a rule, or that of its only backend: what is said for less counts. */
export function corsOf({ filters = [], backendRefs = [] }: Rule): CorsFilter | undefined {
  const ofBackend = backendRefs.length === 1 ? (backendRefs[0]?.filters ?? []) : []
  return [...filters, ...ofBackend].flatMap((each) => (each.type === 'CORS' ? [each.cors] : [])).at(-1)
}

/** The method that a browser asks for beforehand; undefined for every other request. */
export function methodAskedFor({ method, headers }: Request): string | undefined {
  return method === 'OPTIONS' && headers.origin !== undefined ? headers['access-control-request-method'] : undefined
}

/** The headers of an answer of a rule with this filter. */
export function corsHeaders(filter: CorsFilter | undefined, request: Request): CorsHeaders {
  const { origin } = request.headers
  if (filter === undefined || origin === undefined) return {}
  const { allowOrigins = [], allowCredentials = false, exposeHeaders = [] } = filter
  if (!allowOrigins.some((each) => isOrigin(each, origin))) return {}
  const isAsked = methodAskedFor(request) !== undefined
  const exposed = exposeHeaders.filter((each) => each !== '*' || !allowCredentials)
  return {
    'access-control-allow-origin': allowOrigins.includes('*') && !allowCredentials ? ['*', origin] : [origin],
    ...(allowCredentials ? { 'access-control-allow-credentials': ['true'] } : {}),
    ...(isAsked ? preflightHeaders(filter, request) : exposed.length === 0 ? {} : { 'access-control-expose-headers': [exposed.join()] }),
  }
}

function preflightHeaders(
  { allowCredentials = false, allowMethods = [], allowHeaders = [], maxAge = 5 }: CorsFilter,
  { headers }: Request,
): CorsHeaders {
  // Instead of a wildcard there may be what was asked for, and then nothing where nothing was.
  const list = (name: string, all: readonly string[], asked = ''): CorsHeaders => {
    if (all.length === 0) return {}
    if (!all.includes('*')) return { [name]: [all.join()] }
    return { [name]: allowCredentials ? [asked] : ['*', asked] }
  }
  return {
    ...list('access-control-allow-methods', allowMethods, headers['access-control-request-method']),
    ...list('access-control-allow-headers', allowHeaders, headers['access-control-request-headers']),
    'access-control-max-age': [String(maxAge)],
  }
}

/** A port that goes without saying is as if it were said; `*` is any number of labels in its place. */
function isOrigin(allowed: string, origin: string): boolean {
  if (allowed === '*') return true
  const withPort = (each: string): string => (/:\d+$/.test(each) ? each : `${each}:${each.startsWith('https:') ? 443 : 80}`)
  const [scheme = '', host = ''] = withPort(allowed).split('://')
  const [ownScheme = '', own = ''] = withPort(origin).split('://')
  const [before = '', after] = host.split('*')
  const isHost =
    after === undefined ? own === host : own.startsWith(before) && own.endsWith(after) && own.length > before.length + after.length
  return scheme === ownScheme && isHost
}
