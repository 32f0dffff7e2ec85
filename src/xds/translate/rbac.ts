/**
 * Rules in the words of Envoy's RBAC, for requests and for connections.
 *
 * Our rules are tried in their order. Envoy knows a set of policies of which one is enough, so each rule that allows becomes a policy that
 * says: this rule, and none of the rules before it that deny.
 */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { AddressRange } from '../../ir/route.js'
import { uint32 } from '../message.js'

type Principal = envoy.config.rbac.v3.Principal

const ALLOW = Enum['envoy.config.rbac.v3.RBAC.Action'].ALLOW
const ANYBODY: Principal = { any: true }

/** A rule as far as its effect goes. */
interface Rule {
  readonly action: 'allow' | 'deny'
}

/** The first rule that matches decides; `otherwise` decides the rest. */
export function firstMatch<R extends Rule>(
  rules: readonly R[],
  otherwise: 'allow' | 'deny',
  principalOf: (rule: R) => Principal,
): envoy.config.rbac.v3.RBAC {
  const denied = (before: readonly R[]): readonly Principal[] =>
    before.filter(({ action }) => action === 'deny').map((rule) => ({ notId: principalOf(rule) }))
  const allowing = rules.flatMap((rule, at) => (rule.action === 'allow' ? [allOf([principalOf(rule), ...denied(rules.slice(0, at))])] : []))
  const all = otherwise === 'allow' ? [...allowing, allOf([ANYBODY, ...denied(rules)])] : allowing
  const policies = all.map((principal, at): [string, envoy.config.rbac.v3.Policy] => [
    // Keys of equal length: their order is that of the rules.
    `allow-${String(at).padStart(3, '0')}`,
    { permissions: [{ any: true }], principals: [principal] },
  ])
  return { action: ALLOW, policies: Object.fromEntries(policies) }
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
