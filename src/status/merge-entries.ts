/** Our entries in `status.parents` of routes and `status.ancestors` of policies, which all controllers share. */
import type { Condition, ParentRef } from '../gatewayapi/model.js'
import { isJsonObject, listAt, stringAt } from '../k8s/kube-json.js'
import { mergeConditions, newestGeneration, withTimes } from './merge-conditions.js'

/** What we say about one parent or ancestor. */
export interface OwnEntry {
  readonly ref: ParentRef
  readonly conditions: readonly Condition[]
}

/** How the entries of a kind are written. */
export interface EntryRules {
  /** The field that names the other object: `parentRef` or `ancestorRef`. */
  readonly refField: 'parentRef' | 'ancestorRef'
  readonly controllerName: string
  readonly ownTypes: ReadonlySet<string>
  /** The API server refuses longer lists; foreign entries are never pushed out. */
  readonly maxEntries: number
}

/** A list that is shared with other controllers. */
export interface MergedEntries {
  readonly entries: readonly unknown[]
  /** Ours for which the entries of others leave no room. */
  readonly unsaid: readonly OwnEntry[]
}

/**
 * The stored entries with ours in their place: entries of other controllers stay as they are, ours that are no longer said go, new ones
 * come last.
 *
 * @param now RFC 3339
 */
export function mergeEntries(stored: readonly unknown[], ours: readonly OwnEntry[], rules: EntryRules, now: string): MergedEntries {
  const pending = new Map(ours.map((entry) => [refKey(entry.ref), entry]))
  const kept = stored.flatMap((before) => {
    if (stringAt(before, 'controllerName') !== rules.controllerName) return [before]
    const key = refKey(isJsonObject(before) ? before[rules.refField] : undefined)
    const entry = pending.get(key)
    pending.delete(key)
    return entry === undefined ? [] : [writeEntry(before, entry, rules, now)]
  })
  const added = [...pending.values()]
  const room = Math.max(0, rules.maxEntries - kept.length)
  const said = added.slice(0, room).map((entry) => writeEntry(undefined, entry, rules, now))
  return { entries: [...kept, ...said], unsaid: added.slice(room) }
}

/** The newest generation that entries under our name speak of; 0 if they name none. */
export function newestOwn(stored: readonly unknown[], controllerName: string): number {
  return newestGeneration(ownEntries(stored, controllerName).flatMap((entry) => listAt(entry, 'conditions')))
}

/** The entries that carry our name. */
export function ownEntries(stored: readonly unknown[], controllerName: string): readonly unknown[] {
  return stored.filter((entry) => stringAt(entry, 'controllerName') === controllerName)
}

function writeEntry(before: unknown, { ref, conditions }: OwnEntry, rules: EntryRules, now: string): unknown {
  const stored = listAt(before, 'conditions')
  return {
    [rules.refField]: ref,
    controllerName: rules.controllerName,
    conditions: mergeConditions(stored, withTimes(stored, conditions, now), rules.ownTypes),
  }
}

function refKey(ref: unknown): string {
  if (!isJsonObject(ref)) return ''
  return JSON.stringify(['group', 'kind', 'namespace', 'name', 'sectionName', 'port'].map((field) => ref[field] ?? null))
}
