import { describeObject, type ObjectRef } from '../../util/object-ref.js'

/** Identifies an object among all kinds: `group/Kind/namespace/name`. */
export type ObjectId = string

/** The id of an object. */
export function objectId(ref: ObjectRef): ObjectId {
  return `${ref.group}/${describeObject(ref)}`
}
