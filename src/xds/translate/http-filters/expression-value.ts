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
