/**
 * XTelemetryPolicies and the Gateways that they are about.
 *
 * Source: Gateway API v1.7.0 experimental channel, XTelemetryPolicy: one policy counts for a Gateway, the oldest.
 */
import type { TracingConfig } from '../../gen/kinds.js'
import type { Collection, Graph, Index, View } from '../../incremental/index.js'
import { type ObjectKey, type ObjectVersion, objectKey, objectVersion } from '../../util/object-ref.js'
import { GATEWAY_GROUP, type Problem } from '../conditions.js'
import type { Inputs } from '../inputs.js'
import { byAge } from '../precedence.js'
import { servedVersion } from '../served-version.js'
import { attributeFormat } from './trace-attributes.js'

/** A policy as the rest of the translation knows it. */
export interface ResolvedTelemetryPolicy {
  readonly object: ObjectVersion
  /** RFC 3339. */
  readonly creationTimestamp: string
  /** The Gateways that it names, each once. */
  readonly gateways: readonly ObjectKey[]
  /** Names of targets that are of another kind. */
  readonly otherTargets: readonly string[]
  readonly tracing: TracingConfig | undefined
  /** Why it cannot be used: then nothing of it counts. */
  readonly problem: Problem | undefined
}

/** Policies by key, and those that are about a Gateway. */
export interface TelemetryPolicies {
  readonly all: Collection<ResolvedTelemetryPolicy>
  readonly byGateway: Index<ResolvedTelemetryPolicy>
}

/** Declares the policies, by their key. */
export function declareTelemetryPolicies(graph: Graph, inputs: Inputs): TelemetryPolicies {
  const objects = inputs.kind('XTelemetryPolicy')
  const all = graph.collection<ResolvedTelemetryPolicy>('telemetry policies', {
    keys: objects,
    compute: (view, key) => {
      const found = view.get(objects, key)
      if (found === undefined) return undefined
      const quarantine = view.get(inputs.quarantines, `XTelemetryPolicy/${key}`)
      const { object: policy, isRefused } = servedVersion(found, quarantine)
      const isGateway = (ref: { readonly group: string; readonly kind: string }): boolean =>
        ref.group === GATEWAY_GROUP && ref.kind === 'Gateway'
      const { targetRefs, tracing } = policy.spec
      const refused = { reason: 'Invalid', message: `Envoy refused the policy: ${quarantine?.message ?? ''}` }
      return {
        object: objectVersion(policy),
        creationTimestamp: policy.metadata.creationTimestamp,
        gateways: [...new Set(targetRefs.filter(isGateway).map(({ name }) => objectKey(policy.metadata.namespace, name)))].sort(),
        otherTargets: targetRefs.filter((ref) => !isGateway(ref)).map(({ kind, name }) => `${kind} "${name}"`),
        tracing,
        problem: isRefused ? refused : tracing && tracingProblem(tracing),
      }
    },
  })
  return { all, byGateway: graph.index(all, 'telemetry policies by gateway', ({ gateways }) => gateways) }
}

/** The policy that counts for a Gateway. One that cannot be used keeps others out: nobody should trace as a younger one says by chance. */
export function policyOf(view: View, policies: TelemetryPolicies, gateway: string): ResolvedTelemetryPolicy | undefined {
  return [...view.list(policies.byGateway, gateway)].sort(byAge)[0]
}

function tracingProblem({ attributes, parentBasedSampling }: TracingConfig): Problem | undefined {
  const unknown = (attributes ?? []).find((each) => each.attributeKey !== undefined && attributeFormat(each.attributeKey) === undefined)
  if (unknown !== undefined) {
    return unsupported(`tracing.attributes: nobody here knows the attribute "${unknown.attributeKey}"; take a Header or a Literal.`)
  }
  const rate = parentBasedSampling?.samplingRate
  if (rate === undefined || rate.numerator === rate.denominator) return undefined
  return unsupported('tracing.parentBasedSampling.samplingRate: Envoy follows all parents or none; leave it out, or set mode Disabled.')
}

function unsupported(message: string): Problem {
  return { reason: 'UnsupportedValue', message }
}
