/**
 * Rules in the words of Envoy's RBAC, for requests and for connections.
 *
 * Our rules are tried in their order. Envoy knows a set of policies of which one is enough: so what lets a request pass are the ways through
 * the rules, each of which says whom it is for and whom it is not. To repeat every denial in every allowance behind it would make long lists
 * grow with their square, in every route that has them.
 */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { CelExpression } from '../../ir/cel.js'
import type { AddressRange } from '../../ir/route.js'
import { cidrRange } from './address-ranges.js'
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
  const all = rules.map((rule): ReadRule => ({ action: rule.action, condition: rule.condition, id: principalOf(rule) }))
  const ways = waysThrough([...all, { action: otherwise, condition: undefined, id: ANYBODY }])
  // Keys of equal length: their order is that of the ways.
  const width = Math.max(3, String(ways.length).length)
  const policies = ways.map((way, at) => [`allow-${String(at).padStart(width, '0')}`, policyOf(way)] as const)
  return { action: ALLOW, policies: Object.fromEntries(policies) }
}

/** A rule with whom it is about, in the words of Envoy. */
interface ReadRule {
  readonly action: Rule['action']
  readonly condition: CelExpression | undefined
  readonly id: Principal
}

/**
 * The ways to be allowed: those of the first half of the rules, and those of the second for whom none of the first denies. So a denial
 * stands in them once for each time that it is in a first half.
 */
function waysThrough(rules: readonly ReadRule[]): readonly Way[] {
  const [only, ...others] = rules
  if (only === undefined) return []
  if (others.length === 0) return only.action === 'allow' ? [wayOf(only.id, only.condition)] : []
  const half = Math.ceil(rules.length / 2)
  const [first, second] = [rules.slice(0, half), rules.slice(half)]
  const notDenied = first
    .filter(({ action }) => action === 'deny')
    .reduce<readonly Way[]>((ways, { id, condition }) => ways.flatMap((way) => without(way, id, condition)), waysThrough(second))
  return joined([...waysThrough(first), ...notDenied])
}

/** The same ways, with those that have no condition as one. */
function joined(ways: readonly Way[]): readonly Way[] {
  const plain = ways.filter(({ conditions }) => conditions.length === 0)
  if (plain.length < 2) return ways
  const id = anyOf(plain.flatMap(({ ids }) => alternatives(allOf(ids))))
  return [wayOf(id, undefined), ...ways.filter(({ conditions }) => conditions.length > 0)]
}

function alternatives(id: Principal): readonly Principal[] {
  return id.orIds?.ids ?? [id]
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
  return anyOf(ranges.map((range) => ({ remoteIp: cidrRange(range) })))
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
