/**
 * Finds the object behind a rejection and keeps it, and it alone, from the proxies until it changes.
 *
 * Envoy rejects a resource, which may be made of many objects. Those that no proxy has run in their present version are suspects.
 * One suspect is the culprit. If Envoy's words point at one of several, it is held back on their evidence; that everything else is
 * accepted then is the proof. Otherwise all are held back, so that everything else is delivered at once, and then let in again half by
 * half: the half that is rejected again holds the culprit.
 *
 * Where a resource is rejected when nobody is left to hold back, holding back was in vain: what is to blame is something else, or the proxies
 * reject everything. Whoever was held back for that resource is let in again, for others can do with it.
 */
import type { Quarantine } from '../../gatewayapi/inputs.js'
import type { KubeObject } from '../../provider/provider.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { HOOK_ORIGIN_KIND } from '../../xds/hook-origin.js'
import { type RejectedVersion, ROUTE_OWNERS, rejectedVersionKey } from '../../xds/rejected-versions.js'
import { deliveryKey } from './watch.js'

/** What the book needs to know and to do. Objects are named by `<Kind>/<namespace>/<name>`. */
export interface QuarantineActions {
  /** The highest generation that every proxy runs; undefined for an object whose delivery is not followed. */
  acknowledgedGeneration(object: string): number | undefined
  /** True if something is made of the object that can do without it. */
  canHold(object: string): boolean
  /** The version of the object that proxies ran before the present one, where it may go on serving. */
  lastGood(object: string): KubeObject | undefined
  /**
   * Holds an object back or, with undefined, lets it in.
   *
   * @param by the group of the proxies that refused it, where that is known
   */
  hold(object: string, quarantine: Quarantine | undefined, by?: string): void
}

/** How many versions are remembered for which holding back was in vain. */
const MAX_VAIN = 1000

/** Objects that are held back. */
export class QuarantineBook {
  readonly #actions: QuarantineActions
  readonly #held = new Map<string, Quarantine>()
  /** Groups of suspects that wait to be let in, the next one last. */
  #waiting: (readonly ObjectVersion[])[] = []
  /** Objects that are held back on evidence, and nothing was accepted or rejected since. */
  #unproven: ObjectVersion[] = []
  /** Who was let in last, and is not rejected so far. */
  #admitted: readonly ObjectVersion[] = []
  /**
   * By object the generation that proxies took when it was let in. It may never count as acknowledged, where some Gateway has no proxy, and
   * would be blamed with everybody who is let in after it, and the search begin anew, for ever.
   */
  readonly #cleared = new Map<string, number>()
  /** By object the version that it was held back for, until it is known that it helped. */
  readonly #heldFor = new Map<string, RejectedVersion>()
  /** Versions for which nobody is held back any more: it was in vain. */
  readonly #vain = new Set<string>()

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
  rejected(rejected: RejectedVersion): readonly string[] {
    const { origins, suspects } = rejected
    if (this.#vain.has(versionKey(rejected))) return []
    const pointedAt = suspects.filter((suspect) => this.#isOpen(suspect))
    // What is not acknowledged may be to blame, whatever the evidence says. What routes stand on is held back only if it is suspected.
    const all = origins.filter((origin) => this.#isFollowed(origin) && this.#isOpen(origin))
    // What an extension server made of it is no part of this project: it goes first, and whoever it was made from stays.
    const foreign = pointedAt.filter(({ kind }) => kind === HOOK_ORIGIN_KIND)
    const found = [foreign, pointedAt, all].find((each) => each.length > 0) ?? []
    const [suspect, ...more] = found
    if (suspect === undefined) return []
    this.#admitted = []
    // Evidence that did not help: whoever was held back for it is tried again, last of all.
    this.#waiting.unshift(...this.#unproven.splice(0).map((each) => [each]))
    const isAlone = more.length === 0
    for (const each of found) this.#hold(each, rejected, isAlone)
    if (!isAlone) this.#waiting.push(found.slice(found.length >> 1), found.slice(0, found.length >> 1))
    else if (all.some((origin) => deliveryKey(origin) !== deliveryKey(suspect))) this.#unproven.push(suspect)
    return found.map(deliveryKey)
  }

  /**
   * A resource is rejected when nobody is left who could be held back for it: lets those in who were.
   *
   * @returns the versions that they were held back for: nobody will be any more
   */
  acquit(rejected: RejectedVersion): readonly RejectedVersion[] {
    const isSame = ({ typeUrl, name, by }: RejectedVersion): boolean =>
      typeUrl === rejected.typeUrl && name === rejected.name && by?.group === rejected.by?.group
    const found = [...this.#heldFor].filter(([, version]) => isSame(version))
    const versions = [...new Set(found.map(([, version]) => version))]
    for (const version of versions) this.#vain.add(versionKey(version))
    for (const oldest of this.#vain) {
      if (this.#vain.size <= MAX_VAIN) break
      this.#vain.delete(oldest)
    }
    for (const [object] of found) this.#release(object)
    return versions
  }

  /** Everything that was sent is answered: lets the next suspects in. Returns them; none when nobody waits. */
  admitNext(): readonly string[] {
    // Without whoever was held back on evidence everything was accepted: that is the proof.
    this.#unproven = []
    for (const admitted of this.#admitted) this.#cleared.set(deliveryKey(admitted), admitted.generation)
    this.#admitted = []
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      const suspects = next.filter((suspect) => this.#held.get(deliveryKey(suspect))?.generation === suspect.generation)
      const objects = suspects.map(deliveryKey)
      for (const object of objects) this.#release(object)
      this.#admitted = suspects
      if (objects.length > 0) return objects
    }
    this.#cleared.clear()
    this.#heldFor.clear()
    return []
  }

  /** All objects get their chance. Returns false if none was held back. */
  releaseAll(): boolean {
    const objects = [...this.#held.keys()]
    for (const object of objects) this.#release(object)
    this.#waiting = []
    this.#unproven = []
    this.#admitted = []
    this.#cleared.clear()
    this.#vain.clear()
    return objects.length > 0
  }

  /** The object has another version, or is gone: it gets its chance. */
  changed(object: string): void {
    if (this.#held.has(object)) this.#release(object)
  }

  #isFollowed(object: ObjectVersion): boolean {
    return !ROUTE_OWNERS.has(object.kind) && this.#actions.acknowledgedGeneration(deliveryKey(object)) !== undefined
  }

  #isOpen(object: ObjectVersion): boolean {
    const key = deliveryKey(object)
    if (this.#held.has(key) || !this.#actions.canHold(key)) return false
    if (this.#cleared.get(key) === object.generation) return false
    const acknowledged = this.#actions.acknowledgedGeneration(key)
    return acknowledged === undefined || acknowledged < object.generation
  }

  #hold(suspect: ObjectVersion, rejected: RejectedVersion, isFound: boolean): void {
    const { message, by } = rejected
    const object = deliveryKey(suspect)
    const lastGood = this.#actions.lastGood(object)
    const quarantine: Quarantine = {
      generation: suspect.generation,
      state: isFound ? 'rejected' : 'suspected',
      message,
      ...(lastGood === undefined ? {} : { lastGood }),
    }
    this.#held.set(object, quarantine)
    this.#heldFor.set(object, rejected)
    this.#actions.hold(object, quarantine, by?.group)
  }

  #release(object: string): void {
    this.#held.delete(object)
    this.#heldFor.delete(object)
    this.#actions.hold(object, undefined)
  }
}

function versionKey(rejected: RejectedVersion): string {
  return rejectedVersionKey(rejected, rejected.version, rejected.by)
}
