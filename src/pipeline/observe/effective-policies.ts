/** What the admin server tells of policies. */
import { type EffectiveField, effectiveFields } from '../../gatewayapi/policies/effective-report.js'
import { isRequestKind } from '../../gatewayapi/routes/any-route.js'
import type { AnyRule } from '../../gatewayapi/routes/rule-outcome.js'
import { objectKey } from '../../util/object-ref.js'
import type { Translation } from '../translation.js'

/**
 * What policies come to.
 *
 * @param route `<kind>/<namespace>/<name>`, the kind in any case; undefined: for all routes
 */
export function effectivePoliciesOf({ gatewayApi, inputs }: Translation, route: string | undefined): readonly EffectiveField[] {
  const wanted = route === undefined ? undefined : withLowerKind(route)
  const rulesOf = (each: string): readonly AnyRule[] => {
    const [kind = '', namespace = '', name = ''] = each.split('/')
    return isRequestKind(kind) ? (inputs.kind(kind).get(objectKey(namespace, name))?.spec.rules ?? []) : []
  }
  return effectiveFields({ ...gatewayApi.effectivePolicies }, (each) => wanted === undefined || withLowerKind(each) === wanted, rulesOf)
}

function withLowerKind(route: string): string {
  const [kind = '', ...rest] = route.split('/')
  return [kind.toLowerCase(), ...rest].join('/')
}
