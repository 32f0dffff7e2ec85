/** Changes of the cache that a stream was told of and has not looked at yet. */
import type { AppliedChange } from '../revision-draft.js'

/** Looks at a change of a revision. `isInitial`: it was made before the cache knew all that there is. */
export type ChangeVisitor = (change: AppliedChange, revision: number, isInitial: boolean) => void

interface Revision {
  readonly changes: readonly AppliedChange[]
  readonly revision: number
  readonly isInitial: boolean
  /** How many of them were looked at. */
  seen: number
}

/**
 * A change that concerns all routes comes to every stream of a group in the same moment. Each only notes that it came, and looks at it when it is
 * its turn, in pieces.
 */
export class UnseenChanges {
  readonly #revisions: Revision[] = []

  /** Notes the changes that made a revision. */
  add(changes: readonly AppliedChange[], revision: number, isInitial: boolean): void {
    if (changes.length > 0) this.#revisions.push({ changes, revision, isInitial, seen: 0 })
  }

  /** True when everything was looked at. */
  get isEmpty(): boolean {
    return this.#revisions.length === 0
  }

  /** Looks at the next changes, each once and in the order in which they came. */
  look(most: number, visit: ChangeVisitor): void {
    let left = most
    for (let next = this.#revisions[0]; next !== undefined && left > 0; next = this.#revisions[0]) {
      const { changes, revision, isInitial, seen } = next
      const end = Math.min(changes.length, seen + left)
      for (const change of changes.slice(seen, end)) visit(change, revision, isInitial)
      left -= end - seen
      next.seen = end
      if (end === changes.length) this.#revisions.shift()
    }
  }
}
