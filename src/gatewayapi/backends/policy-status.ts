/**
 * Statuses of what is said about backends: BackendTLSPolicy, XBackendTrafficPolicy and XBackend have one entry per Gateway that sends there.
 *
 * Source: Gateway API v1.7, `PolicyStatus` (GEP-713), at most 16 entries.
 */
import type { BackendTLSPolicy, XBackend, XBackendTrafficPolicy } from '../../gen/kinds.js'
import type { Collection, Graph, Source, View } from '../../incremental/index.js'
import { compareText } from '../../util/compare-text.js'
import { type ObjectVersion, objectKey, objectVersion } from '../../util/object-ref.js'
import { fails, GATEWAY_GROUP, holds, type Problem } from '../conditions.js'
import type { Condition } from '../model.js'
import type { PolicyStatus } from '../object-status.js'
import { backendKey, parseBackendKey } from './backend-key.js'
import { type PolicyTarget, type ResolvedBackendTlsPolicy, winner } from './backend-tls-policies.js'
import type { BackendUse, BackendUsers } from './backend-users.js'
import type { BackendSources } from './backend-world.js'
import type { ResolvedBackend } from './resolved-backend.js'
import { oldestTrafficPolicy, trafficPolicyTargets } from './traffic-policies.js'

/** The most entries that a status may have. */
const MAX_ANCESTORS = 16

/** What the statuses are made from. */
export interface PolicyStatusSources extends BackendSources {
  readonly backends: Source<ResolvedBackend>
  readonly users: BackendUsers
}

/** Declares the statuses, by `<Kind>/<namespace>/<name>`. An object that no Gateway of ours uses has none. */
export function declarePolicyStatuses(graph: Graph, sources: PolicyStatusSources): Collection<PolicyStatus> {
  const { inputs, users } = sources
  const tlsPolicies = inputs.kind('BackendTLSPolicy')
  const trafficPolicies = inputs.kind('XBackendTrafficPolicy')
  const xBackends = inputs.kind('XBackend')
  return graph.collection<PolicyStatus>('policy statuses', {
    report: true,
    keys: [
      graph.index(tlsPolicies, 'statuses of backend TLS policies', (_, key) => [`BackendTLSPolicy/${key}`]),
      graph.index(trafficPolicies, 'statuses of traffic policies', (_, key) => [`XBackendTrafficPolicy/${key}`]),
      graph.index(xBackends, 'statuses of XBackends', (_, key) => [`XBackend/${key}`]),
    ],
    compute: (view, key) => {
      const slash = key.indexOf('/')
      const at = key.slice(slash + 1)
      switch (key.slice(0, slash)) {
        case 'BackendTLSPolicy':
          return tlsPolicyStatus(view, sources, users, view.get(tlsPolicies, at), view.get(sources.tlsPolicies.policies, at))
        case 'XBackendTrafficPolicy':
          return trafficPolicyStatus(view, sources, users, view.get(trafficPolicies, at))
        default:
          return xBackendStatus(view, sources, users, view.get(xBackends, at))
      }
    },
  })
}

function tlsPolicyStatus(
  view: View,
  sources: PolicyStatusSources,
  users: BackendUsers,
  policy: BackendTLSPolicy | undefined,
  resolved: ResolvedBackendTlsPolicy | undefined,
): PolicyStatus | undefined {
  if (policy === undefined || resolved === undefined) return undefined
  const { generation } = policy.metadata
  const problem = tlsPolicyProblem(view, sources, resolved)
  const unresolved = resolved.problem?.reason === 'Invalid' ? undefined : resolved.problem
  const conditions = (uses: readonly BackendUse[]): readonly Condition[] => [
    problem === undefined && uses.every(({ sends }) => sends === 'asTheyAre')
      ? holds('Accepted', 'Accepted', PASSED_ON, generation)
      : accepted(problem, generation),
    unresolved === undefined
      ? holds('ResolvedRefs', 'ResolvedRefs', 'All references lead to authorities.', generation)
      : fails('ResolvedRefs', unresolved, generation),
  ]
  const targets = resolved.targets.flatMap(({ object }) => object ?? [])
  return status(view, users, policy, targets, conditions)
}

const PASSED_ON =
  'It changes nothing here: this Gateway sends there only datagrams, or connections of TLSRoutes whose TLS ends at the backend, as clients send them.'

const NO_REQUESTS = 'It changes nothing here: this Gateway sends no requests there, only bytes of TCPRoutes, TLSRoutes and UDPRoutes.'

