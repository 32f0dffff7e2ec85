/** How a request is forwarded. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy, google } from '../../../gen/envoy/types.js'
import { DEFAULT_CLIENT_SETTINGS } from '../../../ir/defaults.js'
import type { Forward, Timeouts, WeightedCluster } from '../../../ir/forward.js'
import type { Route as IrRoute } from '../../../ir/route.js'
import { INVALID_BACKEND } from '../../invalid-backend.js'
import { bool, duration, uint32 } from '../../message.js'
import { type HeaderMutations, headerMutations } from '../header-mutations.js'
import { type Effects, effectsOf, hasOwnFilters, NO_EFFECTS } from './effects.js'
import { hashPolicies } from './hash-policy.js'
import { mirrorPolicy } from './mirror.js'
import { pathRewrite } from './path-rewrite.js'
import { allTriesMs, hedgePolicy, retryPolicy } from './retry-policy.js'

type RouteAction = envoy.config.route.v3.RouteAction
type ClusterWeight = envoy.config.route.v3.WeightedCluster.ClusterWeight

const NOT_FOUND_CODE = Enum['envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode']

/** The clusters that requests go to, and the share of them that finds no usable backend. */
export type Backends = Pick<Forward, 'clusters' | 'invalidWeight'>

/** The part of a route that forwards. */
export type ForwardingRoute = HeaderMutations & { readonly route: RouteAction }

/**
 * Forwards to these backends of the rule. The share of invalid ones, and every request where no backend is valid, goes to a cluster that
 * never exists, for which the route answers: 500, or for gRPC 503, because that is UNAVAILABLE to a client, while 500 is UNKNOWN.
 */
export function forwardTo(backends: Backends, forward: Forward, route: IrRoute, upgrading: Upgrading): ForwardingRoute {
  const { specifier, shared } = chooseCluster(backends, forward, route)
  const mirrors = forward.mirrors.flatMap((mirror) => mirrorPolicy(mirror) ?? [])
  const timeouts = withTotal(forward)
  const retry = retryPolicy(forward.retry, timeouts.perTryMs)
  const hedge = hedgePolicy(forward.retry, timeouts.perTryMs)
  return {
    ...withoutLoadReports(headerMutations(shared.requestHeaders, shared.responseHeaders), forward),
    route: {
      ...specifier,
      ...(shared.path === undefined ? {} : pathRewrite(shared.path, route.match.path)),
      ...hostRewrite(shared.host, forward),
      ...(forward.tellsHost === undefined ? {} : { appendXForwardedHost: forward.tellsHost }),
      ...(mirrors.length === 0 ? {} : { requestMirrorPolicies: mirrors }),
      // Envoy's own default of 15 s would cut long answers.
      timeout: duration(timeouts.requestMs),
      ...idleTimeout(timeouts, upgrading.mayStayIdle || route.grpc),
      ...(timeouts.streamMs === undefined || timeouts.streamMs === 0
        ? {}
        : { maxStreamDuration: { maxStreamDuration: duration(timeouts.streamMs) } }),
      ...(retry === undefined ? {} : { retryPolicy: retry }),
      ...(hedge === undefined ? {} : { hedgePolicy: hedge }),
      ...(forward.hash === undefined ? {} : { hashPolicy: hashPolicies(forward.hash) }),
      ...upgradeConfigs(upgrading),
    },
  }
}

/** What a route upgrades to. */
export interface Upgrading {
  readonly upgrades: readonly string[]
  /** True for tunnels (CONNECT) that end here: their bytes go on as TCP. */
  readonly terminates?: boolean
  readonly mayStayIdle: boolean
}

function upgradeConfigs({ upgrades, terminates }: Upgrading): Pick<RouteAction, 'upgradeConfigs'> {
  if (upgrades.length === 0) return {}
  return {
    upgradeConfigs: upgrades.map((upgradeType) => ({
      upgradeType,
      enabled: bool(true),
      ...(terminates === true ? { connectConfig: {} } : {}),
    })),
  }
}

/** Headers in which endpoints report their load (ORCA). */
const LOAD_REPORTS = ['endpoint-load-metrics', 'endpoint-load-metrics-bin']

function withoutLoadReports(mutations: HeaderMutations, { hidesLoadReports }: Forward): HeaderMutations {
  if (hidesLoadReports !== true) return mutations
  return { ...mutations, responseHeadersToRemove: [...(mutations.responseHeadersToRemove ?? []), ...LOAD_REPORTS] }
}

