/** What a route does with a request. */
import { Enum } from '../gen/envoy/enums.js'
import type { envoy, google } from '../gen/envoy/types.js'
import { INVALID_BACKEND } from '../xds/invalid-backend.js'
import { explainCluster } from './backends.js'
import type { GroupConfiguration } from './configuration.js'
import type { AnswerOutcome, ForwardOutcome, Outcome } from './explanation.js'
import { configFor, type FilterConfigs, filtersInEffect } from './filters.js'
import { explainRedirect } from './redirect.js'
import { rewritePath } from './rewrite.js'
import { isUnreachable } from './route-match.js'
import { upgradeOf } from './seen-headers.js'
import { headerOf, type SeenRequest, withoutQuery } from './seen-request.js'
import { substitute } from './text-match.js'
import { isOf, unpack } from './unpack.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
type Route = envoy.config.route.v3.Route
type RouteAction = envoy.config.route.v3.RouteAction
type RetryPolicy = envoy.config.route.v3.RetryPolicy
type VirtualHost = envoy.config.route.v3.VirtualHost
type Backend = Pick<envoy.config.route.v3.WeightedCluster.ClusterWeight, 'name' | 'weight' | 'hostRewriteLiteral' | 'typedPerFilterConfig'>

/** Where the request and its route are. */
export interface OutcomeContext {
  readonly configuration: GroupConfiguration
  readonly manager: HttpConnectionManager
  /** What is said to filters for all hosts. */
  readonly ofAll: FilterConfigs
  readonly virtualHost: VirtualHost
  readonly request: SeenRequest
}

const PREFLIGHT: AnswerOutcome = {
  does: 'answer',
  status: 200,
  body: undefined,
  because: 'the cors filter answers what browsers ask beforehand',
}

/** How much of a body is shown. */
const SHOWN_LETTERS = 200

/** @param share of the requests, that the route takes */
export function outcomesOf(context: OutcomeContext, route: Route, share: number): readonly Outcome[] {
  const { name, match = { prefix: '/' }, redirect, directResponse, route: action } = route
  const upgrade = upgradeOf(context.request)
  if (upgrade !== undefined && !isUpgraded(context, action, upgrade)) {
    const because = `the route does not change the protocol to ${upgrade} (connection: upgrade)`
    return [{ share, route: name, filters: [], does: 'answer', status: 403, body: undefined, because }]
  }
  const shared = { share, route: name, filters: filtersFor(context, route) }
  if (redirect !== undefined) return [{ ...shared, does: 'redirect', ...explainRedirect(redirect, match, context.request) }]
  if (directResponse !== undefined) return [{ ...shared, ...answerOf(directResponse, whyClosed(context, name)) }]
  if (action !== undefined && isAnsweredPreflight(context, route)) return [{ ...shared, ...PREFLIGHT }]
  if (action === undefined) return [{ ...shared, does: 'answer', status: 404, body: undefined, because: 'the route does nothing' }]
  const backends = backendsOf(action, context.request)
  const total = backends.reduce((sum, { weight }) => sum + (weight?.value ?? 0), 0)
  return backends
    .filter(({ weight }) => backends.length === 1 || (weight?.value ?? 0) > 0)
    .map((backend) => ({
      share: backends.length === 1 ? share : (share * (backend.weight?.value ?? 0)) / total,
      route: name,
      filters: filtersFor(context, route, backend),
      ...forwardTo(context, { match, action, backend }),
    }))
}

/** Each way to name a protocol is the same; a route says it, else the listener. Routes that answer by themselves change none. */
function isUpgraded({ manager }: OutcomeContext, action: RouteAction | undefined, upgrade: string): boolean {
  const isIt = ({ upgradeType }: { readonly upgradeType?: string }): boolean => upgradeType?.toLowerCase() === upgrade.toLowerCase()
  const said = action?.upgradeConfigs?.find(isIt) ?? manager.upgradeConfigs?.find(isIt)
  return said !== undefined && said.enabled?.value !== false
}

function filtersFor(context: OutcomeContext, route: Route, backend: Backend = {}): readonly string[] {
  return filtersInEffect(context.manager, configsOf(context, route, backend))
}

function configsOf({ ofAll, virtualHost }: OutcomeContext, route: Route, backend: Backend = {}): readonly (FilterConfigs | undefined)[] {
  return [ofAll, virtualHost.typedPerFilterConfig, route.typedPerFilterConfig, backend.typedPerFilterConfig]
}

const CORS = 'envoy.filters.http.cors'
const CORS_POLICY = 'envoy.extensions.filters.http.cors.v3.CorsPolicy'

