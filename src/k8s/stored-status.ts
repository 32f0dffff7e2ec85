/** The status of an object as the API server has it. */
import { fieldAt, isJsonObject, type JsonObject, stringAt } from './kube-json.js'

/** A status and the version of the object that it was read from. */
export interface StoredStatus {
  readonly uid: string
  /** Of the object; 0 where it has none. */
  readonly generation: number
  readonly resourceVersion: string
  readonly status: JsonObject
}

/** The status within an object of the API; empty if it has none. */
export function storedStatusOf(object: unknown): StoredStatus {
  const status = fieldAt(object, 'status')
  const generation = fieldAt(object, 'metadata', 'generation')
  return {
    uid: stringAt(object, 'metadata', 'uid'),
    generation: typeof generation === 'number' ? generation : 0,
    resourceVersion: stringAt(object, 'metadata', 'resourceVersion'),
    status: isJsonObject(status) ? status : {},
  }
}

/** True if `a` was read from an older version than `b`: a watch may report what was before our own write after its answer. */
export function isOlder(a: StoredStatus, b: StoredStatus): boolean {
  return Number(a.resourceVersion) < Number(b.resourceVersion)
}
