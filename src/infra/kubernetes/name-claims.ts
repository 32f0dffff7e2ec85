/** Who gets a name that several fleets ask for: whoever has the object, and before there is one, whoever asked first. */
import type { OwnedName } from './owned-objects.js'

/** Names of objects and the fleets that make them. Two at once would take turns in overwriting an object of both. */
export class NameClaims {
  readonly #fleets = new Map<OwnedName, string>()

  /**
   * Claims names for a fleet, in place of those that it had. Returns the first that another fleet has; then it has none of the new ones.
   *
   * @param makerOf the fleet that an object was made for, if there is an object of that name
   */
  claim(fleet: string, names: ReadonlySet<OwnedName>, makerOf: (name: OwnedName) => string | undefined): OwnedName | undefined {
    for (const [name, by] of this.#fleets) if (by === fleet && !names.has(name)) this.#fleets.delete(name)
    const taken = [...names].find((name) => {
      const by = makerOf(name) ?? this.#fleets.get(name)
      return by !== undefined && by !== fleet
    })
    if (taken !== undefined) return taken
    for (const name of names) this.#fleets.set(name, fleet)
    return undefined
  }
}
