/** Limits that each Envoy counts for itself. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { RateLimit, RateLimitRule, RateLimitUnit } from '../../../ir/request-traffic.js'
import { any, bool, duration, uint32 } from '../../message.js'
import { ALL } from '../fraction.js'
import { LOCAL_ODDITIES } from './odd-values.js'
import { hitsOf } from './rate-limit-actions.js'
import { rateLimitQuestionEntries, rateLimitQuestions } from './rate-limit-questions.js'
import type { RouteFilter } from './slot.js'

type LocalRateLimit = envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
type Descriptor = envoy.extensions.common.ratelimit.v3.LocalRateLimitDescriptor

const HEADERS = Enum['envoy.extensions.common.ratelimit.v3.XRateLimitHeadersRFCVersion']
const ALWAYS = { defaultValue: ALL }

const MILLISECONDS: Readonly<Record<RateLimitUnit, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
  month: 30 * 86_400_000,
  year: 365 * 86_400_000,
}

/** As many values are counted at the same time; of more, those that were not seen for longest are forgotten. */
const MAX_DISTINCT_VALUES = 10_000

/** Never used up: Envoy wants a limit for what no rule is about. */
const UNLIMITED: envoy.type.v3.TokenBucket = { maxTokens: 0xffff_ffff, tokensPerFill: uint32(0xffff_ffff), fillInterval: duration(1_000) }

/** When limits are counted: before or after it is found out who is asking. */
type When = 'early' | 'late'

/** Answers 429 to who is over a limit; nothing where there are no local ones that are counted then. */
export function localRateLimit(limit: RateLimit | undefined, grpc: boolean, when: When): readonly RouteFilter[] {
  if (limit === undefined || limit.kind !== 'local') return []
  const rules = limit.rules.flatMap((rule, at) => ((rule.isEarly === true) === (when === 'early') ? [{ rule, at }] : []))
  if (rules.length === 0) return []
  const config: LocalRateLimit = {
    statPrefix: 'local_rate_limit',
    tokenBucket: UNLIMITED,
    filterEnabled: ALWAYS,
    filterEnforced: ALWAYS,
    rateLimits: rules.flatMap(({ rule, at }) =>
      rateLimitQuestions(rule, at, LOCAL_ODDITIES).map((actions) => ({ actions, ...hits(rule) })),
    ),
    descriptors: rules.map(({ rule, at }) => descriptor(rule, at)),
    maxDynamicDescriptors: uint32(MAX_DISTINCT_VALUES),
    alwaysConsumeDefaultTokenBucket: bool(false),
    ...(limit.headers ? { enableXRatelimitHeaders: HEADERS.DRAFT_VERSION_03 } : {}),
    ...(grpc ? { rateLimitedAsResourceExhausted: true } : {}),
  }
  return [
    {
      name: 'envoy.filters.http.local_ratelimit',
      typedConfig: any('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit', config),
    },
  ]
}

function descriptor(rule: RateLimitRule, at: number): Descriptor {
  // A bucket holds one at least; where none may pass, each request takes two.
  const tokens = Math.max(rule.requests, 1)
  return {
    entries: rateLimitQuestionEntries(rule, at, LOCAL_ODDITIES),
    tokenBucket: { maxTokens: tokens, tokensPerFill: uint32(tokens), fillInterval: duration(MILLISECONDS[rule.unit]) },
    ...(rule.isShadow ? { shadowMode: true } : {}),
  }
}

function hits({ requests, requestCost }: RateLimitRule): Pick<envoy.config.route.v3.RateLimit, 'hitsAddend'> {
  if (requests === 0) return { hitsAddend: { number: { value: 2 } } }
  return requestCost === undefined ? {} : { hitsAddend: hitsOf(requestCost) }
}
