/**
 * What the rate limit service is told: its own message, which is no part of Envoy's API.
 *
 * Source: github.com/envoyproxy/go-control-plane, `ratelimit/config/ratelimit/v3/rls_conf.proto`. RateLimitConfig{ name = 1, domain = 2,
 * descriptors = 3 }, RateLimitDescriptor{ key = 1, value = 2, rate_limit = 3, descriptors = 4, shadow_mode = 5 },
 * RateLimitPolicy{ unit = 1, requests_per_unit = 2 }.
 */
import type { RateLimitDomain, RateLimitRule, RateLimitUnit } from '../../ir/request-traffic.js'
import { type EncodedResource, TYPE_URL } from '../resource.js'
import { contentHash } from './encoded.js'
import { field, numberField } from './field.js'
import { GLOBAL_ODDITIES } from './http-filters/odd-values.js'
import { rateLimitQuestionEntries } from './http-filters/rate-limit-questions.js'

/** The value of the scope of what counts for a policy as a whole. */
export const SHARED_SCOPE = 'shared'

/** What the scope is called. */
export const SCOPE_KEY = 'scope'

/** `RateLimitUnit` of the service. */
const UNITS: Readonly<Record<RateLimitUnit, number>> = { second: 1, minute: 2, hour: 3, day: 4, month: 5, year: 6, week: 7 }

const DOMAIN_PREFIX = 'headgate/'

/** The domain of a policy, as Envoys name it. */
export function rateLimitDomain(policy: string): string {
  return `${DOMAIN_PREFIX}${policy}`
}

/** The key of the policy of a `rateLimitDomain`. */
export function rateLimitPolicy(domain: string): string {
  return domain.slice(DOMAIN_PREFIX.length)
}

/** The configuration ready for the wire. */
export function encodeRateLimitConfig({ policy, rules, origins }: RateLimitDomain): EncodedResource {
  const name = rateLimitDomain(policy)
  const scoped = (isShared: boolean): readonly Buffer[] =>
    rules.flatMap((rule, at) => (rule.isShared === isShared ? [nested(rule, at)] : []))
  // Any scope, each counted for itself, and the one that all share.
  const scopes = [
    { value: '', descriptors: scoped(false) },
    { value: SHARED_SCOPE, descriptors: scoped(true) },
  ].filter(({ descriptors }) => descriptors.length > 0)
  const value = Buffer.concat([
    text(1, name),
    text(2, name),
    ...scopes.map((scope) => field(3, [text(1, SCOPE_KEY), text(2, scope.value), ...scope.descriptors.map((each) => field(4, [each]))])),
  ])
  return { typeUrl: TYPE_URL.rateLimitConfig, name, version: contentHash(value), value, origins, references: [] }
}

/** The parts of a rule, each inside the one before, and the limit inside the last. */
function nested(rule: RateLimitRule, at: number): Buffer {
  const limit = field(3, [numberField(1, UNITS[rule.unit]), numberField(2, rule.requests)])
  const innermost = [limit, ...(rule.isShadow ? [numberField(5, 1)] : [])]
  const entries = rateLimitQuestionEntries(rule, at, GLOBAL_ODDITIES)
  return entries.reduceRight<Buffer>(
    (inner, { key = '', value = '' }, index) =>
      Buffer.concat([text(1, key), text(2, value), ...(index === entries.length - 1 ? innermost : [field(4, [inner])])]),
    Buffer.alloc(0),
  )
}

function text(number: number, value: string): Buffer {
  return value === '' ? Buffer.alloc(0) : field(number, [Buffer.from(value)])
}
