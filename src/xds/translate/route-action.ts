/** How a request is forwarded. */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import { DEFAULT_CLIENT_SETTINGS } from '../../ir/defaults.js'
import type { Forward, Timeouts, WeightedCluster } from '../../ir/forward.js'
import { NO_HEADER_CHANGES } from '../../ir/headers.js'
import type { PathMatch } from '../../ir/route.js'
import { bool, duration, uint32 } from '../message.js'
import { headerMutations, hostOf } from './header-mutations.js'
import { INVALID_BACKEND } from './invalid-backend.js'
import { mirrorPolicy } from './mirror.js'
import { pathRewrite } from './path-rewrite.js'
import { retryPolicy } from './retry-policy.js'

type RouteAction = envoy.config.route.v3.RouteAction
type ClusterWeight = envoy.config.route.v3.WeightedCluster.ClusterWeight

const NOT_FOUND_CODE = Enum['envoy.config.route.v3.RouteAction.ClusterNotFoundResponseCode']

/** What the forwarding of a route depends on besides the `Forward` itself. */
export interface ForwardContext {
  readonly path: PathMatch
  readonly grpc: boolean
  /** The host that the header changes of the rule ask for. */
  readonly host: string | undefined
  /** True for the route that takes upgrades: it allows them, and it may stay idle. */
  readonly upgrade: boolean
}

/** The clusters that a forward uses, and the share of requests that finds no usable backend. */
export type Destinations = Pick<Forward, 'clusters' | 'invalidWeight'>

/** The action that forwards to these destinations, of which there is at least one. */
export function routeAction(forward: Forward, destinations: Destinations, context: ForwardContext): RouteAction {
  const [only, ...others] = destinations.clusters
  const path = (only !== undefined && others.length === 0 ? only.pathRewrite : undefined) ?? forward.pathRewrite
  const host = forward.hostRewrite ?? context.host
  const mirrors = forward.mirrors.flatMap((mirror) => mirrorPolicy(mirror) ?? [])
  const retry = retryPolicy(forward.retry, forward.timeouts.perTryMs)
  return {
    ...clusterSpecifier(destinations, context.grpc),
    ...(path === undefined ? {} : pathRewrite(path, context.path)),
    ...(host === undefined ? {} : { hostRewriteLiteral: host }),
    ...(mirrors.length === 0 ? {} : { requestMirrorPolicies: mirrors }),
    // Envoy's own default of 15 s would cut long answers.
    timeout: duration(forward.timeouts.requestMs),
    ...idleTimeout(forward.timeouts, context),
    ...(retry === undefined ? {} : { retryPolicy: retry }),
    ...(context.upgrade ? { upgradeConfigs: forward.upgrades.map((upgradeType) => ({ upgradeType, enabled: bool(true) })) } : {}),
  }
}

type ClusterSpecifier =
  | { readonly cluster: string }
  | ({ readonly weightedClusters: envoy.config.route.v3.WeightedCluster } & Pick<RouteAction, 'clusterNotFoundResponseCode'>)

function clusterSpecifier({ clusters, invalidWeight }: Destinations, grpc: boolean): ClusterSpecifier {
  const [only, ...others] = clusters
  if (only !== undefined && others.length === 0 && invalidWeight === 0 && isPlain(only)) return { cluster: only.cluster }
  const valid = clusters.map(clusterWeight)
  if (invalidWeight === 0) return { weightedClusters: { clusters: valid } }
  const invalid = { name: INVALID_BACKEND, weight: uint32(invalidWeight) }
  return {
    weightedClusters: { clusters: [...valid, invalid] },
    clusterNotFoundResponseCode: grpc ? NOT_FOUND_CODE.SERVICE_UNAVAILABLE : NOT_FOUND_CODE.INTERNAL_SERVER_ERROR,
  }
}

function clusterWeight(cluster: WeightedCluster): ClusterWeight {
  const host = cluster.hostRewrite ?? hostOf(cluster.requestHeaders)
  return {
    name: cluster.cluster,
    weight: uint32(cluster.weight),
    ...headerMutations(cluster.requestHeaders, cluster.responseHeaders),
    ...(host === undefined ? {} : { hostRewriteLiteral: host }),
  }
}

function isPlain({ requestHeaders, responseHeaders, hostRewrite }: WeightedCluster): boolean {
  return hostRewrite === undefined && isNothing(requestHeaders) && isNothing(responseHeaders)
}

function isNothing(changes: typeof NO_HEADER_CHANGES): boolean {
  return changes === NO_HEADER_CHANGES || (changes.set.length === 0 && changes.add.length === 0 && changes.remove.length === 0)
}

/** How long nothing may happen; an empty result leaves it to the port. */
function idleTimeout({ idleMs, requestMs, perTryMs }: Timeouts, { upgrade, grpc }: ForwardContext): Pick<RouteAction, 'idleTimeout'> {
  if (idleMs !== undefined) return { idleTimeout: duration(idleMs) }
  if (upgrade || grpc) return { idleTimeout: duration(0) }
  // An answer that may take longer than the port lets a stream idle must be able to.
  const longest = Math.max(requestMs, perTryMs)
  return longest > DEFAULT_CLIENT_SETTINGS.streamIdleTimeoutMs ? { idleTimeout: duration(longest) } : {}
}
