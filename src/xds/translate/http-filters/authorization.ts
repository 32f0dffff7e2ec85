/** Who may send which requests. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { Authorization, AuthorizationRule } from '../../../ir/route.js'
import { any } from '../../message.js'
import { allOf, anyOf, firstMatch, inRanges } from '../rbac.js'
import { anyBut, quote } from '../regex.js'
import type { HttpFilter } from './http-filter.js'

type Principal = envoy.config.rbac.v3.Principal

const NAME = 'envoy.filters.http.rbac'

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

function rulesOf({ rules, otherwise }: Authorization): envoy.config.rbac.v3.RBAC {
  return firstMatch(rules, otherwise, principal)
}

/** Whoever a rule is about. What denies takes every way to write a thing, what allows takes one. */
function principal(rule: AuthorizationRule): Principal {
  const { methods, clients, headers } = rule
  const isDeny = rule.action === 'deny'
  return allOf([
    ...(methods.length === 0
      ? []
      : [anyOf(methods.map((method) => ({ header: { name: ':method', stringMatch: { exact: method, ignoreCase: isDeny } } })))]),
    // The address that is believed to be the client's: that of the connection, unless proxies in front are trusted to name it.
    ...(clients.length === 0 ? [] : [inRanges(clients)]),
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
