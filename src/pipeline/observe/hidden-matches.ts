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
  const hiddenIn = hiddenRoutes()
  const hidden = new Map<string, HiddenRoute>()
  for (const [, { routes }] of virtualHosts.entries()) {
    for (const each of hiddenIn(routes)) if (!hidden.has(each.route.name)) hidden.set(each.route.name, each)
  }
  if (hidden.size === 0) return []
  // What is hidden for one host may be served for another.
  for (const [, { routes }] of virtualHosts.entries()) {
    const names = new Set(hiddenIn(routes).map(({ route }) => route.name))
    for (const { name } of routes) if (!names.has(name)) hidden.delete(name)
  }
  return [...hidden.values()].map(warning).sort((a, b) => compareText(a.where, b.where) || compareText(a.message, b.message))
}

interface HiddenRoute {
  readonly route: Route
  /** The first one that has the same match. */
  readonly by: Route
}

/** Finds those among the routes of one host after the other. Whoever looks at thousands of hosts, with routes for all of them, asks one such function. */
function hiddenRoutes(): (routes: readonly Route[]) => readonly HiddenRoute[] {
  const numberOf = matchNumbers()
  /** By the number of a match: the first route that has it, and for which call that was seen. */
  const first: { call: number; route: Route }[] = []
  let call = 0
  return (routes) => {
    call++
    // Most hosts have one.
    if (routes.length < 2) return []
    const hidden: HiddenRoute[] = []
    for (const route of routes) {
      if (route.isUnreached === true) continue
      const number = numberOf(route)
      const known = first[number]
      if (known?.call !== call) first[number] = { call, route }
      else if (known.route.name !== route.name) hidden.push({ route, by: known.route })
    }
    return hidden
  }
}

/** Numbers from 0 on; equal matches have the same. The match of a route for every host is put into words once, not once for each host. */
function matchNumbers(): (route: Route) => number {
  const byMatch = new Map<Route['match'], number>()
  const byText = new Map<string, number>()
  return ({ match }) => {
    const known = byMatch.get(match)
    if (known !== undefined) return known
    const text = JSON.stringify(match)
    const number = byText.get(text) ?? byText.size
    byText.set(text, number)
    byMatch.set(match, number)
    return number
  }
}

function warning({ route, by }: HiddenRoute): Problem {
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
