/** SecurityPolicy as a kind of policy: what it may be about, and which of its settings cannot be done. */
import type { SecurityPolicySpec, SecuritySettings } from '../../gen/kinds.js'
import { parseAddressRange } from './address-range.js'
import type { PolicyKind } from './policy-kind.js'
import { isBackendTarget } from './policy-targets.js'

/** SecurityPolicy. Whoever may send what is one thing: nothing of a setting is mixed with that of another policy. */
export const SECURITY_POLICY: PolicyKind<'SecurityPolicy', SecuritySettings> = {
  name: 'SecurityPolicy',
  failsClosed: true,
  atoms: new Set(['cors', 'authorization']),
  settingsOf: ({ cors, authorization }: SecurityPolicySpec) => ({
    ...(cors === undefined ? {} : { cors }),
    ...(authorization === undefined ? {} : { authorization }),
  }),
  overridesOf: ({ overrides }: SecurityPolicySpec) => overrides,
  problemOf: ({ authorization }) => {
    const ranges = (authorization?.rules ?? []).flatMap((rule) => rule.principal?.clientCIDRs ?? [])
    const wrong = ranges.find((range) => parseAddressRange(range) === undefined)
    if (wrong === undefined) return undefined
    return { reason: 'UnsupportedValue', message: `authorization.rules.principal.clientCIDRs: "${wrong}" is no range such as 10.0.0.0/8.` }
  },
  isTarget: (kind) => !isBackendTarget(kind),
  targetProblem: () => undefined,
}
