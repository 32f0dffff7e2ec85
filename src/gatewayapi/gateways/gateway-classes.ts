/** GatewayClasses that are ours: `spec.controllerName` names us. */
import type { GatewayConfigSpec } from '../../gen/kinds.js'
import type { Collection, Graph } from '../../incremental/index.js'
import { type ObjectVersion, objectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { TranslationContext } from '../context.js'
import type { Inputs } from '../inputs.js'
import { type FoundParameters, readParameters } from './gateway-parameters.js'

/** A GatewayClass of ours. */
export interface OurClass {
  readonly object: ObjectVersion
  /** Why its Gateways cannot be served as the class asks. */
  readonly problem: Problem | undefined
  /** What its `parametersRef` leads to. */
  readonly config: GatewayConfigSpec | undefined
  /** The same with its object; undefined where there is none. */
  readonly parameters: FoundParameters | undefined
}

/** Declares our classes, by the key of the class. */
export function declareGatewayClasses(graph: Graph, inputs: Inputs, context: TranslationContext): Collection<OurClass> {
  const classes = inputs.kind('GatewayClass')
  return graph.collection<OurClass>('gateway classes', {
    keys: classes,
    compute: (view, key) => {
      const found = view.get(classes, key)
      if (found === undefined || found.spec.controllerName !== context.controllerName) return undefined
      const parameters = readParameters(view, inputs, found.spec.parametersRef)
      return 'problem' in parameters
        ? { object: objectVersion(found), problem: parameters.problem, config: undefined, parameters: undefined }
        : { object: objectVersion(found), problem: undefined, config: parameters.config, parameters }
    },
  })
}
