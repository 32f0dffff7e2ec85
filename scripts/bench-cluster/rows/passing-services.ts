/** Services that are made for one flip each and go again: there are never more than a few hundred. */
import { apply, ENDPOINT_SLICES, forEachAtOnce, pause, podsOf, remove, SERVICES } from '../cluster.js'
import { type BackendRef, NAMESPACE, ownService, passing, sliceName } from '../manifests.js'
import type { Stage } from '../stage.js'

/** So many are made together, so that nothing is written between two flips but the flips. */
const BATCH = 125

/** How long everybody has to learn of them before the first flip: what is measured is the flip. */
const HEAD_START_MS = 1_000

/** Writes that are on their way at the same time. */
const WRITERS = 20

/** The Services of the flips 0 to `count`, which come in their order. */
export class PassingServices {
  readonly #stage: Stage
  readonly #count: number
  readonly #headStartMs: number
  #removed = 0

  constructor(stage: Stage, count: number, headStartMs: number = HEAD_START_MS) {
    this.#stage = stage
    this.#count = count
    this.#headStartMs = headStartMs
  }

  /** The Service of a flip; a batch is made when its first is asked for. The one before stays: the route still names one of its Services. */
  async of(flip: number): Promise<BackendRef> {
    if (flip % BATCH === 0) {
      await this.removeUpTo(flip - BATCH)
      await this.#make(flip, Math.min(flip + BATCH, this.#count))
      await pause(this.#headStartMs)
    }
    return passing(flip)
  }

  /** Removes the Services of all flips before that one. */
  async removeUpTo(flip: number): Promise<void> {
    if (flip <= this.#removed) return
    const { client, signal } = this.#stage
    await forEachAtOnce(passingFrom(this.#removed, flip), WRITERS, async (service) => {
      await remove(client, SERVICES, service.name, signal)
      await remove(client, ENDPOINT_SLICES, sliceName(service), signal)
    })
    this.#removed = flip
  }

  async #make(from: number, to: number): Promise<void> {
    const { client, signal } = this.#stage
    const addresses = (await podsOf(client, { namespace: NAMESPACE, labels: 'app=backend' }, signal)).map(({ address }) => address)
    await forEachAtOnce(passingFrom(from, to), WRITERS, async (service) => {
      for (const manifest of ownService(service, addresses)) await apply(client, manifest, signal)
    })
  }
}

const passingFrom = (from: number, to: number): readonly BackendRef[] => Array.from({ length: to - from }, (_, i) => passing(from + i))
