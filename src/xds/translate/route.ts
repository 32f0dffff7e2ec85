/** The routes of Envoy that one route of ours becomes: one, unless it takes several to say what it means. */
import type { envoy } from '../../gen/envoy/types.js'
import type { Forward } from '../../ir/forward.js'
import type { Route as IrRoute } from '../../ir/route.js'
import { directResponse, invalidBackendStatus } from './direct-response.js'
import { millionths, requestShare } from './fraction.js'
import { type HeaderMutations, headerMutations, hostOf } from './header-mutations.js'
import { CORS } from './http-filters/cors.js'
import { perFilterConfig } from './http-filters/index.js'
import { redirectAction } from './redirect.js'
import { type Destinations, routeAction } from './route-action.js'
import { exactHeader, routeMatch } from './route-match.js'

type Route = envoy.config.route.v3.Route
type RouteMatch = envoy.config.route.v3.RouteMatch
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher

/** The routes in the order in which they must be tried. `domain` is what the virtual host serves. */
export function buildRoutes(route: IrRoute, domain: string): readonly Route[] {
  return [...preflightRoutes(route), ...actionRoutes(route, domain)]
}

/** A browser asks with OPTIONS whether it may send the method that the rule matches: the CORS filter answers in the name of the rule. */
function preflightRoutes(route: IrRoute): readonly Route[] {
  const { method, ...match } = route.match
  const cors = CORS.perRoute(route)
  if (cors === undefined || method === undefined || method === 'OPTIONS') return []
  const preflight = [exactHeader('access-control-request-method', method), { name: 'origin', presentMatch: true }]
  return [
    {
      name: route.name,
      match: withHeaders(routeMatch({ ...match, method: 'OPTIONS' }, false), preflight),
      ...directResponse({ statusCode: 204 }),
      typedPerFilterConfig: { [CORS.name]: cors },
    },
  ]
}

function actionRoutes(route: IrRoute, domain: string): readonly Route[] {
  const { action } = route
  const match = routeMatch(route.match, route.grpc)
  switch (action.kind) {
    case 'redirect':
      return [{ ...common(route), match, redirect: redirectAction(action, route.match.path, domain) }]
    case 'directResponse':
      return [answer(route, match, directResponse(action))]
    case 'forward':
      return forwardRoutes(route, match, action)
  }
}

function forwardRoutes(route: IrRoute, match: RouteMatch, forward: Forward): readonly Route[] {
  const unusable = { statusCode: invalidBackendStatus(route.grpc) }
  if (forward.clusters.length === 0) return [answer(route, match, directResponse(unusable))]
  const upgradeMatches = forward.upgrades.map((protocol) => withHeaders(match, [upgradeHeader(protocol)]))
  const variants = [...upgradeMatches.map((one) => ({ match: one, upgrade: true })), { match, upgrade: false }]
  return variants.flatMap((variant) =>
    shares(forward).map(({ destinations, upTo }) => {
      const shareMatch = upTo === undefined ? variant.match : { ...variant.match, runtimeFraction: requestShare(upTo) }
      if (destinations.clusters.length === 0) return answer(route, shareMatch, directResponse(unusable))
      const { path } = route.match
      const context = { path, grpc: route.grpc, host: hostOf(route.requestHeaders), upgrade: variant.upgrade }
      return { ...common(route), match: shareMatch, route: routeAction(forward, destinations, context) }
    }),
  )
}

interface Share {
  readonly destinations: Destinations
  /** In millionths of all requests, the shares before this one included; undefined takes the rest. */
  readonly upTo?: number
}

/**
 * Envoy cannot rewrite the path per weighted cluster, so a backend with a rewrite of its own makes every backend a route of its own.
 * Envoy compares all fractions of a request with the same random number: each route says where its share ends.
 */
function shares(forward: Forward): readonly Share[] {
  const { clusters, invalidWeight } = forward
  if (clusters.length === 1 && invalidWeight === 0) return [{ destinations: forward }]
  if (clusters.every(({ pathRewrite }) => pathRewrite === undefined)) return [{ destinations: forward }]
  const parts = [
    ...clusters.map((cluster) => ({ weight: cluster.weight, destinations: { clusters: [cluster], invalidWeight: 0 } })),
    ...(invalidWeight === 0 ? [] : [{ weight: invalidWeight, destinations: { clusters: [], invalidWeight } }]),
  ]
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  let before = 0
  return parts.map(({ weight, destinations }, i) => {
    before += weight
    return i === parts.length - 1 ? { destinations } : { destinations, upTo: millionths(before, total) }
  })
}

function common(route: IrRoute): Pick<Route, 'name' | 'typedPerFilterConfig'> & HeaderMutations {
  const typedPerFilterConfig = perFilterConfig(route)
  return {
    name: route.name,
    ...headerMutations(route.requestHeaders, route.responseHeaders),
    ...(typedPerFilterConfig === undefined ? {} : { typedPerFilterConfig }),
  }
}

/** A route that answers by itself, with the headers of the rule and those of the answer. */
function answer(route: IrRoute, match: RouteMatch, response: ReturnType<typeof directResponse>): Route {
  const shared = common(route)
  const responseHeadersToAdd = [...(response.responseHeadersToAdd ?? []), ...(shared.responseHeadersToAdd ?? [])]
  return {
    ...shared,
    match,
    directResponse: response.directResponse,
    ...(responseHeadersToAdd.length === 0 ? {} : { responseHeadersToAdd }),
  }
}

function withHeaders(match: RouteMatch, headers: readonly HeaderMatcher[]): RouteMatch {
  return { ...match, headers: [...(match.headers ?? []), ...headers] }
}

function upgradeHeader(protocol: string): HeaderMatcher {
  return { name: 'upgrade', stringMatch: { exact: protocol, ignoreCase: true } }
}
