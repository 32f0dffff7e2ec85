/**
 * Which of several matches serves a request.
 *
 * Source: Gateway API v1.7, `HTTPRouteRule.matches` and `GRPCRouteRule.matches`. Where the text leaves it open, regular expressions stand
 * between exact paths and prefixes, longer ones first. Matches of both kinds of routes may meet on one host and are compared in one order, in
 * which those of gRPC are narrower.
 */
import type { Hostname } from '../../ir/hostname.js'
import { compareText } from '../../util/compare-text.js'
import { compareSpecificity } from '../hostnames.js'

/** How specific a match is, the most important first. */
export interface MatchSpecificity {
  readonly path: 'exact' | 'regex' | 'prefix'
  /** Characters of the path; of its first part for a gRPC match that does not name all of it. */
  readonly pathLength: number
  /** Characters of a gRPC method that are no part of `pathLength`. */
  readonly methodNameLength: number
  readonly hasMethod: boolean
  readonly headers: number
  readonly queryParams: number
  /** Cookies come from filters of our own: they decide last. */
  readonly cookies?: number
}

/** A match on one host and everything that decides its place. */
export interface OrderedMatch {
  /** The name of the route's own that covers the host; undefined when the route names none. */
  readonly hostname: Hostname | undefined
  readonly specificity: MatchSpecificity
  /** RFC 3339. */
  readonly creationTimestamp: string
  /** `<namespace>/<name>`, then the kind, of the route. */
  readonly routeName: string
  readonly rule: number
  readonly match: number
}

const PATH_RANK = { exact: 0, regex: 1, prefix: 2 } as const

/** A total order: the match that comes first serves a request that both match. */
export function compareMatches(a: OrderedMatch, b: OrderedMatch): number {
  return (
    compareSpecificity(a.hostname, b.hostname) ||
    compareSpecific(a.specificity, b.specificity) ||
    compareText(a.creationTimestamp, b.creationTimestamp) ||
    compareText(a.routeName, b.routeName) ||
    a.rule - b.rule ||
    a.match - b.match
  )
}

function compareSpecific(a: MatchSpecificity, b: MatchSpecificity): number {
  return (
    PATH_RANK[a.path] - PATH_RANK[b.path] ||
    b.pathLength - a.pathLength ||
    b.methodNameLength - a.methodNameLength ||
    Number(b.hasMethod) - Number(a.hasMethod) ||
    b.headers - a.headers ||
    b.queryParams - a.queryParams ||
    (b.cookies ?? 0) - (a.cookies ?? 0)
  )
}
