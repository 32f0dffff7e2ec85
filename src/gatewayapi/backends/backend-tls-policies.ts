/**
 * BackendTLSPolicy: TLS towards Services.
 *
 * Source: Gateway API v1.7, BackendTLSPolicy (GEP-1897) and the conflict rules of policies (GEP-713).
 */
import type { BackendTLSPolicy } from '../../gen/kinds.js'
import type { Collection, Graph, Index } from '../../incremental/index.js'
import { type ObjectVersion, objectVersion } from '../../util/object-ref.js'
import type { GatewaySources } from '../gateway-sources.js'
import type { Inputs } from '../inputs.js'
import { byAge } from '../precedence.js'
import { servedVersion } from '../served-version.js'
import { backendKind } from './backend-key.js'
import { type ResolvedTls, resolveUpstreamTls } from './upstream-tls.js'

/** A policy with its references resolved. */
export interface ResolvedBackendTlsPolicy extends ResolvedTls {
  readonly object: ObjectVersion
  readonly creationTimestamp: string
  readonly targets: readonly PolicyTarget[]
}

/** What a policy is about: an object, or one of its ports. */
export interface PolicyTarget {
  /** `<Kind>/<namespace>/<name>`; undefined for kinds that the policy cannot be about. */
  readonly object: string | undefined
  /** The name of a port. */
  readonly sectionName: string | undefined
}

/** Policies by key, and for a `<Kind>/<namespace>/<name>` those that are about it. */
export interface BackendTlsPolicies {
  readonly policies: Collection<ResolvedBackendTlsPolicy>
  readonly byTarget: Index<ResolvedBackendTlsPolicy>
}

/** Declares the policies with their references resolved, by their key. */
export function declareBackendTlsPolicies(graph: Graph, inputs: Inputs, sources: Pick<GatewaySources, 'materials'>): BackendTlsPolicies {
  const objects = inputs.kind('BackendTLSPolicy')
  const policies = graph.collection<ResolvedBackendTlsPolicy>('backend TLS policies', {
    keys: objects,
    compute: (view, key) => {
      const found = view.get(objects, key)
      if (found === undefined) return undefined
      const { object: policy, isRefused } = servedVersion(found, view.get(inputs.quarantines, `BackendTLSPolicy/${key}`))
      const resolved: ResolvedTls = isRefused
        ? { tls: undefined, problem: { reason: 'Invalid', message: 'Envoy refused the policy.' } }
        : resolveUpstreamTls(view, sources.materials, policy.spec.validation, policy.metadata.namespace)
      return {
        object: objectVersion(policy),
        creationTimestamp: policy.metadata.creationTimestamp,
        targets: policy.spec.targetRefs.map((ref) => target(policy, ref)),
        ...resolved,
      }
    },
  })
  const byTarget = graph.index(policies, 'backend TLS policies by target', ({ targets }) => targets.flatMap(({ object }) => object ?? []))
  return { policies, byTarget }
}

/**
 * The policy that counts for a port of an object: one that names the port before one that names the object, then the older.
 *
 * @param policies those that are about the object
 */
export function effectivePolicy(
  policies: readonly ResolvedBackendTlsPolicy[],
  object: string,
  portName: string,
): ResolvedBackendTlsPolicy | undefined {
  return winner(policies, object, portName) ?? winner(policies, object, undefined)
}

/** The oldest of the policies that name exactly this port of an object, or the object as a whole. */
export function winner(
  policies: readonly ResolvedBackendTlsPolicy[],
  object: string,
  sectionName: string | undefined,
): ResolvedBackendTlsPolicy | undefined {
  return policies
    .filter((policy) => policy.targets.some((each) => each.object === object && each.sectionName === sectionName))
    .sort(byAge)[0]
}

function target(policy: BackendTLSPolicy, ref: BackendTLSPolicy['spec']['targetRefs'][number]): PolicyTarget {
  const kind = backendKind(ref.group, ref.kind)
  const takes = kind === 'Service' || kind === 'ServiceImport'
  return { object: takes ? `${kind}/${policy.metadata.namespace}/${ref.name}` : undefined, sectionName: ref.sectionName }
}
