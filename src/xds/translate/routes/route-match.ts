import type { envoy } from '../../../gen/envoy/types.js'
import type { PathMatch, RequestMatch, ValueMatch } from '../../../ir/route.js'
import { inAnyEncoding, quote } from '../regex.js'

type RouteMatch = envoy.config.route.v3.RouteMatch
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher
type CookieMatcher = envoy.config.route.v3.CookieMatcher
type StringMatcher = envoy.type.matcher.v3.StringMatcher

/** The match of a route. With `grpc` only requests that say that they are gRPC match. */
export function routeMatch(match: RequestMatch, grpc: boolean): RouteMatch {
  const headers = [...(match.method === undefined ? [] : [exactHeader(':method', match.method)]), ...match.headers.map(headerMatcher)]
  const queryParameters = match.queryParams.map((param) => ({ name: param.name, stringMatch: queryMatcher(param) }))
  const cookies = (match.cookies ?? []).map(cookieMatcher)
  return {
    ...pathMatch(match.path),
    ...(headers.length === 0 ? {} : { headers }),
    ...(queryParameters.length === 0 ? {} : { queryParameters }),
    ...(cookies.length === 0 ? {} : { cookies }),
    ...(grpc ? { grpc: {} } : {}),
  }
}

/** Matches a header by its whole value. */
export function exactHeader(name: string, value: string): HeaderMatcher {
  return { name, stringMatch: { exact: value } }
}

/** Matches a cookie. */
export function cookieMatcher(match: ValueMatch): CookieMatcher {
  return { name: match.name, stringMatch: stringMatcher(match) }
}

/** The prefix that Envoy compares: without the slash at its end. The empty string matches every path. */
export function prefixOf(value: string): string {
  return value.replace(/\/+$/, '')
}

function pathMatch(path: PathMatch): RouteMatch {
  switch (path.kind) {
    case 'exact':
      return { path: path.value }
    case 'regex':
      return { safeRegex: { regex: path.value } }
    case 'prefix': {
      const prefix = prefixOf(path.value)
      return prefix === '' ? { prefix: '/' } : { pathSeparatedPrefix: prefix }
    }
  }
}

function headerMatcher(match: ValueMatch): HeaderMatcher {
  return { name: match.name, stringMatch: stringMatcher(match) }
}

/** Envoy compares queries as they were sent: a value is the same in each spelling of what a query cannot hold, or need not, as it is. */
function queryMatcher(match: ValueMatch): StringMatcher {
  if (match.kind !== 'exact' || UNRESERVED.test(match.value)) return stringMatcher(match)
  const parts = match.value.split(/([^A-Za-z0-9._~-]+)/)
  return { safeRegex: { regex: parts.map((part) => (UNRESERVED.test(part) ? quote(part) : inAnyEncoding(part))).join('') } }
}

/** Characters that nobody writes otherwise (RFC 3986 §2.3). */
const UNRESERVED = /^[A-Za-z0-9._~-]*$/

function stringMatcher({ kind, value }: ValueMatch): StringMatcher {
  return kind === 'exact' ? { exact: value } : { safeRegex: { regex: value } }
}