function tlsPolicyProblem(view: View, sources: PolicyStatusSources, policy: ResolvedBackendTlsPolicy): Problem | undefined {
  if (policy.tls === undefined) {
    if (policy.problem?.reason === 'Invalid') return policy.problem
    return { reason: 'NoValidCACertificate', message: `Nobody that is usable is left to trust. ${policy.problem?.message ?? ''}`.trim() }
  }
  const missing = policy.targets.map((target) => missingTarget(view, sources, target))
  const [firstMissing] = missing
  if (firstMissing !== undefined && missing.every((each) => each !== undefined)) return { reason: 'TargetNotFound', message: firstMissing }
  const lost = policy.targets.map(({ object, sectionName }) => {
    const won = object === undefined ? undefined : winner(view.list(sources.tlsPolicies.byTarget, object), object, sectionName)
    return won === undefined || won.object.name === policy.object.name ? undefined : won.object
  })
  const [to] = lost.flatMap((each) => each ?? [])
  return to !== undefined && lost.every((each) => each !== undefined) ? conflict(to) : undefined
}

/** What is not there of a target; undefined if it exists. */
function missingTarget(view: View, { inputs }: PolicyStatusSources, { object, sectionName }: PolicyTarget): string | undefined {
  const ref = object === undefined ? undefined : parseBackendKey(object)
  if (ref === undefined) return 'A targetRef is of a kind that the policy cannot be about: use Service or ServiceImport.'
  const at = objectKey(ref.namespace, ref.name)
  const found = ref.kind === 'Service' ? view.get(inputs.kind('Service'), at) : view.get(inputs.kind('ServiceImport'), at)
  if (found === undefined) return `The ${ref.kind} "${ref.name}" does not exist.`
  const ports = found.spec?.ports ?? []
  if (sectionName === undefined || ports.some((port) => port.name === sectionName)) return undefined
  return `The ${ref.kind} "${ref.name}" has no port named "${sectionName}".`
}

function trafficPolicyStatus(
  view: View,
  sources: PolicyStatusSources,
  users: BackendUsers,
  policy: XBackendTrafficPolicy | undefined,
): PolicyStatus | undefined {
  if (policy === undefined) return undefined
  const targets = trafficPolicyTargets(policy)
  const lostTo = targets.map((target) => {
    const oldest = oldestTrafficPolicy(view.list(sources.trafficPolicies, target))
    return oldest === undefined || oldest.metadata.name === policy.metadata.name ? undefined : objectVersion(oldest)
  })
  const [to] = lostTo.flatMap((each) => each ?? [])
  const problem = to !== undefined && lostTo.every((each) => each !== undefined) ? conflict(to) : undefined
  return status(view, users, policy, targets, (uses) => [
    problem === undefined && uses.every(({ sends }) => sends !== 'requests')
      ? holds('Accepted', 'Accepted', NO_REQUESTS, policy.metadata.generation)
      : accepted(problem, policy.metadata.generation),
  ])
}

function xBackendStatus(
  view: View,
  sources: PolicyStatusSources,
  users: BackendUsers,
  backend: XBackend | undefined,
): PolicyStatus | undefined {
  if (backend === undefined) return undefined
  const { namespace, name, generation } = backend.metadata
  const ref = { kind: 'XBackend', namespace, name, port: undefined, transport: 'TCP' } as const
  const resolved = view.get(sources.backends, backendKey(ref))
  const problem = resolved === undefined || resolved.usable ? undefined : { reason: 'Invalid', message: resolved.message }
  return status(view, users, backend, [`XBackend/${namespace}/${name}`], () => [accepted(problem, generation)])
}

function accepted(problem: Problem | undefined, generation: number): Condition {
  return problem === undefined ? holds('Accepted', 'Accepted', 'It is in use.', generation) : fails('Accepted', problem, generation)
}

function conflict(winnerObject: ObjectVersion): Problem {
  return { reason: 'Conflicted', message: `The older ${winnerObject.kind} "${winnerObject.name}" is about the same targets.` }
}

function status(
  view: View,
  users: BackendUsers,
  object: BackendTLSPolicy | XBackendTrafficPolicy | XBackend,
  targets: readonly string[],
  conditions: (uses: readonly BackendUse[]) => readonly Condition[],
): PolicyStatus | undefined {
  const uses = Map.groupBy(
    targets.flatMap((target) => users(view, target)),
    ({ gateway }) => gateway,
  )
  if (uses.size === 0) return undefined
  return {
    shape: 'policy',
    object: objectVersion(object),
    ancestors: [...uses]
      .sort(([a], [b]) => compareText(a, b))
      .slice(0, MAX_ANCESTORS)
      .map(([key, ofGateway]) => {
        const [namespace = '', name = ''] = key.split('/')
        return { ancestorRef: { group: GATEWAY_GROUP, kind: 'Gateway', namespace, name }, conditions: conditions(ofGateway) }
      }),
  }
}
