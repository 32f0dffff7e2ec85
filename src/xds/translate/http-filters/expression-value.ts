/** What an expression says of a request, as the value of a descriptor. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { CelExpression } from '../../../ir/cel.js'
import { any } from '../../message.js'
import { celExpr } from '../cel.js'

/** Adds the value to a descriptor, as it is printed. Where it cannot be evaluated there is no descriptor, and nothing is counted. */
export function expressionAction(descriptorKey: string, value: CelExpression): envoy.config.route.v3.RateLimit.Action {
  return {
    extension: {
      name: 'envoy.rate_limit_descriptors.expr',
      typedConfig: any('envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor', { descriptorKey, parsed: celExpr(value) }),
    },
  }
}

/** A function or an operator, and its operands. */
export function call(name: string, ...args: readonly CelExpression[]): CelExpression {
  return { kind: 'call', target: undefined, function: name, args }
}

/** A text that stands in an expression. */
export function textValue(value: string): CelExpression {
  return { kind: 'constant', value: { type: 'string', value } }
}

/** A whole number that stands in an expression. */
export function numberValue(value: number): CelExpression {
  return { kind: 'constant', value: { type: 'int', value: String(value) } }
}

/** What cannot be evaluated: the first of no elements. */
export const NOTHING: CelExpression = call('_[_]', { kind: 'list', elements: [] }, numberValue(0))
