/**
 * Finds the object behind a rejection and keeps it, and it alone, from the proxies until it changes.
 *
 * Envoy rejects a resource, which may be made of many objects. Those that no proxy has run in their present version are suspects.
 * One suspect is the culprit. If Envoy's words point at one of several, it is held back on their evidence; that everything else is
 * accepted then is the proof. Otherwise all are held back, so that everything else is delivered at once, and then let in again half by
 * half: the half that is rejected again holds the culprit.
 */
import type { Quarantine } from '../gatewayapi/inputs.js'
import type { KubeObject } from '../provider/provider.js'
import type { ObjectVersion } from '../util/object-ref.js'
import { HOOK_ORIGIN_KIND } from '../xds/hook-origin.js'
import { type RejectedVersion, ROUTE_OWNERS } from '../xds/rejected-versions.js'
import { deliveryKey } from './delivery-watch.js'
import { SuspectedTogether } from './suspected-together.js'

/** What the book needs to know and to do. Objects are named by `<Kind>/<namespace>/<name>`. */
export interface QuarantineActions {
  /** The highest generation that every proxy runs and has seen as a whole; undefined for an object whose delivery is not followed. */
  seenGeneration(object: string): number | undefined
  /** True while proxies get an error instead of a part of what the object asks for. */
  isClosed(object: string): boolean
  /** True if something is made of the object that can do without it. */
  canHold(object: string): boolean
  /** The version of the object that proxies ran before the present one, where it may go on serving. */
  lastGood(object: string): KubeObject | undefined
  /** Holds an object back or, with undefined, lets it in. */
  hold(object: string, quarantine: Quarantine | undefined): void
}

/** What the book needs to know of a rejected version. */
export type Rejected = Pick<RejectedVersion, 'origins' | 'suspects' | 'message'>

interface Cleared {
  readonly generation: number
  /** True if others that were held back closed it then. */
  readonly isHidden: boolean
}

interface Unproven {
  readonly suspect: ObjectVersion
  /** What else may be to blame, and is seen as a whole while the suspect is not held back. */
  readonly others: readonly ObjectVersion[]
}

/** Objects that are held back. */
export class QuarantineBook {
  readonly #actions: QuarantineActions
  readonly #held = new Map<string, Quarantine>()
  /** Groups of suspects that wait to be let in, the next one last. */
  #waiting: (readonly ObjectVersion[])[] = []
  /** Objects that are held back on evidence, and nothing was accepted or rejected since. */
  #unproven: Unproven[] = []
  /** Who was let in last, and is not rejected so far. */
  #admitted: readonly ObjectVersion[] = []
  /**
   * By object the generation that proxies took when it was let in. It may never count as acknowledged, where some Gateway has no proxy, and
   * would be blamed with everybody who is let in after it, and the search begin anew, for ever.
   */
  readonly #cleared = new Map<string, Cleared>()
  readonly #together = new SuspectedTogether()
  /** All that were suspected in this search, and whether they were closed before. */
  readonly #suspected = new Map<string, 'open' | 'closed'>()

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

  /** True while it is not known of every object that is held back whether it is to blame. */
  get isSearching(): boolean {
    return this.#waiting.length > 0 || this.#unproven.length > 0
  }

