/** Which files say what about an object: the first file in the order of their paths decides. */

import { compareText } from '../../util/compare-text.js'
import type { ObjectRef } from '../../util/object-ref.js'
import type { ObjectId } from './object-id.js'
import type { FileContent, FileObject } from './read-file.js'

/** An object as one file states it. */
export interface Claim {
  readonly file: string
  readonly ref: ObjectRef
  readonly object: FileObject
}

/** All claims, by object. */
export class ObjectClaims {
  readonly #byObject = new Map<ObjectId, readonly Claim[]>()

  /**
   * Takes what a file holds now in place of what it held before, and returns the objects that have to be looked at again. A good object
   * that only stands on another line is not among them.
   */
  replace(file: string, before: FileContent | undefined, after: FileContent | undefined): ReadonlySet<ObjectId> {
    const old = byObject(file, before)
    const now = byObject(file, after)
    const touched = new Set<ObjectId>()
    for (const id of old.keys()) if (!now.has(id)) touched.add(id)
    for (const [id, claims] of now) if (!saysTheSame(claims, old.get(id)) || this.of(id).length > 1) touched.add(id)
    for (const id of new Set([...old.keys(), ...now.keys()])) this.#set(id, file, now.get(id) ?? [])
    return touched
  }

  /** Who states the object, the one that decides first. */
  of(id: ObjectId): readonly Claim[] {
    return this.#byObject.get(id) ?? []
  }

  #set(id: ObjectId, file: string, claims: readonly Claim[]): void {
    const known = this.#byObject.get(id)
    const others = known === undefined ? [] : known.filter((claim) => claim.file !== file)
    if (others.length + claims.length === 0) this.#byObject.delete(id)
    else this.#byObject.set(id, others.length === 0 ? claims : [...others, ...claims].sort(byFileAndLine))
  }
}

function byObject(file: string, content: FileContent | undefined): ReadonlyMap<ObjectId, readonly Claim[]> {
  const claims = new Map<ObjectId, Claim[]>()
  for (const object of content?.objects ?? []) {
    if (object.id === undefined || !('ref' in object.interpretation)) continue
    const claim = { file, ref: object.interpretation.ref, object }
    const others = claims.get(object.id)
    if (others === undefined) claims.set(object.id, [claim])
    else others.push(claim)
  }
  return claims
}

/** Documents that stayed the same have the same interpretation. What is told of with its line is told anew where the line may move. */
function saysTheSame(now: readonly Claim[], old: readonly Claim[] | undefined): boolean {
  const interpretation = now[0]?.object.interpretation
  if (now.length !== 1 || old?.length !== 1 || interpretation !== old[0]?.object.interpretation) return false
  return interpretation?.outcome === 'accepted' && interpretation.warnings.length === 0
}

function byFileAndLine(a: Claim, b: Claim): number {
  if (a.file !== b.file) return compareText(a.file, b.file)
  return a.object.position.line - b.object.position.line || a.object.position.column - b.object.position.column
}
