/**
 * Statuses of XTelemetryPolicies: an entry per Gateway of ours that a policy names.
 *
 * Source: Gateway API v1.7.0 experimental channel, `TelemetryPolicyStatus`; `PolicyStatus` (GEP-713), at most 16 entries.
 */
import type { Collection, Graph } from '../../incremental/index.js'
import { fails, GATEWAY_GROUP, holds, type Problem } from '../conditions.js'
import type { OurGateway } from '../gateways/gateways.js'
import type { Condition } from '../model.js'
import type { PolicyStatus } from '../object-status.js'
import type { TelemetryCollections, TelemetrySources } from './declare-telemetry.js'
import { policyOf, type ResolvedTelemetryPolicy } from './telemetry-policies.js'

/** Declares the statuses, by `XTelemetryPolicy/<namespace>/<name>`. A policy that names no Gateway of ours has none. */
export function declareTelemetryPolicyStatuses(
  graph: Graph,
  gateways: Collection<OurGateway>,
  { policies }: TelemetrySources,
  { ofGateways }: TelemetryCollections,
): Collection<PolicyStatus> {
  const prefix = 'XTelemetryPolicy/'
  return graph.collection<PolicyStatus>('statuses of telemetry policies', {
    keys: graph.index(policies.all, 'keys of telemetry policies', (_, key) => [`${prefix}${key}`]),
    compute: (view, key) => {
      const policy = view.get(policies.all, key.slice(prefix.length))
      if (policy === undefined) return undefined
      // The schema lets no policy have more than 16 targets.
      const ancestors = policy.gateways
        .filter((gateway) => view.get(gateways, gateway) !== undefined)
        .map((gateway) => {
          const [namespace = '', name = ''] = gateway.split('/')
          const winner = policyOf(view, policies, gateway)
          const conditions = conditionsOf(policy, winner, view.get(ofGateways, gateway)?.policyProblem)
          return { ancestorRef: { group: GATEWAY_GROUP, kind: 'Gateway', namespace, name }, conditions }
        })
      return ancestors.length === 0 ? undefined : { shape: 'policy', object: policy.object, ancestors }
    },
  })
}

function conditionsOf(
  { object, problem, otherTargets }: ResolvedTelemetryPolicy,
  winner: ResolvedTelemetryPolicy | undefined,
  unresolved: Problem | undefined,
): readonly Condition[] {
  const { generation } = object
  if (winner !== undefined && winner.object.name !== object.name) {
    const message = `The older XTelemetryPolicy "${winner.object.name}" is about the same Gateway, and one is allowed.`
    return [fails('Accepted', { reason: 'Conflicted', message }, generation)]
  }
  if (problem !== undefined) return [fails('Accepted', problem, generation)]
  const left = otherTargets.length === 0 ? '' : ` Not in use for ${otherTargets.join(', ')}: it can be about Gateways only.`
  return [
    holds('Accepted', 'Accepted', `It is in use.${left}`, generation),
    unresolved === undefined
      ? holds('ResolvedRefs', 'ResolvedRefs', 'The collector can be used.', generation)
      : fails('ResolvedRefs', unresolved, generation),
  ]
}
