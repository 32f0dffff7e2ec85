/** What policies come to for routes, for people: each field, its value, and the policy that says it. */
import { describeObject, type ObjectRef } from '../../util/object-ref.js'
import { parseRouteRulesKey } from '../routes/route-rules.js'
import type { AnyRule } from '../routes/rule-outcome.js'
import type { RoutePolicies } from './effective-policies.js'
import { leavesOf } from './merge.js'
import { saysItself } from './own-settings.js'
import type { Effective } from './policy.js'

/** A field of the policies that hold for a rule of a route on a gateway. */
export interface EffectiveField {
  /** `<Kind>/<namespace>/<name>` of the route. */
  readonly route: string
  /** The name of the rule; undefined: every rule that has no policy of its own. */
  readonly rule: string | undefined
  /** Positions in `spec.rules` of the route that it is about: that of the rule with this name, or of each that has no policy of its own. */
  readonly rules: readonly number[]
  /** `<namespace>/<name>`. */
  readonly gateway: string
  /** The listener that requests come through, where it has policies of its own: a key of ours. */
  readonly listener: string | undefined
  /** The kind of the policy. */
  readonly kind: string
  /** Names from the outside in, with dots between them. */
  readonly field: string
  /** As the policy writes it; undefined for a field that lost. */
  readonly value: unknown
  /** `<Kind>/<namespace>/<name>` of the policy that says it. */
  readonly policy: string
  /** `overrides`: nothing further inside can change it. `lost`: somebody else decides the field. `broken`: the policy cannot be used. */
  readonly state: 'counts' | 'overrides' | 'lost' | 'broken'
  /** The policy, backend or route that decides instead, for fields that lost. */
  readonly winner: string | undefined
  /** For fields that count: positions in `spec.rules` of the route that say it themselves. */
  readonly exceptRules: readonly number[]
}

/** Effective policies of one kind by `routeRulesKey`, as far as they are read here. */
interface EffectiveOfKind {
  entries(): Iterable<readonly [string, RoutePolicies<object>]>
}

/**
 * The fields of all routes, in the order of their keys, or of those that are asked for.
 *
 * @param rulesOf the rules of a route
 */
export function effectiveFields(
  kinds: Readonly<Record<string, EffectiveOfKind>>,
  isAskedFor: (route: string) => boolean,
  rulesOf: (route: string) => readonly AnyRule[],
): readonly EffectiveField[] {
  return Object.entries(kinds).flatMap(([kind, ofRoutes]) =>
    [...ofRoutes.entries()]
      .map(([key, policies]) => ({ kind, policies, ...parseRouteRulesKey(key) }))
      .filter(({ route }) => isAskedFor(route))
      .flatMap(({ policies, ...where }) => fieldsOf(where, policies, rulesOf(where.route))),
  )
}

type Where = Pick<EffectiveField, 'route' | 'gateway' | 'listener' | 'kind'>

function fieldsOf(where: Where, { whole, rules, broken }: RoutePolicies<object>, ofRoute: readonly AnyRule[]): readonly EffectiveField[] {
  const placed = ofRoute.map((rule, at) => ({ rule, at }))
  const others = placed.filter(({ rule: { name } }) => name === undefined || !Object.hasOwn(rules, name))
  const parts = [
    { rule: undefined, effective: whole, about: others },
    ...Object.entries(rules).map(([name, effective]) => ({
      rule: name,
      effective,
      about: placed.filter(({ rule }) => rule.name === name),
    })),
  ]
  return [
    ...broken.map(({ policy, ruleName }) => {
      const about = ruleName === undefined ? placed : placed.filter(({ rule }) => rule.name === ruleName)
      return field({ ...where, rule: ruleName, rules: positionsOf(about) }, '', policy, 'broken')
    }),
    ...parts.flatMap(({ rule, effective, about }) =>
      effective === undefined ? [] : fieldsOfRules({ ...where, rule, rules: positionsOf(about) }, effective, about),
    ),
  ]
}

interface PlacedRule {
  readonly rule: AnyRule
  readonly at: number
}

function fieldsOfRules(
  where: Where & Pick<EffectiveField, 'rule' | 'rules'>,
  { settings, overrides, origins, losses }: Effective<object>,
  about: readonly PlacedRule[],
): readonly EffectiveField[] {
  const atoms = new Set(Object.keys(origins))
  const overriding = new Set(leavesOf(overrides, atoms).map(({ path }) => path))
  return [
    ...leavesOf(settings, atoms).flatMap(({ path, value }) => {
      const policy = origins[path]
      if (policy === undefined) return []
      if (overriding.has(path)) return [{ ...field(where, path, policy, 'overrides'), value }]
      const exceptRules = about.flatMap(({ rule, at }) => (saysItself(rule, where.kind, path) ? [at] : []))
      const isLost = exceptRules.length > 0 && exceptRules.length === about.length
      return isLost
        ? [{ ...field(where, path, policy, 'lost'), winner: where.route }]
        : [{ ...field(where, path, policy, 'counts'), value, exceptRules }]
    }),
    ...losses.map(({ loser, field: path, winner }) => ({ ...field(where, path, loser, 'lost'), winner: describeObject(winner) })),
  ]
}

function field(
  where: Where & Pick<EffectiveField, 'rule' | 'rules'>,
  path: string,
  policy: ObjectRef,
  state: EffectiveField['state'],
): EffectiveField {
  return { ...where, field: path, value: undefined, policy: describeObject(policy), state, winner: undefined, exceptRules: [] }
}

function positionsOf(rules: readonly PlacedRule[]): readonly number[] {
  return rules.map(({ at }) => at)
}
