/** What the settings of SecurityPolicies mean, in the words of the IR. */
import type { AuthorizationRule as RuleSpec, SecuritySettings } from '../../gen/kinds.js'
import type { Authorization, AuthorizationRule, Cors } from '../../ir/route.js'
import { corsOf } from '../routes/cors.js'
import { parseAddressRange } from './address-range.js'
import type { Effective } from './policy.js'

/** What policies add to a rule. */
export interface RuleSecurity {
  readonly cors?: Cors
  readonly authorization?: Authorization
}

/**
 * What policies add to a rule.
 *
 * @param own what the filters of the rule say: it is narrower than every policy, only overrides count before it
 */
export function ruleSecurity(effective: Effective<SecuritySettings> | undefined, own: Cors | undefined): RuleSecurity {
  const { settings = {}, overrides = {} } = effective ?? {}
  const said = overrides.cors ?? (own === undefined ? settings.cors : undefined)
  const cors = said === undefined ? own : corsOf(said)
  return {
    ...(cors === undefined ? {} : { cors }),
    ...(settings.authorization === undefined ? {} : { authorization: authorizationOf(settings.authorization) }),
  }
}

function authorizationOf({ defaultAction, rules }: NonNullable<SecuritySettings['authorization']>): Authorization {
  return { rules: (rules ?? []).map(ruleOf), otherwise: defaultAction === 'Allow' ? 'allow' : 'deny' }
}

function ruleOf({ action, operation, principal }: RuleSpec): AuthorizationRule {
  return {
    action: action === 'Allow' ? 'allow' : 'deny',
    methods: operation?.methods ?? [],
    // A policy with a range that is none does not get here.
    clients: (principal?.clientCIDRs ?? []).flatMap((range) => parseAddressRange(range) ?? []),
    headers: (principal?.headers ?? []).map(({ name, values }) => ({ name: name.toLowerCase(), values })),
  }
}
