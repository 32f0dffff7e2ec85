/** The end of a round: whoever writes statuses, infrastructure and the like is told what changed. */
import type { SelectedPods } from '../gatewayapi/backends/selected-pods.js'
import type { FinalizerChange } from '../gatewayapi/gateways/gateway-class-finalizers.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import type { GatewayInfra } from '../ir/infra.js'
import type { Translation } from './translation.js'

/** Who is told. */
export interface Listeners {
  /** Statuses that changed, by `<Kind>/<namespace>/<name>`; undefined: the object is gone. */
  readonly onStatuses?: (changes: ReadonlyMap<string, ObjectStatus | undefined>) => void
  /** Infrastructure that changed, by the key of its gateway. */
  readonly onInfra?: (changes: ReadonlyMap<string, GatewayInfra | undefined>) => void
  /** Services that XBackends need changed, by `XBackend/<namespace>/<name>`. */
  readonly onSelectedPods?: (changes: ReadonlyMap<string, SelectedPods | undefined>) => void
  /** What has to be done to finalizers of GatewayClasses changed, by the key of the class. */
  readonly onClassFinalizers?: (changes: ReadonlyMap<string, FinalizerChange | undefined>) => void
}

/** How many statuses are told in one turn of the event loop: whoever writes them looks at each. */
const STATUSES_AT_ONCE = 500

/** Tells what changed since it was told last. */
export class Telling {
  readonly #translation: Translation
  readonly #listeners: Listeners
  /** Statuses that nobody was told of yet, as they are now. */
  readonly #untold = new Map<string, ObjectStatus | undefined>()
  #hasTold = false

  constructor(translation: Translation, listeners: Listeners) {
    this.#translation = translation
    this.#listeners = listeners
  }

  /**
   * Tells as much as a turn of the event loop has time for; at first also that it is nothing: then what was left behind goes.
   *
   * @returns false if there is more, for the next turn
   */
  go(): boolean {
    const { gatewayApi } = this.#translation
    const { onInfra, onSelectedPods, onClassFinalizers } = this.#listeners
    this.#tellStatuses()
    if (this.#untold.size > 0) return false
    const infra = gatewayApi.infra.takeChanges()
    if (infra.size > 0 || !this.#hasTold) onInfra?.(infra)
    this.#hasTold = true
    const pods = gatewayApi.selectedPods.takeChanges()
    if (pods.size > 0) onSelectedPods?.(pods)
    const finalizers = gatewayApi.classFinalizers.takeChanges()
    if (finalizers.size > 0) onClassFinalizers?.(finalizers)
    return true
  }

  #tellStatuses(): void {
    const { gatewayApi, patchStatuses } = this.#translation
    for (const source of [gatewayApi.statuses, patchStatuses]) {
      for (const [key, status] of source.takeChanges()) this.#untold.set(key, status)
    }
    const statuses = new Map(this.#untold.entries().take(STATUSES_AT_ONCE))
    for (const key of statuses.keys()) this.#untold.delete(key)
    if (statuses.size > 0 || !this.#hasTold) this.#listeners.onStatuses?.(statuses)
  }
}