  /**
   * A resource was rejected.
   *
   * @returns the objects that are held back from now on; none when no suspect is left
   */
  rejected({ origins, suspects, message }: Rejected): readonly string[] {
    const pointedAt = suspects.filter((suspect) => this.#isOpen(suspect))
    // What is not acknowledged may be to blame, whatever the evidence says. What routes stand on is held back only if it is suspected.
    const all = origins.filter((origin) => this.#isFollowed(origin) && this.#isOpen(origin))
    // What an extension server made of it is no part of this project: it goes first, and whoever it was made from stays.
    const foreign = pointedAt.filter(({ kind }) => kind === HOOK_ORIGIN_KIND)
    const found = [foreign, pointedAt, all].find((each) => each.length > 0) ?? []
    // What closes routes is let in before them, so that it hides none of them.
    const likely = [...found.filter((each) => !isRoute(each)), ...found.filter(isRoute)]
    const [suspect, ...more] = likely
    if (suspect === undefined) return []
    this.#admitted = []
    // Evidence that did not help: whoever was held back for it is tried again, last of all.
    this.#waiting.unshift(...this.#unproven.splice(0).map((each) => [each.suspect]))
    const isAlone = more.length === 0
    for (const each of likely) this.#hold(each, message, isAlone)
    const objects = likely.map(deliveryKey)
    this.#together.note(objects, all.map(deliveryKey))
    if (!isAlone) this.#waiting.push(likely.slice(likely.length >> 1), likely.slice(0, likely.length >> 1))
    else if (all.some((origin) => deliveryKey(origin) !== deliveryKey(suspect)))
      this.#unproven.push({ suspect, others: all.filter((origin) => !this.#actions.isClosed(deliveryKey(origin))) })
    return objects
  }

  /** Everything that was sent is answered: lets the next suspects in. Returns them; none when nobody waits. */
  admitNext(): readonly string[] {
    this.#tryOthers()
    for (const { generation, ...admitted } of this.#admitted) {
      const object = deliveryKey(admitted)
      this.#cleared.set(object, { generation, isHidden: this.#isHidden(object) })
    }
    this.#admitted = []
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      const suspects = next.filter((suspect) => this.#held.get(deliveryKey(suspect))?.generation === suspect.generation)
      const objects = suspects.map(deliveryKey)
      for (const object of objects) this.#release(object)
      this.#admitted = suspects
      if (objects.length > 0) return objects
    }
    this.#cleared.clear()
    this.#suspected.clear()
    this.#together.end((object) => this.#held.has(object))
    return []
  }

  /**
   * That proxies accept what is left is no proof against whoever is held back where it hides others: a policy closes its routes. They are
   * held back in its place, and let in after it.
   */
  #tryOthers(): void {
    for (const { suspect, others } of this.#unproven.splice(0)) {
      const hidden = others.filter((other) => this.#isOpen(other) && this.#actions.isClosed(deliveryKey(other)))
      const message = this.#held.get(deliveryKey(suspect))?.message
      if (hidden.length === 0 || message === undefined) continue
      for (const other of hidden) this.#hold(other, message, false)
      this.#waiting.push(hidden, [suspect])
    }
  }

  /** The object has another version, or is gone: it gets its chance, and so does what it may have been wrong with. */
  changed(object: string): void {
    if (this.#held.size === 0) return
    for (const held of [...this.#held.keys()]) {
      if (held === object || this.#together.mayHide(held, object)) this.#release(held)
    }
  }

  /** True if others that are held back close it. */
  #isHidden(object: string): boolean {
    return this.#suspected.get(object) === 'open' && this.#actions.isClosed(object)
  }

  #isFollowed(object: ObjectVersion): boolean {
    return !ROUTE_OWNERS.has(object.kind) && this.#actions.seenGeneration(deliveryKey(object)) !== undefined
  }

  #isOpen(object: ObjectVersion): boolean {
    const key = deliveryKey(object)
    if (this.#held.has(key) || !this.#actions.canHold(key)) return false
    const cleared = this.#cleared.get(key)
    if (cleared?.generation === object.generation) return cleared.isHidden && !this.#actions.isClosed(key)
    const seen = this.#actions.seenGeneration(key)
    return seen === undefined || seen < object.generation
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
    if (!this.#suspected.has(object)) this.#suspected.set(object, this.#actions.isClosed(object) ? 'closed' : 'open')
    this.#actions.hold(object, quarantine)
  }

  #release(object: string): void {
    this.#held.delete(object)
    this.#actions.hold(object, undefined)
  }
}

function isRoute({ kind }: ObjectVersion): boolean {
  return kind.endsWith('Route')
}
