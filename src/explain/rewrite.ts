/** What a route makes of the path. Source: envoy/config/route/v3/route_components.proto, `prefix_rewrite` and `regex_rewrite`. */
import type { envoy } from '../gen/envoy/types.js'
import { queryOf, withoutQuery } from './seen-request.js'
import { substitute } from './text-match.js'

/** The part of an action that changes the path. */
export interface PathRewrites {
  readonly prefixRewrite?: string
  readonly regexRewrite?: envoy.type.matcher.v3.RegexMatchAndSubstitute
}

/** The path that the backend gets, or that a redirect names, with its query. */
export function rewritePath({ prefixRewrite, regexRewrite }: PathRewrites, match: envoy.config.route.v3.RouteMatch, path: string): string {
  const own = withoutQuery(path)
  if (regexRewrite !== undefined) return substitute(regexRewrite, own) + queryOf(path)
  if (prefixRewrite === undefined || prefixRewrite === '') return path
  return prefixRewrite + own.slice(matchedPart(match, own).length) + queryOf(path)
}

/** What of a path its match is about. */
function matchedPart({ prefix, pathSeparatedPrefix }: envoy.config.route.v3.RouteMatch, path: string): string {
  return prefix ?? pathSeparatedPrefix ?? path
}
