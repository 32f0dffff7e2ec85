/** The image that the Envoys of each fleet are to be of. */
import type { GatewayInfra } from '../../ir/infra.js'
import { proxyImage } from './proxy-settings.js'

/** Follows them by the key of the fleet. */
export class FleetImages {
  readonly #defaultImage: string
  readonly #known = new Map<string, string>()

  /** @param defaultImage where no configuration names one */
  constructor(defaultImage: string) {
    this.#defaultImage = defaultImage
  }

  /** The image of a fleet; undefined for one that is not there. */
  of(infra: Pick<GatewayInfra, 'config'> | undefined): string | undefined {
    return infra && proxyImage(infra.config, this.#defaultImage)
  }

  /** Fleets came, changed or went. Returns the keys of those that are to be of another image than before. */
  changed(changes: ReadonlyMap<string, Pick<GatewayInfra, 'config'> | undefined>): readonly string[] {
    return [...changes].flatMap(([key, infra]) => {
      const before = this.#known.get(key)
      const image = this.of(infra)
      if (image === undefined) this.#known.delete(key)
      else this.#known.set(key, image)
      return before === undefined || image === undefined || image === before ? [] : [key]
    })
  }
}
