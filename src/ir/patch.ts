import type { PatchOperation } from '../util/json-patch.js'
import type { ObjectVersion } from '../util/object-ref.js'

/** What one policy does to one resource of Envoy. */
export interface ResourcePatch {
  readonly policy: ObjectVersion
  /** Lower ones first. */
  readonly priority: number
  /** RFC 3339: of equal priority the older goes first. */
  readonly creationTimestamp: string
  /** The group of proxies. */
  readonly group: string
  /** The type URL of the resource. */
  readonly typeUrl: string
  readonly name: string
  /** In their order. */
  readonly operations: readonly PatchOperation[]
}
