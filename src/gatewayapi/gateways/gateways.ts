/** Gateways of our classes. */
import type { GatewayConfigSpec, GatewayMerging, GatewaySpec } from '../../gen/kinds.js'
import type { Collection, Graph } from '../../incremental/index.js'
import { type ObjectKey, type ObjectVersion, objectKey, objectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { Inputs } from '../inputs.js'
import { servedVersion } from '../served-version.js'
import type { ConfigVersion } from '../telemetry/telemetry-wishes.js'
import { addressTypeProblem } from './gateway-addresses.js'
import type { OurClass } from './gateway-classes.js'
import { type FoundParameters, mergeParameters, readParameters } from './gateway-parameters.js'

/** A Gateway of ours. */
export interface OurGateway {
  readonly object: ObjectVersion
  readonly key: ObjectKey
  /** RFC 3339: where Gateways share ports, the older one goes first. */
  readonly creationTimestamp: string
  readonly gatewayClass: OurClass
  /** What is served of it: its own, or that of its last good version while Envoy refuses this one. */
  readonly spec: GatewaySpec
  /** Envoy's own words, where it refuses the Gateway and there is no good version: nothing of it is sent to proxies. */
  readonly refused: string | undefined
  /** Why the Gateway as a whole cannot be accepted; listeners have problems of their own. */
  readonly problem: Problem | undefined
  /** Its configuration over that of its class. */
  readonly config: Readonly<Record<string, unknown>>
  /** The configurations that count, that of the class first. */
  readonly configs: readonly ConfigVersion[]
  /** Why what they say about telemetry does not count. */
  readonly telemetryProblem: Problem | undefined
  /** How the Gateways of its class share their proxies. `unknown`: a configuration cannot be read, so that nobody knows where it was to be. */
  readonly merging: GatewayMerging | 'unknown' | undefined
}

/** Declares our Gateways, by their key. */
export function declareGateways(graph: Graph, inputs: Inputs, classes: Collection<OurClass>): Collection<OurGateway> {
  const gateways = inputs.kind('Gateway')
  return graph.collection<OurGateway>('gateways', {
    keys: gateways,
    compute: (view, key) => {
      const found = view.get(gateways, key)
      if (found === undefined) return undefined
      const gatewayClass = view.get(classes, objectKey('', found.spec.gatewayClassName))
      if (gatewayClass === undefined) return undefined
      const { namespace, name } = found.metadata
      const quarantine = view.get(inputs.quarantines, `Gateway/${key}`)
      const served = servedVersion(found, quarantine)
      const ref = found.spec.infrastructure?.parametersRef
      const parameters = readParameters(view, inputs, ref && { ...ref, namespace })
      const own = 'problem' in parameters ? undefined : parameters.config
      const merging = gatewayClass.config?.mergeGateways
      // What a missing configuration of a Gateway says about ports is not known either.
      const isKnown = gatewayClass.problem === undefined && (merging !== undefined || !('problem' in parameters))
      const replaces = own?.mergeType === 'Replace' && merging === undefined
      const ofClass = replaces ? undefined : gatewayClass.config
      const counting = [
        replaces ? undefined : gatewayClass.parameters,
        'problem' in parameters || merging !== undefined ? undefined : parameters,
      ]
      return {
        object: objectVersion(found),
        key: objectKey(namespace, name),
        creationTimestamp: found.metadata.creationTimestamp,
        gatewayClass,
        spec: served.object.spec,
        refused: served.isRefused ? quarantine?.message : undefined,
        problem:
          gatewayProblem(found.spec, gatewayClass) ??
          ('problem' in parameters ? parameters.problem : undefined) ??
          mergingProblem(gatewayClass, own),
        config: mergeParameters(ofClass, merging === undefined ? own : undefined),
        configs: configsOf(counting),
        telemetryProblem: refusedTelemetry(counting),
        merging: isKnown ? merging : 'unknown',
      }
    },
  })
}

function gatewayProblem(spec: GatewaySpec, gatewayClass: OurClass): Problem | undefined {
  const addresses = addressTypeProblem(spec.addresses ?? [])
  if (addresses !== undefined) return addresses
  if (gatewayClass.problem !== undefined) {
    const { reason, message } = gatewayClass.problem
    return { reason, message: `The GatewayClass "${gatewayClass.object.name}" is not accepted: ${message}` }
  }
  return undefined
}

function configsOf(parameters: readonly (FoundParameters | undefined)[]): readonly ConfigVersion[] {
  return parameters.flatMap((each) =>
    each?.object === undefined || each.config === undefined ? [] : [{ object: each.object, spec: each.config }],
  )
}

function refusedTelemetry(parameters: readonly (FoundParameters | undefined)[]): Problem | undefined {
  const [refused] = parameters.filter((each) => each?.refused !== undefined)
  if (refused === undefined) return undefined
  const message = `Envoy refused the telemetry of the GatewayConfig "${refused.object?.name}"; what was in use before stays, if there was any: ${refused.refused}`
  return { reason: 'InvalidParameters', message }
}

/** Proxies that several Gateways share run in one way. */
function mergingProblem(gatewayClass: OurClass, own: GatewayConfigSpec | undefined): Problem | undefined {
  if (own === undefined) return undefined
  if (gatewayClass.config?.mergeGateways !== undefined) {
    const message = `Gateways of the GatewayClass "${gatewayClass.object.name}" share their Envoys: their configuration is that of the class; remove parametersRef.`
    return { reason: 'InvalidParameters', message }
  }
  if (own.mergeGateways === undefined) return undefined
  return {
    reason: 'InvalidParameters',
    message: 'mergeGateways is about all Gateways of a class: say it in the GatewayConfig of the class.',
  }
}
