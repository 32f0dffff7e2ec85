/** Gives Gateways their places: which group of proxies serves each, and where. */
import { requestedAddresses } from '../gatewayapi/gateways/gateway-addresses.js'
import { compareText } from '../util/compare-text.js'
import type { PlacementPolicy, UnplacedGateway } from './placements.js'
import type { Translation } from './translation.js'

/** Remembers who has a place, so that a round in which nobody comes, goes or is merged otherwise places nobody. */
export class GatewayPlaces {
  readonly #translation: Translation
  readonly #policy: PlacementPolicy
  /** The Gateways that have a place, and how they are merged. */
  #placed: ReadonlyMap<string, string> = new Map()
  /** True if they must be placed anew, whoever they are. */
  #mustPlace = false

  constructor(translation: Translation, policy: PlacementPolicy) {
    this.#translation = translation
    this.#policy = policy
  }

  /** Places all of them anew, the next time. */
  invalidate(): void {
    this.#mustPlace = true
  }

  /** Places those that there are now, if any of them may need another place. */
  update(): void {
    const { gatewayApi, inputs } = this.#translation
    const wanted = [...gatewayApi.gateways.entries()].map(
      ([key, { gatewayClass, merging, config, spec }]): UnplacedGateway => ({
        key,
        gatewayClass: gatewayClass.object.name,
        merging,
        keepsPorts: config.useListenerPortAsContainerPort === true,
        addresses: requestedAddresses(spec.addresses ?? []).flatMap(({ type, value, routability }) =>
          type === 'IPAddress' && value !== undefined && routability === undefined ? [value] : [],
        ),
      }),
    )
    const isPlaced = (each: UnplacedGateway): boolean => this.#placed.get(each.key) === placeWord(each)
    if (!this.#mustPlace && wanted.length === this.#placed.size && wanted.every(isPlaced)) return
    this.#mustPlace = false
    const places = this.#policy.place(wanted.sort((a, b) => compareText(a.key, b.key)))
    const gone = [...this.#placed.keys()].filter((key) => !places.has(key))
    this.#placed = new Map(wanted.map((each) => [each.key, placeWord(each)]))
    for (const key of gone) {
      inputs.placements.set(key, undefined)
      inputs.addresses.set(key, undefined)
    }
    for (const [key, placement] of places) {
      inputs.placements.set(key, placement)
      if (this.#policy.assignsAddresses)
        inputs.addresses.set(key, { assigned: placement.addresses.map((value) => ({ type: 'IPAddress', value })) })
    }
  }
}

/** Changes when a gateway may need another place. */
function placeWord({ gatewayClass, merging, keepsPorts, addresses }: UnplacedGateway): string {
  return [merging === undefined ? '' : `${gatewayClass} ${merging}`, keepsPorts ? 'keeps ports' : '', ...addresses].join(' ')
}
