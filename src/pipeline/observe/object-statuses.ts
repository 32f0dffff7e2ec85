/** The latest status of every object of ours, for those who look. */
import type { ObjectStatus } from '../../gatewayapi/object-status.js'

/** Statuses by `<Kind>/<namespace>/<name>`. */
export class ObjectStatuses {
  readonly #statuses = new Map<string, ObjectStatus>()

  /** Takes over what changed. */
  apply(changes: ReadonlyMap<string, ObjectStatus | undefined>): void {
    for (const [key, status] of changes) {
      if (status === undefined) this.#statuses.delete(key)
      else this.#statuses.set(key, status)
    }
  }

  /** The status of an object, by `<Kind>/<namespace>/<name>`. */
  get(key: string): ObjectStatus | undefined {
    return this.#statuses.get(key)
  }

  /** All of them. */
  values(): Iterable<ObjectStatus> {
    return this.#statuses.values()
  }
}
