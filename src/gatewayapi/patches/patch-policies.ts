/** EnvoyPatchPolicies: whether each may be applied, and what it does to which resources. */
import type { EnvoyPatchPolicy } from '../../gen/kinds.js'
import type { Collection, Graph, Source, View } from '../../incremental/index.js'
import type { ResourcePatch } from '../../ir/patch.js'
import type { PatchOperation } from '../../util/json-patch.js'
import { type ObjectKey, type ObjectVersion, objectKey, objectVersion } from '../../util/object-ref.js'
import { GATEWAY_GROUP, type Problem } from '../conditions.js'
import type { TranslationContext } from '../context.js'
import type { OurGateway } from '../gateways/gateways.js'
import type { Inputs } from '../inputs.js'

/** A policy as far as the Gateway API goes: whether its changes fit is found out where they are made. */
export interface PatchPolicy {
  readonly object: ObjectVersion
  /** The Gateway that it names. */
  readonly gateway: ObjectKey
  /** Why nothing of it is done. */
  readonly problem: Problem | undefined
  /** Empty with a problem. One per resource, in the order of the policy. */
  readonly patches: readonly ResourcePatch[]
}

/** Types whose names begin with the Gateway: proxies that several Gateways share have those of the others as well. */
const OF_GATEWAYS: readonly string[] = ['Listener', 'RouteConfiguration', 'ScopedRouteConfiguration']

/** Declares the policies, by their key. */
export function declarePatchPolicies(
  graph: Graph,
  inputs: Inputs,
  context: TranslationContext,
  gateways: Source<OurGateway>,
): Collection<PatchPolicy> {
  const policies = inputs.kind('EnvoyPatchPolicy')
  return graph.collection<PatchPolicy>('patch policies', {
    keys: policies,
    compute: (view, key) => {
      const policy = view.get(policies, key)
      if (policy === undefined) return undefined
      const object = objectVersion(policy)
      const gateway = objectKey(policy.metadata.namespace, policy.spec.targetRef.name)
      const problem = problemOf(view, inputs, context, gateways, policy, gateway)
      const group = view.get(inputs.placements, gateway)?.group
      return { object, gateway, problem, patches: problem !== undefined || group === undefined ? [] : patchesOf(policy, group) }
    },
  })
}

/** Operations that need a value (RFC 6902). */
const WITH_VALUE: readonly string[] = ['add', 'replace', 'test']

function problemOf(
  view: View,
  inputs: Inputs,
  { envoyPatches = false }: TranslationContext,
  gateways: Source<OurGateway>,
  { spec, metadata }: EnvoyPatchPolicy,
  gateway: ObjectKey,
): Problem | undefined {
  if (!envoyPatches) {
    return { reason: 'Disabled', message: 'Patches are off: the controller must be started with --envoy-patches.' }
  }
  const { group, kind } = spec.targetRef
  if (group !== GATEWAY_GROUP || kind !== 'Gateway') {
    return { reason: 'Invalid', message: `targetRef: ${group}/${kind} cannot be patched, only a Gateway of ${GATEWAY_GROUP}.` }
  }
  if (view.get(gateways, gateway) === undefined) {
    return { reason: 'TargetNotFound', message: `The Gateway "${gateway}" does not exist or is not ours.` }
  }
  const foreign = spec.jsonPatches.findIndex(({ type, name }) => OF_GATEWAYS.includes(shortType(type)) && !name.startsWith(`${gateway}/`))
  if (foreign >= 0) {
    return {
      reason: 'Invalid',
      message: `jsonPatches[${foreign}].name: a ${shortType(spec.jsonPatches[foreign]?.type ?? '')} of the Gateway begins with "${gateway}/".`,
    }
  }
  // What CEL cannot say: it does not see fields of any shape.
  const unclear = spec.jsonPatches.findIndex(({ operation: { op, value } }) => WITH_VALUE.includes(op) !== (value !== undefined))
  if (unclear >= 0) {
    return { reason: 'Invalid', message: `jsonPatches[${unclear}].operation: set value exactly for ${WITH_VALUE.join(', ')}.` }
  }
  const quarantine = view.get(inputs.quarantines, `EnvoyPatchPolicy/${metadata.namespace}/${metadata.name}`)
  return quarantine?.generation === metadata.generation
    ? { reason: 'Invalid', message: `Envoy refused what the patches make: ${quarantine.message}` }
    : undefined
}

function patchesOf(policy: EnvoyPatchPolicy, group: string): readonly ResourcePatch[] {
  const { spec, metadata } = policy
  const byResource = Map.groupBy(spec.jsonPatches, ({ type, name }) => `${type} ${name}`)
  return [...byResource.values()].flatMap((patches) => {
    const [first] = patches
    if (first === undefined) return []
    const operations = patches.map(
      ({ operation: { op, path = '', jsonPath, from, value } }): PatchOperation => ({
        op,
        path,
        ...(jsonPath === undefined ? {} : { jsonPath }),
        ...(from === undefined ? {} : { from }),
        ...(value === undefined ? {} : { value }),
      }),
    )
    const { creationTimestamp } = metadata
    return [
      {
        policy: objectVersion(policy),
        priority: spec.priority,
        creationTimestamp,
        group,
        typeUrl: first.type,
        name: first.name,
        operations,
      },
    ]
  })
}

function shortType(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1)
}
