/** GatewayClasses that are ours: `spec.controllerName` names us. */
import type { GatewayClass } from '../gen/kinds.js'
import type { Collection, Graph } from '../incremental/index.js'
import { type ObjectVersion, objectVersion } from '../util/object-ref.js'
import type { Problem } from './conditions.js'
import type { TranslationContext } from './context.js'
import { checkParameters } from './gateway-parameters.js'
import type { Inputs } from './inputs.js'

/** A GatewayClass of ours. */
export interface OurClass {
  readonly object: ObjectVersion
  /** Why its Gateways cannot be served as the class asks. */
  readonly problem: Problem | undefined
}

/** Declares our classes, by the key of the class. */
export function declareGatewayClasses(graph: Graph, inputs: Inputs, context: TranslationContext): Collection<OurClass> {
  const classes = inputs.kind('GatewayClass')
  return graph.collection('gateway classes', {
    keys: classes,
    compute: (view, key) => {
      const found = view.get(classes, key)
      return found === undefined || found.spec.controllerName !== context.controllerName ? undefined : ourClass(found)
    },
  })
}

function ourClass(found: GatewayClass): OurClass {
  return { object: objectVersion(found), problem: checkParameters(found.spec.parametersRef) }
}
