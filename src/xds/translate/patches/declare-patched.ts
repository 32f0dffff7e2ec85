/** Resources with the changes of EnvoyPatchPolicies, as a part of the graph: what nobody changes is passed on as it is. */
import type { Collection, Graph, Source } from '../../../incremental/index.js'
import type { ResourcePatch } from '../../../ir/patch.js'
import type { EncodedResource, TypeUrl } from '../../resource.js'
import { sameResource } from '../encoded.js'
import { resourceKey } from '../resource-key.js'
import { applyPatches, type PatchedResource } from './apply-patches.js'

/** Declares what is made of resources, by `resourceKey`. */
export function declarePatched(
  graph: Graph,
  plain: Source<EncodedResource>,
  policies: Source<{ readonly patches: readonly ResourcePatch[] }>,
): { readonly resources: Collection<EncodedResource>; readonly patched: Collection<PatchedResource> } {
  const byResource = graph.index(policies, 'patches by resource', ({ patches }) => patches.map(keyOf))
  const patched = graph.collection<PatchedResource>('patched resources', {
    keys: byResource,
    compute: (view, key) => {
      const resource = view.get(plain, key)
      if (resource === undefined) return undefined
      const patches = view.list(byResource, key).flatMap((policy) => policy.patches.filter((patch) => keyOf(patch) === key))
      return applyPatches(resource, patches)
    },
  })
  const resources = graph.collection<EncodedResource>('resources', {
    keys: plain,
    compute: (view, key) => view.get(patched, key)?.resource ?? view.get(plain, key),
    equal: sameResource,
  })
  return { resources, patched }
}

/** The schema of the policy knows the types that can be patched. */
function keyOf({ group, typeUrl, name }: ResourcePatch): string {
  return resourceKey(group, { typeUrl: typeUrl as TypeUrl, name })
}
