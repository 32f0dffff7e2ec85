/** Cross-origin requests. Source: Gateway API v1.7, `HTTPCORSFilter`, and the Fetch standard. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { Cors } from '../../../ir/route.js'
import { any, bool } from '../../message.js'
import { HOST_PATTERN, quote } from '../regex.js'
import type { HttpFilter } from './http-filter.js'

type CorsPolicy = envoy.extensions.filters.http.cors.v3.CorsPolicy
type StringMatcher = envoy.type.matcher.v3.StringMatcher

/** Answers preflight requests and adds the headers of CORS to answers. */
export const CORS: HttpFilter = {
  name: 'envoy.filters.http.cors',
  config: any('envoy.extensions.filters.http.cors.v3.Cors', {}),
  disabled: true,
  // No origin is allowed, and preflight requests of all others go on.
  idle: any('envoy.extensions.filters.http.cors.v3.CorsPolicy', {}),
  perRoute: ({ cors }) => (cors === undefined ? undefined : any('envoy.extensions.filters.http.cors.v3.CorsPolicy', corsPolicy(cors))),
}

function corsPolicy(cors: Cors): CorsPolicy {
  const { allowOrigins, allowMethods, allowHeaders, allowCredentials } = cors
  const exposeHeaders = exposedHeaders(cors)
  return {
    allowOriginStringMatch: allowOrigins.map(originMatcher),
    ...(allowMethods.length === 0 ? {} : { allowMethods: allowMethods.join(', ') }),
    ...(allowHeaders.length === 0 ? {} : { allowHeaders: allowHeaders.join(', ') }),
    ...(exposeHeaders.length === 0 ? {} : { exposeHeaders: exposeHeaders.join(', ') }),
    maxAge: String(cors.maxAgeSeconds),
    allowCredentials: bool(allowCredentials),
    // A preflight request is for us to answer: without the headers it expects when the origin is not allowed.
    forwardNotMatchingPreflights: bool(false),
  }
}

/** Headers that scripts may read. With credentials `*` is no wildcard but the name of a header, which the specification does not let us send. */
export function exposedHeaders({ exposeHeaders, allowCredentials }: Cors): readonly string[] {
  return exposeHeaders.filter((name) => name !== '*' || !allowCredentials)
}

/** An RE2 expression for what browsers send as the origin, to be matched as a whole. */
export function originRegex(written: string): string {
  const origin = asSent(written)
  if (origin === '*') return '.*'
  return origin.includes('*') ? originPattern(origin) : `(?i)${quote(origin)}`
}

function originMatcher(written: string): StringMatcher {
  const origin = asSent(written)
  return origin.includes('*') ? { safeRegex: { regex: originRegex(origin) } } : { exact: origin, ignoreCase: true }
}

/** Browsers leave out the port that the scheme stands for. */
function asSent(written: string): string {
  return written.replace(/^(http:.*):80$|^(https:.*):443$/i, '$1$2')
}

/** A wildcard in the host stands for one or more labels, in the port for any port. It never reaches over the border of a part. */
function originPattern(origin: string): string {
  const port = /:\*$/.test(origin) ? ':[0-9]+' : ''
  const rest = port === '' ? origin : origin.slice(0, -2)
  return `(?i)${rest.split('*').map(quote).join(HOST_PATTERN)}${port}`
}
