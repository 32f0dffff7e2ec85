/** Which files say what about an object: the first file in the order of their paths decides. */
import { describeObject, type ObjectRef } from '../../util/object-ref.js'
import type { FileContent, FileObject } from './read-file.js'

/** An object as one file states it. */
export interface Claim {
  readonly file: string
  readonly ref: ObjectRef
  readonly object: FileObject
}

/** Identifies an object among all kinds: `group/Kind/namespace/name`. */
export type ObjectId = string

/** The id of an object. */
export function objectId(ref: ObjectRef): ObjectId {
  return `${ref.group}/${describeObject(ref)}`
}

/** All claims, by object. */
export class ObjectClaims {
  readonly #byObject = new Map<ObjectId, Claim[]>()

  /** Takes what a file holds now in place of what it held before, and returns the objects that either speaks of. */
  replace(file: string, before: FileContent | undefined, after: FileContent | undefined): ReadonlySet<ObjectId> {
    const touched = new Set<ObjectId>()
    for (const { ref } of claimsOf(file, before)) {
      const id = objectId(ref)
      touched.add(id)
      const left = (this.#byObject.get(id) ?? []).filter((claim) => claim.file !== file)
      if (left.length === 0) this.#byObject.delete(id)
      else this.#byObject.set(id, left)
    }
    for (const claim of claimsOf(file, after)) {
      const id = objectId(claim.ref)
      touched.add(id)
      const claims = [...(this.#byObject.get(id) ?? []), claim]
      this.#byObject.set(id, claims.sort(byFileAndLine))
    }
    return touched
  }

  /** Who states the object, the one that decides first. */
  of(id: ObjectId): readonly Claim[] {
    return this.#byObject.get(id) ?? []
  }
}

function claimsOf(file: string, content: FileContent | undefined): readonly Claim[] {
  return (content?.objects ?? []).flatMap((object) =>
    'ref' in object.interpretation ? [{ file, ref: object.interpretation.ref, object }] : [],
  )
}

function byFileAndLine(a: Claim, b: Claim): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.object.position.line - b.object.position.line || a.object.position.column - b.object.position.column
}