/** True for what browsers ask before a request of another origin, where a filter answers it whoever asks. Source: the Fetch standard. */
function isAnsweredPreflight(context: OutcomeContext, route: Route): boolean {
  const { request } = context
  const isPreflight =
    request.method === 'OPTIONS' && headerOf(request, 'origin').length > 0 && headerOf(request, 'access-control-request-method').length > 0
  const config = isPreflight ? configFor(CORS, configsOf(context, route)) : undefined
  if (!isOf(config, CORS_POLICY)) return false
  const { forwardNotMatchingPreflights: forwards } = unpack(CORS_POLICY, config)
  // Envoy forwards those of unknown origins unless it is told not to.
  return forwards !== undefined && forwards.value !== true
}

const NO_BACKEND = 'the rule has no usable backend with a weight above 0'

/** Why a route answers an error in place of what its rule asks for, which stands behind it where no request comes; undefined for any other. */
function whyClosed({ virtualHost }: OutcomeContext, name: string | undefined): string | undefined {
  const behind = (virtualHost.routes ?? []).find((other) => other.name === name && isUnreachable(other.match ?? {}))
  if (behind === undefined) return undefined
  return behind.route?.cluster === INVALID_BACKEND ? NO_BACKEND : 'something that the rule asks for cannot be used'
}

function answerOf(
  { status = 200, body, bodyFormat }: envoy.config.route.v3.DirectResponseAction,
  because = 'the route answers by itself',
): AnswerOutcome {
  const text = body?.inlineString ?? bodyFormat?.textFormatSource?.inlineString
  return {
    does: 'answer',
    status,
    body: text === undefined || text.length <= SHOWN_LETTERS ? text : `${text.slice(0, SHOWN_LETTERS)}…`,
    because,
  }
}

function backendsOf({ cluster, clusterHeader, weightedClusters }: RouteAction, request: SeenRequest): readonly Backend[] {
  if (weightedClusters !== undefined) return weightedClusters.clusters ?? []
  return [{ name: cluster ?? headerOf(request, clusterHeader ?? '')[0] ?? '' }]
}

interface Forwarding {
  readonly match: envoy.config.route.v3.RouteMatch
  readonly action: RouteAction
  readonly backend: Backend
}

const NOT_FOUND = Enum['envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode']
const NOT_FOUND_STATUS: Readonly<Record<number, number>> = {
  [NOT_FOUND.SERVICE_UNAVAILABLE]: 503,
  [NOT_FOUND.NOT_FOUND]: 404,
  [NOT_FOUND.INTERNAL_SERVER_ERROR]: 500,
}

function forwardTo(
  { configuration, request, virtualHost }: OutcomeContext,
  { match, action, backend }: Forwarding,
): ForwardOutcome | AnswerOutcome {
  const cluster = backend.name ?? ''
  const { isThere, isTls, endpoints, foundBy } = explainCluster(configuration, cluster)
  if (!isThere) {
    const status = NOT_FOUND_STATUS[action.clusterNotFoundResponseCode ?? NOT_FOUND.SERVICE_UNAVAILABLE] ?? 503
    return { does: 'answer', status, body: undefined, because: NO_BACKEND }
  }
  if (endpoints.length === 0 && foundBy === undefined) {
    return { does: 'answer', status: 503, body: undefined, because: `${cluster} has no endpoints` }
  }
  return {
    does: 'forward',
    cluster,
    endpoints,
    foundBy,
    isTls,
    host: hostFor(action, backend, request),
    path: rewritePath(action, match, request.path),
    timeoutMs: millisecondsOf(action.timeout),
    retries: retriesOf(action.retryPolicy ?? virtualHost.retryPolicy),
    mirrors: (action.requestMirrorPolicies ?? []).map((mirror) => mirror.cluster ?? ''),
  }
}

function hostFor(action: RouteAction, { hostRewriteLiteral = '' }: Backend, request: SeenRequest): string | undefined {
  if (hostRewriteLiteral !== '') return hostRewriteLiteral
  if (action.hostRewriteLiteral !== undefined) return action.hostRewriteLiteral
  if (action.autoHostRewrite?.value === true) return undefined
  if (action.hostRewriteHeader !== undefined) return headerOf(request, action.hostRewriteHeader.toLowerCase())[0] ?? request.authority
  if (action.hostRewritePathRegex !== undefined) return substitute(action.hostRewritePathRegex, withoutQuery(request.path))
  return request.authority
}

/** A timeout of zero is none. */
function millisecondsOf(duration: google.protobuf.Duration | undefined): number | undefined {
  if (duration === undefined) return undefined
  const milliseconds = Number(duration.seconds ?? 0) * 1000 + (duration.nanos ?? 0) / 1e6
  return milliseconds === 0 ? undefined : milliseconds
}

function retriesOf(policy: RetryPolicy | undefined): ForwardOutcome['retries'] {
  if (policy === undefined || (policy.retryOn ?? '') === '') return undefined
  return { times: policy.numRetries?.value ?? 1, on: policy.retryOn ?? '' }
}
