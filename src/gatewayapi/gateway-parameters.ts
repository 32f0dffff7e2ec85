import { GATEWAY_GROUP, type Problem } from './conditions.js'

/** A reference to configuration, of a GatewayClass or of a Gateway. */
export interface ParametersRef {
  readonly group: string
  readonly kind: string
  readonly name: string
}

/** What is wrong with a reference to configuration; undefined if nothing is referred to. */
export function checkParameters(ref: ParametersRef | undefined): Problem | undefined {
  if (ref === undefined) return undefined
  const kind = ref.group === '' ? ref.kind : `${ref.kind}.${ref.group}`
  const hint = ref.group === GATEWAY_GROUP ? 'kinds of Gateway API hold no parameters' : 'this controller knows no such kind'
  return { reason: 'InvalidParameters', message: `parametersRef names the ${kind} "${ref.name}": ${hint}; remove the reference.` }
}