type HostRewrite =
  | { readonly hostRewriteLiteral?: string }
  | { readonly hostRewriteHeader: string }
  | { readonly autoHostRewrite: google.protobuf.BoolValue }
  | { readonly hostRewritePathRegex: envoy.type.matcher.v3.RegexMatchAndSubstitute }

function hostRewrite(literal: string | undefined, { hostFrom }: Forward): HostRewrite {
  if (literal !== undefined) return { hostRewriteLiteral: literal }
  switch (hostFrom?.kind) {
    case undefined:
      return {}
    case 'header':
      return { hostRewriteHeader: hostFrom.name }
    case 'backend':
      return { autoHostRewrite: bool(true) }
    case 'path':
      return { hostRewritePathRegex: { pattern: { regex: hostFrom.pattern }, substitution: hostFrom.substitution } }
  }
}

type ClusterSpecifier = Pick<RouteAction, 'clusterNotFoundResponseCode'> &
  ({ readonly cluster: string } | { readonly weightedClusters: envoy.config.route.v3.WeightedCluster })

/** The clusters, and what the route does for all of them. */
interface Choice {
  readonly specifier: ClusterSpecifier
  readonly shared: Effects
}

function chooseCluster({ clusters, invalidWeight }: Backends, forward: Forward, route: IrRoute): Choice {
  const [only, ...others] = clusters
  if (only === undefined) {
    return { specifier: { cluster: INVALID_BACKEND, clusterNotFoundResponseCode: invalidCode(route) }, shared: effectsOf(route, forward) }
  }
  if (others.length === 0 && invalidWeight === 0) {
    return { specifier: { cluster: only.cluster }, shared: effectsOf(route, forward, only) }
  }
  const specifier = (weights: readonly ClusterWeight[]): ClusterSpecifier => weightedClusters(weights, invalidWeight, route)
  if (!clusters.some(hasOwnFilters)) {
    return {
      specifier: specifier(clusters.map(({ cluster, weight }) => ({ name: cluster, weight: uint32(weight) }))),
      shared: effectsOf(route, forward),
    }
  }
  return {
    specifier: specifier(clusters.map((backend) => clusterWeight(backend, effectsOf(route, forward, backend)))),
    shared: { ...NO_EFFECTS, path: forward.pathRewrite },
  }
}

function clusterWeight({ cluster, weight }: WeightedCluster, { requestHeaders, responseHeaders, host }: Effects): ClusterWeight {
  return {
    name: cluster,
    weight: uint32(weight),
    ...headerMutations(requestHeaders, responseHeaders),
    ...(host === undefined ? {} : { hostRewriteLiteral: host }),
  }
}

function weightedClusters(valid: readonly ClusterWeight[], invalidWeight: number, route: IrRoute): ClusterSpecifier {
  if (invalidWeight === 0) return { weightedClusters: { clusters: valid } }
  return {
    weightedClusters: { clusters: [...valid, { name: INVALID_BACKEND, weight: uint32(invalidWeight) }] },
    clusterNotFoundResponseCode: invalidCode(route),
  }
}

function invalidCode({ grpc }: IrRoute): NonNullable<RouteAction['clusterNotFoundResponseCode']> {
  return grpc ? NOT_FOUND_CODE.SERVICE_UNAVAILABLE : NOT_FOUND_CODE.INTERNAL_SERVER_ERROR
}

/** Where only single tries are limited, so are all of them together. */
function withTotal({ timeouts, retry }: Forward): Timeouts {
  const isLimited = timeouts.requestMs > 0 || timeouts.perTryMs === 0
  return isLimited ? timeouts : { ...timeouts, requestMs: allTriesMs(retry, timeouts.perTryMs) }
}

/** How long nothing may happen; an empty result leaves it to the port. */
function idleTimeout({ idleMs, requestMs, perTryMs }: Timeouts, mayStayIdle: boolean): Pick<RouteAction, 'idleTimeout'> {
  if (idleMs !== undefined) return { idleTimeout: duration(idleMs) }
  if (mayStayIdle) return { idleTimeout: duration(0) }
  // An answer that may take longer than the port lets a stream idle must be able to.
  const longest = Math.max(requestMs, perTryMs)
  return longest > DEFAULT_CLIENT_SETTINGS.streamIdleTimeoutMs ? { idleTimeout: duration(longest) } : {}
}
