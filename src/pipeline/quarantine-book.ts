/**
 * Finds the object behind a rejection and keeps it, and it alone, from the proxies until it changes.
 *
 * Envoy rejects a resource, which may be made of many objects. Those that no proxy has run in their present version are suspects.
 * One suspect is the culprit. Several are all held back, so that everything else is delivered at once, and then let in again half by
 * half: the half that is rejected again holds the culprit.
 */
import type { Quarantine } from '../gatewayapi/inputs.js'
import type { KubeObject } from '../provider/provider.js'
import type { ObjectVersion } from '../util/object-ref.js'
import { deliveryKey } from './delivery-watch.js'

/** What the book needs to know and to do. Objects are named by `<Kind>/<namespace>/<name>`. */
export interface QuarantineActions {
  /** The highest generation that every proxy runs; undefined for an object whose delivery is not followed. */
  acknowledgedGeneration(object: string): number | undefined
  /** The version of the object that proxies ran before the present one, where it may go on serving. */
  lastGood(object: string): KubeObject | undefined
  /** Holds an object back or, with undefined, lets it in. */
  hold(object: string, quarantine: Quarantine | undefined): void
}

/** Objects that are held back. */
export class QuarantineBook {
  readonly #actions: QuarantineActions
  readonly #held = new Map<string, Quarantine>()
  /** Groups of suspects that wait to be let in, the next one last. */
  #waiting: (readonly ObjectVersion[])[] = []

  constructor(actions: QuarantineActions) {
    this.#actions = actions
  }

  /** What is said of an object that is held back. */
  get(object: string): Quarantine | undefined {
    return this.#held.get(object)
  }

  /** Objects that are held back, with the reason. */
  entries(): IterableIterator<[string, Quarantine]> {
    return this.#held.entries()
  }

  /**
   * A resource made from these objects was rejected.
   *
   * @returns the objects that are held back from now on; none when no suspect is left
   */
  rejected(origins: readonly ObjectVersion[], message: string): readonly string[] {
    const suspects = origins.filter((origin) => {
      const acknowledged = this.#actions.acknowledgedGeneration(deliveryKey(origin))
      return acknowledged !== undefined && acknowledged < origin.generation && !this.#held.has(deliveryKey(origin))
    })
    const isFound = suspects.length === 1
    for (const suspect of suspects) this.#hold(suspect, message, isFound)
    if (suspects.length > 1) this.#waiting.push(suspects.slice(suspects.length >> 1), suspects.slice(0, suspects.length >> 1))
    return suspects.map(deliveryKey)
  }

  /** Everything that was sent is answered: lets the next suspects in. Returns them; none when nobody waits. */
  admitNext(): readonly string[] {
    for (;;) {
      const next = this.#waiting.pop()
      if (next === undefined) return []
      const objects = next.filter((suspect) => this.#held.get(deliveryKey(suspect))?.generation === suspect.generation).map(deliveryKey)
      for (const object of objects) this.#release(object)
      if (objects.length > 0) return objects
    }
  }

  /** The object has another generation, or is gone: it gets its chance. */
  changed(object: string): void {
    if (this.#held.has(object)) this.#release(object)
  }

  #hold(suspect: ObjectVersion, message: string, isFound: boolean): void {
    const object = deliveryKey(suspect)
    const lastGood = this.#actions.lastGood(object)
    const quarantine: Quarantine = {
      generation: suspect.generation,
      state: isFound ? 'rejected' : 'suspected',
      message,
      ...(lastGood === undefined ? {} : { lastGood }),
    }
    this.#held.set(object, quarantine)
    this.#actions.hold(object, quarantine)
  }

  #release(object: string): void {
    this.#held.delete(object)
    this.#actions.hold(object, undefined)
  }
}
