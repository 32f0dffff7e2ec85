/** What other replicas say of how far objects are with their proxies. */
import type { ObjectStates } from './group-states.js'

/** Keeps what each replica has said last. Objects are named `<Kind>/<namespace>/<name>`. */
export class OtherReplicas {
  readonly #replicas = new Map<string, Map<string, ObjectStates>>()

  /**
   * A replica says where its proxies are; undefined: the object is gone there.
   *
   * @param isComplete true if this is all that it has to say: what it said before is forgotten
   */
  reported(replica: string, isComplete: boolean, objects: ReadonlyMap<string, ObjectStates | undefined>): void {
    const known = isComplete ? undefined : this.#replicas.get(replica)
    const states = known ?? new Map<string, ObjectStates>()
    this.#replicas.set(replica, states)
    for (const [object, state] of objects) {
      if (state === undefined) states.delete(object)
      else states.set(object, state)
    }
  }

  /** A replica does not report any more. Returns the objects of which it had said something. */
  gone(replica: string): readonly string[] {
    const objects = [...(this.#replicas.get(replica)?.keys() ?? [])]
    this.#replicas.delete(replica)
    return objects
  }

  /** Where an object is on each replica that knows it. */
  *statesOf(object: string): Iterable<ObjectStates> {
    for (const states of this.#replicas.values()) {
      const state = states.get(object)
      if (state !== undefined) yield state
    }
  }
}
