/** What the settings of SecurityPolicies mean, in the words of the IR. */
import type { SecuritySettings } from '../../gen/kinds.js'
import type { Csrf, Route } from '../../ir/route.js'
import { corsOf } from '../routes/cors.js'
import { policyExternalAuth } from '../routes/external-auth.js'
import type { RuleContext } from '../routes/rule-context.js'
import { authorizationOf } from './authorization.js'
import type { Effective } from './policy.js'

/** What policies and the filters of a rule come to. */
export type RuleSecurity = Pick<Route, 'cors' | 'csrf' | 'authorization' | 'externalAuth'>

/**
 * What policies add to a rule.
 *
 * @param own what the filters of the rule say: it is narrower than every policy, only overrides count before it
 */
export function ruleSecurity(
  context: RuleContext,
  effective: Effective<SecuritySettings> | undefined,
  own: Pick<RuleSecurity, 'cors' | 'externalAuth'>,
): RuleSecurity {
  const { settings = {}, overrides = {}, origins = {} } = effective ?? {}
  const said = overrides.cors ?? (own.cors === undefined ? settings.cors : undefined)
  const cors = said === undefined ? own.cors : corsOf(said)
  const asked = overrides.extAuth ?? (own.externalAuth === undefined ? settings.extAuth : undefined)
  const externalAuth =
    asked === undefined || origins.extAuth === undefined ? own.externalAuth : policyExternalAuth(context, asked, origins.extAuth)
  return {
    ...(cors === undefined ? {} : { cors }),
    ...(settings.csrf === undefined ? {} : { csrf: csrfOf(settings.csrf) }),
    ...(settings.authorization === undefined ? {} : { authorization: authorizationOf(settings.authorization, settings.jwt) }),
    ...(externalAuth === undefined ? {} : { externalAuth }),
  }
}

function csrfOf({ additionalOrigins, shadowFraction }: NonNullable<SecuritySettings['csrf']>): Csrf {
  return {
    additionalOrigins: (additionalOrigins ?? []).map((origin) => origin.slice(origin.indexOf('://') + '://'.length).toLowerCase()),
    ...(shadowFraction === undefined ? {} : { shadow: shadowFraction }),
  }
}
