/** What SecurityPolicies mean for connections of TLSRoutes and TCPRoutes, of which only the address of the client is known. */
import type { AuthorizationRule, SecuritySettings } from '../../gen/kinds.js'
import type { ConnectionAuthorization } from '../../ir/port.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import { parseAddressRange } from './address-range.js'
import type { ConnectionPolicies } from './connection-policies.js'

/** What policies say about the connections of a route on a listener. */
export interface ConnectionSecurity {
  /** Undefined: everybody may connect. */
  readonly authorization: ConnectionAuthorization | undefined
  /** True where a policy cannot be used: nobody may connect. */
  readonly isClosed: boolean
  /** The policies that say so. */
  readonly policies: readonly ObjectVersion[]
}

/** What policies about the connections say. */
export function connectionSecurity(found: ConnectionPolicies<SecuritySettings> | undefined): ConnectionSecurity {
  const { effective, broken = [] } = found ?? {}
  const said = effective?.settings.authorization
  const by = effective?.origins.authorization
  return {
    authorization: said && { rules: (said.rules ?? []).flatMap(ruleOf), otherwise: said.defaultAction === 'Allow' ? 'allow' : 'deny' },
    isClosed: broken.length > 0,
    policies: [...broken, ...(by === undefined ? [] : [by])],
  }
}

/** The first setting that says something about requests; undefined where all are about connections. */
export function ofRequestsOnly({ authorization, ...others }: SecuritySettings): string | undefined {
  const [other] = Object.keys(others)
  return other ?? ((authorization?.rules ?? []).some(isAboutRequests) ? 'authorization.rules' : undefined)
}

/** What rules about requests do to connections, which know none. */
export function connectionProblem(authorization: SecuritySettings['authorization']): Problem | undefined {
  const rules = authorization?.rules ?? []
  const at = rules.findIndex(isAboutRequests)
  if (at === -1) return undefined
  const what = rules[at]?.action === 'Allow' ? 'allows none' : 'denies every one that it might be about'
  const message = `authorization.rules[${at}]: the rule is about requests, and of connections of TCPRoutes and TLSRoutes it ${what}.`
  return { reason: 'UnsupportedValue', message }
}

/** A rule about requests denies every connection that one of them might come over, and allows none. */
function ruleOf(rule: AuthorizationRule): ConnectionAuthorization['rules'] {
  const action = rule.action === 'Allow' ? 'allow' : 'deny'
  if (action === 'allow' && isAboutRequests(rule)) return []
  return [{ action, clients: (rule.principal?.clientCIDRs ?? []).flatMap((range) => parseAddressRange(range) ?? []) }]
}

function isAboutRequests({ name: _name, action: _action, principal = {}, ...others }: AuthorizationRule): boolean {
  const { clientCIDRs: _clients, ...otherParts } = principal
  return Object.keys(others).length > 0 || Object.keys(otherParts).length > 0
}
