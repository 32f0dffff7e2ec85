/** The routes of Envoy that one route of ours becomes: one, unless it takes several to say what it means. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { Forward, SessionPersistence } from '../../../ir/forward.js'
import { countsForItself } from '../../../ir/request-traffic.js'
import type { Route as IrRoute } from '../../../ir/route.js'
import { INVALID_BACKEND } from '../../invalid-backend.js'
import { requestShare } from '../fraction.js'
import { type HeaderMutations, headerMutations } from '../header-mutations.js'
import { CORS } from '../http-filters/cors.js'
import { perFilterConfig } from '../http-filters/index.js'
import { upgradeMetadata } from '../http-filters/scope-search.js'
import { routeTracing } from '../telemetry/tracing.js'
import { allowedOrigin, varyingByOrigin, withCorsHeaders } from './cors-answers.js'
import { directResponse } from './direct-response.js'
import { keptByRoute } from './kept-body.js'
import { redirectActions } from './redirect.js'
import { type Backends, forwardTo, type Upgrading } from './route-action.js'
import { cookieMatcher, exactHeader, routeMatch } from './route-match.js'
import { backendCookie, rememberingBackend } from './session-backends.js'
import { type Share, shares } from './shares.js'

type Route = envoy.config.route.v3.Route
type RouteMatch = envoy.config.route.v3.RouteMatch
type HeaderMatcher = envoy.config.route.v3.HeaderMatcher
type MatchingRoute = Route & { readonly match: RouteMatch }

/** What no request is. */
const NO_METHOD: HeaderMatcher = { name: ':method', presentMatch: true, invertMatch: true }

const GRPC_OR_GRPC_WEB = 'application/grpc(-web(-text)?)?([+;].*)?'

/** The routes in the order in which they must be tried. `domain` is what the virtual host serves. */
export function buildRoutes(route: IrRoute, domain: string): readonly Route[] {
  const actions = actionRoutes(route, domain).map((each) => varyingByOrigin(each, route.cors))
  const routes = [...preflightRoutes(route), ...actions]
  return route.isUnreached === true ? routes.map((each) => ({ ...each, match: withHeaders(each.match, [NO_METHOD]) })) : routes
}

/**
 * A browser asks with OPTIONS whether it may send the method that the rule matches: the CORS filter answers in the name of the rule. A rule
 * that forwards whatever the method answers itself.
 */
function preflightRoutes(route: IrRoute): readonly MatchingRoute[] {
  const { method: ownMethod, ...match } = route.match
  // Browsers ask before they send gRPC-Web.
  const method = route.grpcWeb === true ? 'POST' : ownMethod
  const cors = CORS.perRoute(route)
  if (cors === undefined || method === 'OPTIONS') return []
  if (method === undefined && route.action.kind === 'forward') return []
  const asked = 'access-control-request-method'
  const preflight = [
    method === undefined ? { name: asked, presentMatch: true } : exactHeader(asked, method),
    { name: 'origin', presentMatch: true },
  ]
  return [
    {
      name: route.name,
      match: withHeaders(routeMatch({ ...match, method: 'OPTIONS' }, false), preflight),
      // The filter always answers, but it does so only on routes that forward.
      route: { cluster: INVALID_BACKEND },
      typedPerFilterConfig: { [CORS.name]: cors },
    },
  ]
}

function actionRoutes(route: IrRoute, domain: string): readonly MatchingRoute[] {
  const { action } = route
  const match = matchOf(route)
  switch (action.kind) {
    case 'redirect':
      return redirectActions(action, route.match.path, domain).flatMap(({ headers, redirect }) =>
        forBrowsers(route, { ...common(route), match: headers.length === 0 ? match : withHeaders(match, headers), redirect }),
      )
    case 'directResponse':
      return forBrowsers(route, answer(route, match, directResponse(action)))
    case 'forward':
      return forwardRoutes(route, match, action)
  }
}

/** Before a route that answers by itself, the same for requests from origins that may read the answer. */
function forBrowsers({ cors }: IrRoute, built: MatchingRoute): readonly MatchingRoute[] {
  if (cors === undefined || cors.allowOrigins.length === 0) return [built]
  const allowed = { match: withHeaders(built.match, [allowedOrigin(cors)]), responseHeadersToAdd: withCorsHeaders(built, cors) }
  return [{ ...built, ...allowed }, built]
}

/** gRPC-Web is turned into gRPC behind the choice of the route, so it must look like either of them there. */
function matchOf({ match, grpc, grpcWeb }: IrRoute): RouteMatch {
  if (!grpc || grpcWeb !== true) return routeMatch(match, grpc)
  return withHeaders(routeMatch(match, false), [{ name: 'content-type', stringMatch: { safeRegex: { regex: GRPC_OR_GRPC_WEB } } }])
}

