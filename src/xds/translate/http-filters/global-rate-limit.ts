/** Limits that all Envoys count together: the rate limit service is asked about each request. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { RateLimit, RateLimitRule } from '../../../ir/request-traffic.js'
import { any, duration } from '../../message.js'
import { type ResourceReference, TYPE_URL } from '../../resource.js'
import { RATE_LIMIT_CLUSTER } from '../clusters/rate-limit-cluster.js'
import { rateLimitDomain, SCOPE_KEY, SHARED_SCOPE } from '../rate-limit-config.js'
import { questionRetry } from '../routes/retry-policy.js'
import { GLOBAL_ODDITIES } from './odd-values.js'
import { hitsOf } from './rate-limit-actions.js'
import { rateLimitQuestions } from './rate-limit-questions.js'
import type { RouteFilter } from './slot.js'

type Wire = envoy.config.route.v3.RateLimit

/** How long the service may take; then requests pass or not, as the policy says. */
const TIMEOUT_MS = 500

const HEADERS = Enum['envoy.extensions.filters.http.ratelimit.v3.RateLimit.XRateLimitHeadersRFCVersion']

/** Answers 429 to who is over a limit; nothing where limits are not global. */
export function globalRateLimit(limit: RateLimit | undefined, grpc: boolean): readonly RouteFilter[] {
  if (limit === undefined || limit.kind !== 'global') return []
  return [
    {
      name: 'envoy.filters.http.ratelimit',
      typedConfig: any('envoy.extensions.filters.http.ratelimit.v3.RateLimit', {
        domain: rateLimitDomain(limit.policy),
        timeout: duration(TIMEOUT_MS),
        failureModeDeny: !limit.failOpen,
        rateLimitService: {
          grpcService: { envoyGrpc: { clusterName: RATE_LIMIT_CLUSTER }, retryPolicy: questionRetry(TIMEOUT_MS) },
          transportApiVersion: Enum['envoy.config.core.v3.ApiVersion'].V3,
        },
        rateLimits: limit.rules.flatMap((rule, at) => questions(rule, at, limit.scope)),
        ...(limit.headers ? { enableXRatelimitHeaders: HEADERS.DRAFT_VERSION_03 } : {}),
        ...(grpc ? { rateLimitedAsResourceExhausted: true } : {}),
      }),
    },
  ]
}

/** What the filter names. */
export function globalRateLimitReferences(limit: RateLimit | undefined): readonly ResourceReference[] {
  return limit?.kind === 'global' ? [{ typeUrl: TYPE_URL.cluster, name: RATE_LIMIT_CLUSTER }] : []
}

/** One question when a request comes, and one when it was answered, where that costs. */
function questions(rule: RateLimitRule, at: number, scope: string): readonly Wire[] {
  const descriptorValue = rule.isShared ? SHARED_SCOPE : scope
  const scoped = { genericKey: { descriptorKey: SCOPE_KEY, descriptorValue } }
  const override = limitOverride(rule)
  return rateLimitQuestions(rule, at, GLOBAL_ODDITIES).flatMap((question): readonly Wire[] => {
    const actions = [scoped, ...question]
    return [
      { actions, ...override, ...(rule.requestCost === undefined ? {} : { hitsAddend: hitsOf(rule.requestCost) }) },
      ...(rule.responseCost === undefined
        ? []
        : [{ actions, ...override, hitsAddend: hitsOf(rule.responseCost), applyOnStreamDone: true }]),
    ]
  })
}

/** Without the metadata, or with nonsense in it, the limit of the policy counts. */
function limitOverride({ override }: RateLimitRule): Pick<Wire, 'limit'> {
  if (override === undefined) return {}
  return { limit: { dynamicMetadata: { metadataKey: { key: override.namespace, path: override.path.map((key) => ({ key })) } } } }
}
