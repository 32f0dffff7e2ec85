/** Whether a request is what a route wants. Source: envoy/config/route/v3/route_components.proto, RouteMatch. */
import { Enum } from '../gen/envoy/enums.js'
import type { envoy } from '../gen/envoy/types.js'
import { headerOf, isGrpc, queryOf, type SeenRequest, withoutQuery } from './seen-request.js'
import { describeMatcher, regexMatches, textMatches } from './text-match.js'

type RouteMatch = envoy.config.route.v3.RouteMatch
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher

/** The first thing that a request lacks to be what a route wants; undefined where it has all. Chance is not part of it: see `shareOf`. */
export function mismatch(match: RouteMatch, request: SeenRequest): string | undefined {
  return (
    pathMismatch(match, request) ??
    first(match.headers ?? [], (matcher) => headerMismatch(matcher, request)) ??
    (match.grpc === undefined || isGrpc(request.headers) ? undefined : 'it is no gRPC request (content-type: application/grpc)') ??
    queryMismatch(match, request) ??
    cookieMismatch(match, request)
  )
}

/** Of requests that are what a route wants, the part that it takes, counted from the first route on: 1 for all that are left. */
export function shareOf({ runtimeFraction }: Pick<RouteMatch, 'runtimeFraction'>): number {
  if (runtimeFraction === undefined) return 1
  const fraction = runtimeFraction.defaultValue
  const denominators = Enum['envoy.type.v3.FractionalPercent.DenominatorType']
  const of = { [denominators.HUNDRED]: 100, [denominators.TEN_THOUSAND]: 10_000, [denominators.MILLION]: 1_000_000 }
  return (fraction?.numerator ?? 0) / (of[fraction?.denominator ?? denominators.HUNDRED] ?? 100)
}

/** True for a route that no request can match: it stands behind one that answers an error in its place. */
export function isUnreachable({ headers }: RouteMatch): boolean {
  return (headers ?? []).some(({ name, presentMatch, invertMatch }) => name === ':method' && presentMatch === true && invertMatch === true)
}

function pathMismatch(match: RouteMatch, { method, path }: SeenRequest): string | undefined {
  if (match.connectMatcher !== undefined) return method === 'CONNECT' ? undefined : `the method is ${method}, not CONNECT`
  if (path === '') return 'a CONNECT has no path'
  const own = withoutQuery(path)
  const isCased = match.caseSensitive === undefined || match.caseSensitive.value === true
  const [seen, of] = isCased ? [own, (text: string) => text] : [own.toLowerCase(), (text: string) => text.toLowerCase()]
  if (match.path !== undefined) return seen === of(match.path) ? undefined : `the path is not ${match.path}`
  if (match.prefix !== undefined) return seen.startsWith(of(match.prefix)) ? undefined : `the path does not begin with ${match.prefix}`
  if (match.pathSeparatedPrefix !== undefined) {
    const prefix = of(match.pathSeparatedPrefix)
    const isUnder = seen === prefix || seen.startsWith(`${prefix}/`)
    return isUnder ? undefined : `the path is not ${match.pathSeparatedPrefix} and not below it`
  }
  if (match.safeRegex !== undefined) {
    const { regex = '' } = match.safeRegex
    return regexMatches(regex, own) ? undefined : `the path is not of the form ${regex}`
  }
  return 'an extension decides about its path'
}

/** Of several headers with one name, one must be what is wanted. */
function headerMismatch(matcher: HeaderMatcher, request: SeenRequest): string | undefined {
  const { name = '', invertMatch = false, presentMatch, stringMatch } = matcher
  const values = headerOf(request, name)
  const what = name === ':method' ? 'the method' : `the header ${name}`
  if (stringMatch === undefined) {
    // Without anything else, a header must be there.
    const mustBeThere = (presentMatch ?? true) !== invertMatch
    return values.length > 0 === mustBeThere ? undefined : `${what} is ${mustBeThere ? 'not there' : 'there'}`
  }
  const seen = values.length === 0 && matcher.treatMissingHeaderAsEmpty === true ? [''] : values
  const wanted = `${invertMatch ? 'not ' : ''}be ${describeMatcher(stringMatch)}`
  if (seen.length === 0) return `${what} is not there, and must ${wanted}`
  if (seen.some((value) => textMatches(stringMatch, value)) !== invertMatch) return undefined
  return `${what} is ${seen.map((value) => JSON.stringify(value)).join(' and ')}, and must ${wanted}`
}

function queryMismatch({ queryParameters = [] }: RouteMatch, { path }: SeenRequest): string | undefined {
  if (queryParameters.length === 0) return undefined
  const parameters = parameterMap(queryOf(path).slice(1))
  return first(queryParameters, ({ name = '', stringMatch, presentMatch }) => {
    const value = parameters.get(name)
    if (value === undefined) return presentMatch === false ? undefined : `the query parameter ${name} is not there`
    if (stringMatch === undefined || textMatches(stringMatch, value)) return undefined
    return `the query parameter ${name} is ${JSON.stringify(value)}, and must be ${describeMatcher(stringMatch)}`
  })
}

/** Envoy compares queries as they were sent, and the first of several with one name. */
function parameterMap(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const part of query.split('&')) {
    const at = part.indexOf('=')
    const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)]
    if (!parameters.has(name)) parameters.set(name, value)
  }
  return parameters
}

function cookieMismatch({ cookies = [] }: RouteMatch, request: SeenRequest): string | undefined {
  if (cookies.length === 0) return undefined
  const own = cookieMap(headerOf(request, 'cookie').join(';'))
  return first(cookies, ({ name = '', stringMatch, invertMatch = false }) => {
    const value = own.get(name)
    const isIt = value !== undefined && (stringMatch === undefined || textMatches(stringMatch, value))
    if (isIt !== invertMatch) return undefined
    return value === undefined ? `the cookie ${name} is not there` : `the cookie ${name} has another value`
  })
}

/** The first cookie of a name; only what stands before a name, and quotes, are no part of it. */
function cookieMap(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at < 0) continue
    const name = part.slice(0, at).trimStart()
    if (!cookies.has(name)) cookies.set(name, part.slice(at + 1).replace(/^"(.*)"$/, '$1'))
  }
  return cookies
}

function first<T>(all: readonly T[], problemOf: (each: T) => string | undefined): string | undefined {
  for (const each of all) {
    const problem = problemOf(each)
    if (problem !== undefined) return problem
  }
  return undefined
}
