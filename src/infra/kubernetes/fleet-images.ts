/** The image that the Envoys of each fleet are to be of, and whether they may bind ports below 1024: others may take what they refuse. */
import type { GatewayInfra } from '../../ir/infra.js'
import { bindsLowPorts, proxyBuild, proxyImage } from './proxy-settings.js'

/** Follows them by the key of the fleet. */
export class FleetImages {
  readonly #defaultImage: string
  readonly #known = new Map<string, string>()

  /** @param defaultImage where no configuration names one */
  constructor(defaultImage: string) {
    this.#defaultImage = defaultImage
  }

  /** The image of a fleet, see `proxyBuild`; undefined for one that is not there. */
  of(infra: Pick<GatewayInfra, 'config'> | undefined): string | undefined {
    if (infra === undefined) return undefined
    const { config } = infra
    return proxyBuild({ image: proxyImage(config, this.#defaultImage), bindsLowPorts: bindsLowPorts(config) })
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
