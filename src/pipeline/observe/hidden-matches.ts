/**
 * Matches of routes that no request comes to, because another route or rule has the very same for each of their hosts and goes first. That is no
 * mistake, and whoever moves from one route to another wants it for a while; so it is no condition, and told when somebody looks.
 */
import type { Problem } from '../../admin/sources.js'
import { describeRouteName } from '../../explain/route-name.js'
import type { GatewayApi } from '../../gatewayapi/declare.js'
import type { Route } from '../../ir/route.js'
import { compareText } from '../../util/compare-text.js'
import { describeObject } from '../../util/object-ref.js'

/** A warning for each of them. Matches that are only narrower than another one are not looked for. */
export function hiddenMatches({ virtualHosts }: Pick<GatewayApi, 'virtualHosts'>): readonly Problem[] {
  const textOf = matchTexts()
  const served = new Set<string>()
  const hidden = new Map<string, { readonly route: Route; readonly by: Route }>()
  for (const [, { routes }] of virtualHosts.entries()) {
    for (const { route, by } of withFirst(
      routes.filter(({ isUnreached }) => isUnreached !== true),
      textOf,
    )) {
      if (by === undefined) served.add(route.name)
      else if (!hidden.has(route.name)) hidden.set(route.name, { route, by })
    }
  }
  return [...hidden.values()]
    .filter(({ route }) => !served.has(route.name))
    .map(warning)
    .sort((a, b) => compareText(a.where, b.where) || compareText(a.message, b.message))
}

interface MatchedRoute {
  readonly route: Route
  /** The first one that has the same match; undefined where it is this one. */
  readonly by: Route | undefined
}

function withFirst(routes: readonly Route[], textOf: (route: Route) => string): readonly MatchedRoute[] {
  // Most hosts have one.
  if (routes.length < 2) return routes.map((route) => ({ route, by: undefined }))
  const first = new Map<string, Route>()
  return routes.map((route) => {
    const match = textOf(route)
    const by = first.get(match)
    if (by === undefined) first.set(match, route)
    return { route, by: by?.name === route.name ? undefined : by }
  })
}

/** The match of a route as a text. A route for every host stands in each of them with the same match, which is put into words once. */
function matchTexts(): (route: Route) => string {
  const known = new Map<Route['match'], string>()
  return ({ match }) => {
    const text = known.get(match) ?? JSON.stringify(match)
    known.set(match, text)
    return text
  }
}

function warning({ route, by }: { readonly route: Route; readonly by: Route }): Problem {
  const where = describeObject(route.origin)
  const which = fieldOf(route)
  const isOwn = describeObject(by.origin) === where
  const first = isOwn ? `${fieldOf(by)} is the same and stands before it` : `${describeRouteName(by.name)} is the same and goes first`
  const why = isOwn ? 'remove one of the two' : 'it is older, or has the smaller name'
  return { severity: 'warning', where, message: `${which} gets no request: ${first}: ${why}`, object: route.origin }
}

/** `spec.rules[…].matches[…]`. */
function fieldOf({ name }: Route): string {
  return describeRouteName(name).replace(/^\S+ /, '')
}