function forwardRoutes(route: IrRoute, match: RouteMatch, forward: Forward): readonly MatchingRoute[] {
  const session = forward.sessionPersistence
  const remembered = session?.backends === undefined ? undefined : session
  const build = (own: RouteMatch, backends: Backends, variant: Variant): MatchingRoute => ({
    ...named(route),
    match: own,
    ...upgradeMetadata(forward.upgrades),
    ...keptByRoute(route),
    ...forwardTo(backends, forward, route, variant),
  })
  const returning = (variant: Variant): readonly MatchingRoute[] =>
    remembered === undefined
      ? []
      : (remembered.backends ?? []).map((backend) => {
          const cookies = [...(variant.match.cookies ?? []), cookieMatcher(backendCookie(remembered, backend))]
          return build({ ...variant.match, cookies }, { clusters: [backend], invalidWeight: 0 }, variant)
        })
  return variants(match, forward, route).flatMap((variant) => [
    ...returning(variant),
    ...divide(forward, remembered).map(({ part: { backends }, upTo }) =>
      build(upTo === undefined ? variant.match : { ...variant.match, runtimeFraction: requestShare(upTo) }, backends, variant),
    ),
  ])
}

interface Variant extends Upgrading {
  readonly match: RouteMatch
}

/** Upgrades may stay idle where other requests may not, which takes a route of their own: unless the rule says how long all may. */
function variants(match: RouteMatch, { upgrades, timeouts, connect }: Forward, { traffic }: IrRoute): readonly Variant[] {
  const connects: readonly Variant[] =
    connect === undefined
      ? []
      : [{ match: connectMatch(match), upgrades: ['CONNECT'], terminates: connect === 'terminate', mayStayIdle: true }]
  // What a route counts, it counts for itself: a client must not double it by a header.
  const isOne = upgrades.length === 0 || timeouts.idleMs !== undefined || countsForItself(traffic)
  if (isOne) return [...connects, { match, upgrades, mayStayIdle: false }]
  const upgraded = upgrades.map((protocol) => ({ match: withHeaders(match, [upgradeHeader(protocol)]), upgrades, mayStayIdle: true }))
  return [...connects, ...upgraded, { match, upgrades: [], mayStayIdle: false }]
}

/** A request of the method CONNECT has no path. */
function connectMatch({ headers }: RouteMatch): RouteMatch {
  return { connectMatcher: {}, ...(headers === undefined ? {} : { headers }) }
}

/**
 * Envoy cannot rewrite the path per weighted cluster, so a backend with a rewrite of its own makes every backend a route of its own.
 * Envoy compares all fractions of a request with the same random number.
 */
function divide(forward: Forward, session: SessionPersistence | undefined): readonly Share<Part>[] {
  const { invalidWeight } = forward
  const clusters = session === undefined ? forward.clusters : forward.clusters.map((each) => rememberingBackend(session, each))
  const rewrites = clusters.some(({ pathRewrite }) => pathRewrite !== undefined)
  if (!rewrites) return [{ part: { backends: { clusters, invalidWeight }, weight: 1 } }]
  return shares([
    ...clusters.map((cluster) => ({ backends: { clusters: [cluster], invalidWeight: 0 }, weight: cluster.weight })),
    ...(invalidWeight === 0 ? [] : [{ backends: { clusters: [], invalidWeight }, weight: invalidWeight }]),
  ])
}

interface Part {
  readonly backends: Backends
  readonly weight: number
}

function named(route: IrRoute): Pick<Route, 'name' | 'statPrefix' | 'tracing' | 'typedPerFilterConfig'> {
  const typedPerFilterConfig = perFilterConfig(route)
  return {
    name: route.name,
    ...(route.traffic?.statName === undefined ? {} : { statPrefix: route.traffic.statName }),
    ...(route.traffic?.tracing === undefined ? {} : { tracing: routeTracing(route.traffic.tracing) }),
    ...(typedPerFilterConfig === undefined ? {} : { typedPerFilterConfig }),
  }
}

function common(route: IrRoute): ReturnType<typeof named> & HeaderMutations {
  return { ...named(route), ...headerMutations(route.requestHeaders, route.responseHeaders) }
}

/** A route that answers by itself, with the headers of the rule and those of the answer. */
function answer(route: IrRoute, match: RouteMatch, response: ReturnType<typeof directResponse>): MatchingRoute {
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
