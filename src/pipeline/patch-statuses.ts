/** Statuses of EnvoyPatchPolicies: whether each may be applied, and what came of it. */
import { fails, GATEWAY_GROUP, holds, type Problem } from '../gatewayapi/conditions.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import type { PatchPolicy } from '../gatewayapi/patches/patch-policies.js'
import type { Collection, Graph, Source, View } from '../incremental/index.js'
import type { TypeUrl } from '../xds/resource.js'
import type { PatchedResource } from '../xds/translate/patches/apply-patches.js'
import { resourceKey } from '../xds/translate/resource-key.js'

/** Declares the statuses, by `EnvoyPatchPolicy/<namespace>/<name>`. */
export function declarePatchStatuses(
  graph: Graph,
  policies: Source<PatchPolicy>,
  patched: Source<PatchedResource> | undefined,
): Collection<ObjectStatus> {
  const kind = 'EnvoyPatchPolicy/'
  return graph.collection<ObjectStatus>('statuses of patch policies', {
    keys: graph.index(policies, 'keys of patch statuses', (_policy, key) => [`${kind}${key}`]),
    compute: (view, key) => {
      const policy = view.get(policies, key.slice(kind.length))
      if (policy === undefined) return undefined
      const { object, gateway, problem } = policy
      const [namespace = '', name = ''] = gateway.split('/')
      const programmed = problem ?? (patched && problemOfPatches(view, patched, policy))
      return {
        shape: 'policy',
        object,
        ancestors: [
          {
            ancestorRef: { group: GATEWAY_GROUP, kind: 'Gateway', namespace, name },
            conditions: [
              problem === undefined
                ? holds('Accepted', 'Accepted', 'It may be applied.', object.generation)
                : fails('Accepted', problem, object.generation),
              programmed === undefined
                ? holds('Programmed', 'Programmed', 'All its patches are applied.', object.generation)
                : fails('Programmed', programmed, object.generation),
            ],
          },
        ],
      }
    },
  })
}

function problemOfPatches(view: View, patched: Source<PatchedResource>, { object, patches }: PatchPolicy): Problem | undefined {
  if (patches.length === 0) return { reason: 'Pending', message: 'The Gateway has no proxies yet.' }
  const problems = patches.flatMap(({ group, typeUrl, name }): readonly Problem[] => {
    const what = `${typeUrl.slice(typeUrl.lastIndexOf('.') + 1)} "${name}"`
    // The schema knows the types that can be patched.
    const found = view.get(patched, resourceKey(group, { typeUrl: typeUrl as TypeUrl, name }))
    if (found === undefined) return [{ reason: 'ResourceNotFound', message: `There is no ${what}.` }]
    const failure = found.failures.find(({ policy }) => policy.namespace === object.namespace && policy.name === object.name)
    return failure === undefined ? [] : [{ reason: 'Invalid', message: `${what}: ${failure.message}` }]
  })
  const [first] = problems
  return first && { reason: first.reason, message: problems.map(({ message }) => message).join(' ') }
}
