/** What a token says, as the value of a descriptor. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { CelExpression } from '../../../ir/cel.js'
import { attribute, call, NOTHING, textValue } from '../cel.js'
import { expressionAction } from './expression-value.js'
import { JWT_METADATA } from './jwt-authn.js'

type Action = envoy.config.route.v3.RateLimit.Action

/**
 * The value of a claim that jwt_authn has found good; what has none counts for nothing.
 *
 * An expression, because Envoy's own action for metadata knows texts alone: tokens with a number in the place would pass without a count.
 * Lists and objects are no values: Envoy would print all of them alike.
 */
export function claimAction(descriptorKey: string, provider: string, path: readonly string[]): Action {
  const claim = [JWT_METADATA, provider, ...path].reduce<CelExpression>(
    (operand, key) => call('_[_]', operand, textValue(key)),
    attribute('metadata', 'filter_metadata'),
  )
  const isOf = (type: string): CelExpression => call('_==_', call('type', claim), { kind: 'name', name: type })
  // Numbers are printed with six digits, unless they are whole.
  const printed = call('_?_:_', isOf('double'), call('int', claim), claim)
  return expressionAction(descriptorKey, call('_?_:_', call('_||_', isOf('list'), isOf('map')), NOTHING, printed))
}
