/** What policies add to a rule about who sends requests. */
import type { SecuritySettings } from '../../gen/kinds.js'
import type { Source, View } from '../../incremental/index.js'
import type { Route } from '../../ir/route.js'
import { objectKey } from '../../util/object-ref.js'
import type { Effective } from '../policies/policy.js'
import { authenticationName } from './authentication-name.js'
import type { Authentication, PolicyAuthentication } from './authentications.js'
import { wantsToken } from './oidc-problem.js'

/** The part of a route that says it. */
export type RuleAuthentication = Pick<Route, 'apiKeyAuth' | 'basicAuth' | 'oidc' | 'jwt'>

/** Where it stands what policies have found. */
export interface AuthenticationContext {
  readonly view: View
  /** By the key of a policy. */
  readonly authentications?: Source<PolicyAuthentication>
}

/**
 * What a rule asks for. Each setting is taken as a whole from the one policy that says it.
 *
 * @returns undefined if something that is asked for was not found: the rule must not be served
 */
export function ruleAuthentication(
  context: AuthenticationContext,
  effective: Effective<SecuritySettings> | undefined,
): RuleAuthentication | undefined {
  if (effective === undefined) return {}
  const { apiKeyAuth, basicAuth, oidc, jwt } = effective.settings
  const keys = apiKeyAuth && foundFor(context, effective, 'apiKeyAuth')
  const users = basicAuth && foundFor(context, effective, 'basicAuth')
  const login = oidc && foundFor(context, effective, 'oidc')
  if (oidc !== undefined && login === undefined) return undefined
  if ((apiKeyAuth !== undefined && keys === undefined) || (basicAuth !== undefined && users === undefined)) return undefined
  return {
    ...(keys === undefined ? {} : { apiKeyAuth: keys }),
    ...(users === undefined ? {} : { basicAuth: users }),
    ...(login === undefined ? {} : { oidc: { ...login.oidc, passesBearers: login.oidc.passesBearers && wantsToken(jwt) } }),
    // The name is enough: a requirement that is not there denies.
    ...(jwt === undefined ? {} : { jwt: authenticationName(policyKey(effective, 'jwt'), half(effective, 'jwt')) }),
  }
}

function foundFor<K extends keyof Authentication>(
  { view, authentications }: AuthenticationContext,
  effective: Effective<SecuritySettings>,
  field: K,
): Authentication[K] | undefined {
  const found = authentications && view.get(authentications, policyKey(effective, field))
  return found?.[half(effective, field)][field]
}

/** The policy that says a setting. */
function policyKey({ origins }: Effective<SecuritySettings>, field: keyof SecuritySettings): string {
  const origin = origins[field]
  return objectKey(origin?.namespace ?? '', origin?.name ?? '')
}

/** The half of its policy that says a setting. */
function half({ overrides }: Effective<SecuritySettings>, field: keyof SecuritySettings): 'settings' | 'overrides' {
  return overrides[field] === undefined ? 'settings' : 'overrides'
}
