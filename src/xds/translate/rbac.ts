/**
 * Rules in the words of Envoy's RBAC, for requests and for connections.
 *
 * Our rules are tried in their order. Envoy knows a set of policies of which one is enough, so each rule that allows becomes a policy that
 * says: this rule, and none of the rules before it that deny.
 */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { CelExpression } from '../../ir/cel.js'
import type { AddressRange } from '../../ir/route.js'
import { uint32 } from '../message.js'
import { allOfCel, celExpr, notCel } from './cel.js'

type Principal = envoy.config.rbac.v3.Principal

const ALLOW = Enum['envoy.config.rbac.v3.RBAC.Action'].ALLOW
/** Anybody. */
export const ANYBODY: Principal = { any: true }

/** A rule as far as its effect goes. */
interface Rule {
  readonly action: 'allow' | 'deny'
  /** Must be true as well; where it cannot be evaluated, nothing is allowed. */
  readonly condition?: CelExpression
}

/** The first rule that matches decides; `otherwise` decides the rest. */
export function firstMatch<R extends Rule>(
  rules: readonly R[],
  otherwise: 'allow' | 'deny',
  principalOf: (rule: R) => Principal,
): envoy.config.rbac.v3.RBAC {
  const allowed = (start: Way, before: readonly R[]): readonly Way[] =>
    before
      .filter(({ action }) => action === 'deny')
      .reduce<readonly Way[]>((ways, rule) => ways.flatMap((way) => without(way, principalOf(rule), rule.condition)), [start])
  const ways = rules.flatMap((rule, at) =>
    rule.action === 'allow' ? allowed(wayOf(principalOf(rule), rule.condition), rules.slice(0, at)) : [],
  )
  const all = otherwise === 'allow' ? [...ways, ...allowed(wayOf(ANYBODY, undefined), rules)] : ways
  // Keys of equal length: their order is that of the rules.
  const width = Math.max(3, String(all.length).length)
  const policies = all.map((way, at) => [`allow-${String(at).padStart(width, '0')}`, policyOf(way)] as const)
  return { action: ALLOW, policies: Object.fromEntries(policies) }
}

/** A way to be allowed. */
interface Way {
  readonly ids: readonly Principal[]
  readonly conditions: readonly CelExpression[]
}

function wayOf(id: Principal, condition: CelExpression | undefined): Way {
  return { ids: [id], conditions: condition === undefined ? [] : [condition] }
}

/**
 * The way, except for these. A condition stands apart from the principals of a policy and holds together with them: so "not these and that
 * condition" becomes two ways, not these, and not that condition.
 */
function without({ ids, conditions }: Way, denied: Principal, condition: CelExpression | undefined): readonly Way[] {
  const notThese: Way = { ids: [...ids, { notId: denied }], conditions }
  if (condition === undefined) return [notThese]
  const notThat: Way = { ids, conditions: [...conditions, notCel(condition)] }
  return denied === ANYBODY ? [notThat] : [notThese, notThat]
}

function policyOf({ ids, conditions: [first, ...others] }: Way): envoy.config.rbac.v3.Policy {
  return {
    permissions: [{ any: true }],
    principals: [allOf(ids)],
    ...(first === undefined ? {} : { condition: celExpr(allOfCel([first, ...others])) }),
  }
}

/** The address that is believed to be the client's: that of the connection, unless proxies in front are trusted to name it. */
export function inRanges(ranges: readonly AddressRange[]): Principal {
  return anyOf(ranges.map(({ address, bits }) => ({ remoteIp: { addressPrefix: address, prefixLen: uint32(bits) } })))
}

/** All of these; nothing: anybody. */
export function allOf(ids: readonly Principal[]): Principal {
  const [first, ...others] = ids
  if (first === undefined) return ANYBODY
  return others.length === 0 ? first : { andIds: { ids } }
}

/** One of these. */
export function anyOf(ids: readonly Principal[]): Principal {
  const [first, ...others] = ids
  return first !== undefined && others.length === 0 ? first : { orIds: { ids } }
}
