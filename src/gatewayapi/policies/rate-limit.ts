/** Rate limits of BackendTrafficPolicies, in the words of the IR. */
import type {
  BackendTrafficSettings,
  RateLimitCost as CostSpec,
  RateLimitSelector,
  RateLimitValueMetadata,
  RateLimitRule as RuleSpec,
} from '../../gen/kinds.js'
import type { RateLimit, RateLimitCost, RateLimitMatch, RateLimitPart, RateLimitRule, RateLimitUnit } from '../../ir/request-traffic.js'
import { normalPath } from '../normal-path.js'
import { parseAddressRange } from './address-range.js'
import { claimPath } from './claim-path.js'
import type { Effective } from './policy.js'

const UNITS = {
  Second: 'second',
  Minute: 'minute',
  Hour: 'hour',
  Day: 'day',
  Week: 'week',
  Month: 'month',
  Year: 'year',
} as const satisfies Record<RuleSpec['limit']['unit'], RateLimitUnit>

/** The limits of a rule of a route; undefined where nobody sets any. */
export function rateLimitOf({ settings, origins }: Effective<BackendTrafficSettings>, scope: string): RateLimit | undefined {
  const spec = settings.rateLimit
  const { rateLimit: origin } = origins
  if (spec === undefined || origin === undefined) return undefined
  return {
    kind: spec.type === 'Local' ? 'local' : 'global',
    policy: `${origin.namespace}/${origin.name}`,
    scope,
    rules: spec.rules.map(rateLimitRule),
    headers: spec.headers === 'DraftVersion03',
    failOpen: spec.failOpen ?? false,
  }
}

/** A limit. */
export function rateLimitRule({ clientSelectors, limit, cost, shared, beforeAuthentication, shadowMode }: RuleSpec): RateLimitRule {
  return {
    parts: (clientSelectors ?? []).flatMap(parts),
    requests: limit.requests,
    unit: UNITS[limit.unit],
    ...(limit.fromMetadata === undefined ? {} : { override: overrideOf(limit.fromMetadata) }),
    ...(cost?.request === undefined ? {} : { requestCost: costOf(cost.request) }),
    ...(cost?.response === undefined ? {} : { responseCost: costOf(cost.response) }),
    isShared: shared ?? false,
    ...(beforeAuthentication === true ? { isEarly: true as const } : {}),
    isShadow: shadowMode ?? false,
  }
}

function overrideOf({ namespace, key, path = [] }: RateLimitValueMetadata): NonNullable<RateLimitRule['override']> {
  return { namespace, path: [key, ...path] }
}

function costOf({ number, format }: CostSpec): RateLimitCost {
  return format === undefined ? { number: number ?? 1 } : { format }
}

function pathPart({ type, value, invert }: NonNullable<RateLimitSelector['path']>): RateLimitPart {
  return { kind: 'path', match: PATHS[type], value: type === 'RegularExpression' ? value : normalPath(value), invert }
}

const PATHS = { Exact: 'exact', PathPrefix: 'prefix', RegularExpression: 'regex' } as const

function parts({ headers, queryParams, methods, path, sourceCIDR, jwtClaims }: RateLimitSelector): readonly RateLimitPart[] {
  const [method] = methods ?? []
  // A policy with a range that is none does not get here.
  const range = sourceCIDR === undefined ? undefined : parseAddressRange(sourceCIDR.value)
  return [
    ...(headers ?? []).map((each): RateLimitPart => ({ kind: 'header', name: each.name.toLowerCase(), match: match(each) })),
    ...(queryParams ?? []).map((each): RateLimitPart => ({ kind: 'queryParameter', name: each.name, match: match(each) })),
    ...(method === undefined
      ? []
      : [{ kind: 'methods' as const, methods: (methods ?? []).map(({ value }) => value).sort(), invert: method.invert }]),
    ...(path === undefined ? [] : [pathPart(path)]),
    ...(sourceCIDR === undefined || range === undefined
      ? []
      : [{ kind: 'address' as const, range, isDistinct: sourceCIDR.type === 'Distinct', invert: sourceCIDR.invert }]),
    ...(jwtClaims ?? []).map(({ provider, claim }): RateLimitPart => ({ kind: 'claim', provider, path: claimPath(claim) })),
  ]
}

function match({
  type,
  value,
  invert,
}: {
  readonly type: 'Exact' | 'RegularExpression' | 'Distinct'
  readonly value?: string
  readonly invert: boolean
}): RateLimitMatch {
  return type === 'Distinct' ? { kind: 'distinct' } : { kind: type === 'Exact' ? 'exact' : 'regex', value: value ?? '', invert }
}
