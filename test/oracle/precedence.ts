/**
 * Which of several matches serves a request.
 *
 * Source: Gateway API v1.7, `HTTPRouteRule.matches`, `GRPCRouteRule.matches` and the hostnames of routes. Where the text leaves it open, what our
 * documentation says: regular expressions stand between exact paths and prefixes, the longer first; routes of both kinds may share a host, where a
 * method of gRPC is the path that it has in HTTP, and what is about gRPC alone goes before what is about any method.
 */
import { compareHostnames } from './hostnames.js'
import { elements, pathOf } from './matching.js'
import type { Match, Route } from './objects.js'

/** A match of a request. */
export interface Candidate {
  readonly route: Route
  /** The most specific name of the route that is about the host; undefined: it names none. */
  readonly hostname: string | undefined
  /** The position of the rule. */
  readonly rule: number
  readonly match: Match
}

/** The match that serves comes first. */
export function byPrecedence(a: Candidate, b: Candidate): number {
  return (
    compareHostnames(a.hostname, b.hostname) ||
    largestFirst(numbersOf(a), numbersOf(b)) ||
    Date.parse(a.route.created) - Date.parse(b.route.created) ||
    byText(`${a.route.namespace}/${a.route.name}`, `${b.route.namespace}/${b.route.name}`) ||
    a.rule - b.rule
  )
}

/** How specific a match is: what counts first comes first. */
function numbersOf({ route, match }: Candidate): readonly number[] {
  const { headers = [], queryParams = [], method } = match
  if (route.kind === 'GRPCRoute') return [...numbersOfCall(match), 1, headers.length]
  const { type, value } = pathOf(match)
  const kind = ['PathPrefix', 'RegularExpression', 'Exact'].indexOf(type)
  const length = type === 'PathPrefix' ? elements(value).join('/').length + 1 : value.length
  return [kind, length, 0, Number(method !== undefined), headers.length, queryParams.length]
}

/** Characters of the service, then those of the method, in such a way that they can stand beside paths. */
function numbersOfCall({ call: { type, service = '', method = '' } = {} }: Match): readonly number[] {
  if (type === 'RegularExpression') return [1, service.length + 1, method.length]
  const isPath = service !== '' && method !== ''
  return isPath ? [2, service.length + method.length + 2, 0] : [0, service.length + 1, method.length]
}

function largestFirst(a: readonly number[], b: readonly number[]): number {
  for (const [at, each] of a.entries()) {
    const difference = (b[at] ?? 0) - each
    if (difference !== 0) return difference
  }
  return 0
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
