/** The two kinds of patch that the fake API server understands. */
import { isJsonObject, type JsonObject, type RawObject } from '../../src/k8s/kube-json.js'

/** JSON merge patch (RFC 7386). */
export function mergePatch(base: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...base }
  for (const [field, value] of Object.entries(patch)) {
    const before = merged[field]
    if (value === null) delete merged[field]
    else merged[field] = isJsonObject(value) ? mergePatch(isJsonObject(before) ? before : {}, value) : value
  }
  return merged
}

/** Server-side apply by one manager that owns everything: maps are merged, lists of things with a `type` or `name` by it, other lists replaced. */
export function applyObject(base: RawObject, applied: JsonObject): JsonObject {
  return mergeApplied(base, applied)
}

function mergeApplied(base: JsonObject, applied: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...base }
  for (const [field, value] of Object.entries(applied)) {
    const before = merged[field]
    if (isJsonObject(value)) merged[field] = mergeApplied(isJsonObject(before) ? before : {}, value)
    else if (field === 'conditions' && Array.isArray(value) && Array.isArray(before)) merged[field] = mergeByType(before, value)
    else merged[field] = value
  }
  return merged
}

function mergeByType(before: readonly unknown[], applied: readonly unknown[]): readonly unknown[] {
  const types = new Set(applied.map((entry) => (isJsonObject(entry) ? entry.type : undefined)))
  return [...before.filter((entry) => !isJsonObject(entry) || !types.has(entry.type)), ...applied]
}
