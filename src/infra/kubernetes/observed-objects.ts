/** What is in the cluster of what is made for fleets, as the watches tell it and as writes answer. */
import type { RawObject } from '../../k8s/kube-json.js'
import { gatewayOf, type Installation, type OwnedName } from './owned-objects.js'

/** Objects, by their names and by the fleets that they were made for. */
export class ObservedObjects {
  readonly #by: Installation
  readonly #objects = new Map<OwnedName, RawObject>()
  readonly #names = new Map<string, Set<OwnedName>>()

  /** @param by whose fleets count: what another installation made is known, and is nobody's */
  constructor(by: Installation) {
    this.#by = by
  }

  /** The object of a name; undefined where there is none. */
  get(name: OwnedName): RawObject | undefined {
    return this.#objects.get(name)
  }

  /** The fleet that an object was made for, by whichever installation; undefined where there is none of that name, or it is somebody else's. */
  makerOf(name: OwnedName): string | undefined {
    const object = this.#objects.get(name)
    return object && gatewayOf(object)
  }

  /** The names of what was made for a fleet and is there, as of now. */
  of(fleet: string): readonly OwnedName[] {
    return [...(this.#names.get(fleet) ?? [])]
  }

  /** The fleets that something is there of. */
  fleets(): Iterable<string> {
    return this.#names.keys()
  }

  /** An object is there like this now, or gone. Returns the fleet that it is or was of; undefined where that is none of ours. */
  set(name: OwnedName, object: RawObject | undefined): string | undefined {
    const before = this.#objects.get(name)
    const now = object && gatewayOf(object, this.#by)
    // An object that another installation took over is as good as gone.
    const fleet = now ?? (before && gatewayOf(before, this.#by))
    if (object === undefined) this.#objects.delete(name)
    else this.#objects.set(name, object)
    if (fleet === undefined) return undefined
    const names = this.#names.get(fleet) ?? new Set()
    if (now === undefined) names.delete(name)
    else names.add(name)
    if (names.size === 0) this.#names.delete(fleet)
    else this.#names.set(fleet, names)
    return fleet
  }
}
