import { deepEqual } from '../util/deep-equal.js'
import { Slot, Source } from './source.js'

/** Values that are set from outside. */
export class Input<V> extends Source<V> {
  readonly #equal: (a: V, b: V) => boolean

  constructor(name: string, order: number, equal: (a: V, b: V) => boolean = deepEqual) {
    super(name, order)
    this.#equal = equal
  }

  /** Sets or, with undefined, removes a key. Returns false, and changes nothing, if the value equals the present one. */
  set(key: string, value: V | undefined): boolean {
    const slot = this.knownSlot(key)
    const before = slot?.value
    if (before === value || (before !== undefined && value !== undefined && this.#equal(before, value))) return false
    this.store(slot ?? this.slot(key), value)
    return true
  }

  protected newSlot(key: string): Slot<V> {
    return new Slot(key, this)
  }
}
