/** Resources with the changes of policies: each policy changes a resource as a whole, or not at all. */
import type { ResourcePatch } from '../../../ir/patch.js'
import { compareText } from '../../../util/compare-text.js'
import { errorText } from '../../../util/error-text.js'
import { applyOperations } from '../../../util/json-patch.js'
import type { ObjectVersion } from '../../../util/object-ref.js'
import { fromProtoJson, messageName, toProtoJson } from '../../message.js'
import type { EncodedResource } from '../../resource.js'
import { contentHash } from '../encoded.js'

/** A resource with what policies changed, and the policies that could not. */
export interface PatchedResource {
  readonly resource: EncodedResource
  readonly failures: readonly PatchFailure[]
}

/** Why a policy does not change a resource. */
export interface PatchFailure {
  readonly policy: ObjectVersion
  readonly message: string
}

/** A hundred characters for each of 40,000 routes. */
const MOST_MIB = 4

/** Applies policies in their order. A resource that none changes stays the same object. */
export function applyPatches(resource: EncodedResource, patches: readonly ResourcePatch[]): PatchedResource {
  const name = messageName(resource.typeUrl)
  if (name === undefined) return { resource, failures: [] }
  const failures: PatchFailure[] = []
  let value = resource.value
  const applied: ObjectVersion[] = []
  for (const { policy, operations } of inOrder(patches)) {
    try {
      const patched = fromProtoJson(name, applyOperations(toProtoJson(name, value), operations, MOST_MIB))
      const kept: unknown = toProtoJson(name, patched)
      if (nameOf(kept) !== nameOf(toProtoJson(name, resource.value))) throw new Error('the name of a resource cannot be changed')
      value = patched
      applied.push(policy)
    } catch (error) {
      failures.push({ policy, message: errorText(error) })
    }
  }
  if (applied.length === 0) return { resource, failures }
  // Parts of a resource are of the unpatched one: nobody may trace a rejection by them.
  const { parts: _parts, ...whole } = resource
  return {
    resource: { ...whole, origins: [...resource.origins, ...applied], value, version: contentHash(value) },
    failures,
  }
}

/** The name of a resource: load assignments go by that of their cluster. */
function nameOf(json: unknown): unknown {
  const { clusterName, name } = json as { readonly clusterName?: unknown; readonly name?: unknown }
  return clusterName ?? name
}

function inOrder(patches: readonly ResourcePatch[]): readonly ResourcePatch[] {
  const key = ({ policy }: ResourcePatch): string => `${policy.namespace}/${policy.name}`
  return [...patches].sort(
    (a, b) => a.priority - b.priority || compareText(a.creationTimestamp, b.creationTimestamp) || compareText(key(a), key(b)),
  )
}
