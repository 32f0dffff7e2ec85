/** Patches of manifests by users: the escape hatch for what no setting covers. */
import { isJsonObject, type JsonObject } from '../../k8s/kube-json.js'

/**
 * Merges a patch into a manifest as `kubectl patch --type strategic` does: objects are merged, `null` removes, lists of named things
 * (containers, volumes, ports, environment variables) are merged by `name`, other lists are replaced.
 */
export function strategicMerge(base: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...base }
  for (const [field, value] of Object.entries(patch)) {
    const before = merged[field]
    if (value === null) delete merged[field]
    else if (isJsonObject(value)) merged[field] = strategicMerge(isJsonObject(before) ? before : {}, value)
    else if (isNamedList(value) && isNamedList(before)) merged[field] = mergeByName(before, value)
    else merged[field] = value
  }
  return merged
}

interface Named extends JsonObject {
  readonly name: string
}

function isNamedList(value: unknown): value is readonly Named[] {
  return Array.isArray(value) && value.every((item) => isJsonObject(item) && typeof item.name === 'string')
}

function mergeByName(before: readonly Named[], patch: readonly Named[]): readonly JsonObject[] {
  const patches = new Map(patch.map((item) => [item.name, item]))
  const kept = before.flatMap((item) => {
    const change = patches.get(item.name)
    patches.delete(item.name)
    if (change === undefined) return [item]
    return change.$patch === 'delete' ? [] : [strategicMerge(item, change)]
  })
  return [...kept, ...patches.values()]
}
