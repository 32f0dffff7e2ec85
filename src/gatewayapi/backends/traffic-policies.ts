/**
 * XBackendTrafficPolicy: retry budgets and sticky sessions of Services.
 *
 * Source: Gateway API v1.7, XBackendTrafficPolicy (GEP-1731, GEP-3388).
 */
import type { SessionPersistence, XBackendTrafficPolicy } from '../../gen/kinds.js'
import type { Graph, Index, View } from '../../incremental/index.js'
import type { BackendTraffic, RetryBudget } from '../../ir/cluster.js'
import { DEFAULT_BACKEND_TRAFFIC } from '../../ir/defaults.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { type ObjectVersion, objectVersion } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import { isTargeted, type TargetedObjects } from '../policies/targeted-objects.js'
import { byAge } from '../precedence.js'
import { backendKind } from './backend-key.js'

/** For a `<Kind>/<namespace>/<name>`, the policies that are about it. */
export type TrafficPolicies = Index<XBackendTrafficPolicy>

/** How traffic to an object is treated, and the policy that says so. */
export interface ResolvedTraffic {
  readonly traffic: BackendTraffic
  readonly sessionPersistence: SessionPersistence | undefined
  readonly origins: readonly ObjectVersion[]
}

/** Declares the index of policies by what they are about. */
export function declareTrafficPolicies(graph: Graph, inputs: Inputs): TrafficPolicies {
  return graph.index(inputs.kind('XBackendTrafficPolicy'), 'traffic policies by target', trafficPolicyTargets)
}

/** What a policy is about, as `<Kind>/<namespace>/<name>`; kinds that it cannot be about are left out. */
export function trafficPolicyTargets({ spec, metadata }: XBackendTrafficPolicy): readonly string[] {
  return spec.targetRefs.flatMap((ref) => {
    const kind = backendKind(ref.group, ref.kind)
    return kind === undefined ? [] : [`${kind}/${metadata.namespace}/${ref.name}`]
  })
}

/** How traffic to an object is treated: by the oldest policy that is about it, or as the defaults say. */
export function resolveTraffic(
  {
    view,
    targeted,
    trafficPolicies,
  }: { readonly view: View; readonly targeted: TargetedObjects; readonly trafficPolicies: TrafficPolicies },
  object: string,
): ResolvedTraffic {
  const isNamed = isTargeted(view, targeted, 'XBackendTrafficPolicy', object)
  const policy = isNamed ? oldestTrafficPolicy(view.list(trafficPolicies, object)) : undefined
  if (policy === undefined) return { traffic: DEFAULT_BACKEND_TRAFFIC, sessionPersistence: undefined, origins: [] }
  const retryBudget = toRetryBudget(policy.spec.retryConstraint)
  return {
    traffic: retryBudget === undefined ? DEFAULT_BACKEND_TRAFFIC : { ...DEFAULT_BACKEND_TRAFFIC, retryBudget },
    sessionPersistence: policy.spec.sessionPersistence,
    origins: [objectVersion(policy)],
  }
}

/** The policy that counts among several about the same object. */
export function oldestTrafficPolicy(policies: readonly XBackendTrafficPolicy[]): XBackendTrafficPolicy | undefined {
  return policies
    .map((policy) => ({ policy, object: objectVersion(policy), creationTimestamp: policy.metadata.creationTimestamp }))
    .sort(byAge)[0]?.policy
}

function toRetryBudget(constraint: XBackendTrafficPolicy['spec']['retryConstraint']): RetryBudget | undefined {
  if (constraint === undefined) return undefined
  const { budget, minRetryRate } = constraint
  return {
    percent: budget.percent,
    intervalMs: durationMilliseconds(budget.interval),
    minRetriesPerInterval: minRetryRate.count ?? 10,
    minIntervalMs: durationMilliseconds(minRetryRate.interval ?? '1s'),
  }
}
