/** The last revisions of the configuration: what changed, because of which objects, and when the proxies had it. */

import { describeObject } from '../util/object-ref.js'
import type { AppliedChange } from '../xds/snapshot-cache.js'

/** One revision of a group. Times are RFC 3339. */
export interface HistoryEntry {
  readonly group: string
  readonly revision: number
  readonly at: string
  /** The first changes, up to `MOST_LISTED`. */
  readonly changes: readonly HistoryChange[]
  readonly changeCount: number
  /** `Kind/namespace/name@generation` of the objects behind the changed resources, up to `MOST_LISTED`. */
  readonly causes: readonly string[]
  /** When every connected proxy had it; undefined as long as one has not. */
  readonly deliveredAt: string | undefined
}

/** One resource that came, changed or went. */
export interface HistoryChange {
  readonly typeUrl: string
  readonly name: string
  readonly what: 'added' | 'changed' | 'removed'
}

const MOST_ENTRIES = 500
const MOST_LISTED = 50

/** Keeps the last 500 revisions. Times are milliseconds since the epoch, given by the caller. */
export class RevisionHistory {
  #entries: HistoryEntry[] = []

  /** The oldest first. */
  get entries(): readonly HistoryEntry[] {
    return this.#entries
  }

  /** A group has a new revision. */
  recorded(group: string, revision: number, changes: readonly AppliedChange[], now: number): void {
    const causes = new Set<string>()
    for (const { previous, current } of changes) {
      if (causes.size >= MOST_LISTED) break
      const origins = current === undefined ? (previous?.origins ?? []) : changedOrigins(previous?.origins ?? [], current.origins)
      for (const origin of origins) causes.add(`${describeObject(origin)}@${origin.generation}`)
    }
    this.#entries.push({
      group,
      revision,
      at: new Date(now).toISOString(),
      changes: changes.slice(0, MOST_LISTED).map(({ typeUrl, name, previous, current }) => ({
        typeUrl,
        name,
        what: previous === undefined ? 'added' : current === undefined ? 'removed' : 'changed',
      })),
      changeCount: changes.length,
      causes: [...causes].slice(0, MOST_LISTED),
      deliveredAt: undefined,
    })
    // Cut in blocks: shifting the list for each entry would cost its length every time.
    if (this.#entries.length >= MOST_ENTRIES * 2) this.#entries = this.#entries.slice(-MOST_ENTRIES)
  }

  /**
   * Every connected proxy of the group runs this revision and all before it. Answers how many milliseconds each revision took that
   * was not delivered before.
   */
  delivered(group: string, revision: number, now: number): readonly number[] {
    const deliveredAt = new Date(now).toISOString()
    const took: number[] = []
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index]
      if (entry === undefined || entry.group !== group || entry.revision > revision) continue
      if (entry.deliveredAt !== undefined) break
      this.#entries[index] = { ...entry, deliveredAt }
      took.push(now - Date.parse(entry.at))
    }
    return took
  }
}

/** The origins that are not as they were: without any, the resource changed for another reason, and all may be it. */
function changedOrigins(before: AppliedOrigins, after: AppliedOrigins): AppliedOrigins {
  const known = new Set(before.map((origin) => `${describeObject(origin)}@${origin.generation}`))
  const changed = after.filter((origin) => !known.has(`${describeObject(origin)}@${origin.generation}`))
  return changed.length === 0 ? after : changed
}

type AppliedOrigins = NonNullable<AppliedChange['current']>['origins']
