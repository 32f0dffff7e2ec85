/**
 * Who may send which requests.
 *
 * Our rules are tried in their order. Envoy's filter knows a set of policies of which one is enough, so each rule that allows becomes a
 * policy that says: this rule, and none of the rules before it that deny.
 */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { Authorization, AuthorizationRule } from '../../../ir/route.js'
import { any, uint32 } from '../../message.js'
import { anyBut, quote } from '../regex.js'
import type { HttpFilter } from './http-filter.js'

type Principal = envoy.config.rbac.v3.Principal
type Rules = envoy.config.rbac.v3.RBAC

const NAME = 'envoy.filters.http.rbac'
const ALLOW = Enum['envoy.config.rbac.v3.RBAC.Action'].ALLOW
const ANYBODY: Principal = { any: true }

/** Answers 403 to requests that may not pass. Without rules everything passes. */
export const AUTHORIZATION: HttpFilter = {
  name: NAME,
  config: any('envoy.extensions.filters.http.rbac.v3.RBAC', {}),
  disabled: true,
  idle: any('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', {}),
  perRoute: ({ authorization }) =>
    authorization === undefined
      ? undefined
      : any('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', { rbac: { rules: rulesOf(authorization) } }),
  references: () => [],
}

function rulesOf({ rules, otherwise }: Authorization): Rules {
  const everything: AuthorizationRule = { action: 'allow', methods: [], clients: [], headers: [] }
  const all = otherwise === 'allow' ? [...rules, everything] : rules
  const allowing = all.flatMap((rule, at) => (rule.action === 'allow' ? [[rule, all.slice(0, at).filter(isDenying)] as const] : []))
  const policies = allowing.map(([rule, denied], at): [string, envoy.config.rbac.v3.Policy] => [
    // Keys of equal length: their order is that of the rules.
    `allow-${String(at).padStart(3, '0')}`,
    { permissions: [{ any: true }], principals: [allOf([principal(rule), ...denied.map((each) => ({ notId: principal(each) }))])] },
  ])
  return { action: ALLOW, policies: Object.fromEntries(policies) }
}

function isDenying({ action }: AuthorizationRule): boolean {
  return action === 'deny'
}

/** Whoever a rule is about. What denies takes every way to write a thing, what allows takes one. */
function principal(rule: AuthorizationRule): Principal {
  const { methods, clients, headers } = rule
  const isDeny = isDenying(rule)
  return allOf([
    ...(methods.length === 0
      ? []
      : [anyOf(methods.map((method) => ({ header: { name: ':method', stringMatch: { exact: method, ignoreCase: isDeny } } })))]),
    // The address that is believed to be the client's: that of the connection, unless proxies in front are trusted to name it.
    ...(clients.length === 0
      ? []
      : [anyOf(clients.map(({ address, bits }) => ({ remoteIp: { addressPrefix: address, prefixLen: uint32(bits) } })))]),
    ...headers.map(({ name, values }) => (isDeny ? oneIsAmong(name, values) : onlyIsAmong(name, values))),
  ])
}

/** Some value of a header, in a line of its own or between commas: whoever adds more must not get around a rule that denies. */
function oneIsAmong(name: string, values: readonly string[]): Principal {
  const words = values.map(quote).join('|')
  return header(name, { safeRegex: { regex: `(?:[^,]*,)*\\s*(?:${words})\\s*(?:,.*)?` } })
}

/** The only value of a header. Envoy compares each line of equal headers for itself, so one good line among bad ones would do. */
function onlyIsAmong(name: string, values: readonly string[]): Principal {
  const good = anyOf(values.map((value) => header(name, { exact: value })))
  return allOf([good, { notId: header(name, { safeRegex: { regex: anyBut(values) } }) }])
}

function header(name: string, stringMatch: envoy.type.matcher.v3.StringMatcher): Principal {
  return { header: { name, stringMatch } }
}

function allOf(ids: readonly Principal[]): Principal {
  const [first, ...others] = ids
  if (first === undefined) return ANYBODY
  return others.length === 0 ? first : { andIds: { ids } }
}

function anyOf(ids: readonly Principal[]): Principal {
  const [first, ...others] = ids
  return first !== undefined && others.length === 0 ? first : { orIds: { ids } }
}
