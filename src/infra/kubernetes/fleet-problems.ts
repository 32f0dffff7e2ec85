/** What keeps fleets from being what they should be: a whole one, or a Service of one, which is no matter of the other Gateways of its class. */
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import { fleetProblem } from './fleet-problem.js'
import type { OwnedName } from './owned-objects.js'

type Problem = NonNullable<GatewayAddresses['problem']>

/** What failed when a fleet was provisioned. */
export interface FleetFailures {
  /** What kept it from being made; undefined where nothing did. */
  readonly ofFleet: unknown
  /** Why Services were left as they are. */
  readonly ofServices: ReadonlyMap<OwnedName, unknown>
}

/** The problems of all fleets. */
export class FleetProblems {
  readonly #ofFleets = new Map<string, Problem>()
  readonly #ofServices = new Map<string, ReadonlyMap<OwnedName, Problem>>()

  /** What the Gateways of a Service are told; undefined where there is nothing to tell. */
  of(fleet: string, service: OwnedName): Problem | undefined {
    return this.#ofFleets.get(fleet) ?? this.#ofServices.get(fleet)?.get(service)
  }

  /**
   * A fleet was provisioned, or should have been. What says nothing about it, as that the server is away, leaves what is known. Returns whether
   * something may be told that was not.
   *
   * @param failures in a row, with this one
   */
  note(fleet: string, { ofFleet, ofServices }: FleetFailures, failures: number): boolean {
    const problem = fleetProblem(ofFleet, failures)
    if (ofFleet !== undefined && problem === undefined) return false
    const had = this.forget(fleet)
    if (problem !== undefined) this.#ofFleets.set(fleet, problem)
    const single = [...ofServices].flatMap(([name, error]): readonly (readonly [OwnedName, Problem])[] => {
      const ofService = fleetProblem(error, failures)
      return ofService === undefined ? [] : [[name, ofService]]
    })
    if (single.length > 0) this.#ofServices.set(fleet, new Map(single))
    return had || problem !== undefined || single.length > 0
  }

  /** Nothing keeps the fleet from being what it should be any more. Returns whether something did. */
  forget(fleet: string): boolean {
    const had = [this.#ofFleets.delete(fleet), this.#ofServices.delete(fleet)]
    return had.includes(true)
  }
}
