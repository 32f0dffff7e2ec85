/** What the admin server tells of policies. */
import { type EffectiveField, effectiveFields } from '../gatewayapi/policies/effective-report.js'
import type { Translation } from './translation.js'

/**
 * What policies come to.
 *
 * @param route `<kind>/<namespace>/<name>`, the kind in any case; undefined: for all routes
 */
export function effectivePoliciesOf({ gatewayApi }: Translation, route: string | undefined): readonly EffectiveField[] {
  const wanted = route === undefined ? undefined : withLowerKind(route)
  return effectiveFields({ ...gatewayApi.effectivePolicies }, (each) => wanted === undefined || withLowerKind(each) === wanted)
}

function withLowerKind(route: string): string {
  const [kind = '', ...rest] = route.split('/')
  return [kind.toLowerCase(), ...rest].join('/')
}
