/** Values by key: what inputs and collections have in common. */
import { onePiece } from '../util/one-piece.js'
import { Cell } from './cell.js'

/** Told about every change of a source, in the order in which they happen. */
export interface SourceListener<V> {
  valueChanged(key: string, before: V | undefined, after: V | undefined): void
}

/** One key of a source: what it has, and who read it. One thing for both, since there is one for each object at each of many steps. */
export class Slot<V, O extends SlotOwner = SlotOwner> extends Cell {
  readonly key: string
  value: V | undefined
  protected readonly owner: O

  constructor(key: string, owner: O) {
    super()
    this.key = key
    this.owner = owner
  }

  /** True if nothing would be lost with it. */
  get isEmpty(): boolean {
    return this.value === undefined && !this.isRead
  }

  protected readChanged(): void {
    this.owner.readChanged(this)
  }
}

/** A slot, as far as it matters for whether it is kept. */
interface KeptSlot {
  readonly key: string
  readonly isEmpty: boolean
}

/** What a slot tells. */
export interface SlotOwner {
  readChanged(slot: KeptSlot): void
}

/** Values by key that fragments read. Undefined means that there is no such key. */
export abstract class Source<V, S extends Slot<V> = Slot<V>> implements SlotOwner {
  readonly name: string
  /** Position in the order of declaration; a fragment reads only what stands before it. */
  readonly order: number
  readonly #slots = new Map<string, S>()
  readonly #listeners: SourceListener<V>[] = []
  #size = 0
  #readVersion = 0

  constructor(name: string, order: number) {
    this.name = name
    this.order = order
  }

  /** The value of a key, for code outside the graph; fragments read through their view. */
  get(key: string): V | undefined {
    return this.#slots.get(key)?.value
  }

  /** All keys and values, in no particular order. */
  *entries(): Generator<[string, V], undefined> {
    for (const { key, value } of this.#slots.values()) if (value !== undefined) yield [key, value]
  }

  /** How many keys there are. */
  get size(): number {
    return this.#size
  }

  /** The keys that fragments read, whether or not they exist: what somebody must provide. */
  get readKeys(): Iterable<string> {
    return this.#slots
      .values()
      .filter(({ isRead }) => isRead)
      .map(({ key }) => key)
  }

  /** True if some fragment reads the key, whether or not it exists. */
  isRead(key: string): boolean {
    return this.#slots.get(key)?.isRead === true
  }

  /** Differs from the last time whenever `readKeys` may differ. */
  get readVersion(): number {
    return this.#readVersion
  }

  /** The slot of a key, for reading it. */
  slot(key: string): S {
    return this.#slots.get(key) ?? this.#add(onePiece(key))
  }

  /** Adds somebody who must follow this source; called while the graph is being declared. */
  follow(listener: SourceListener<V>): void {
    this.#listeners.push(listener)
    for (const [key, value] of this.entries()) listener.valueChanged(key, undefined, value)
  }

  /** Called by a slot that is read from now on, or no more. */
  readChanged(slot: KeptSlot): void {
    this.#readVersion++
    this.tidy(slot)
  }

  /** All keys that are kept: with a value, or read in case that they get one. */
  protected slots(): Iterable<S> {
    return this.#slots.values()
  }

  protected abstract newSlot(key: string): S

  /** The slot of a key that another source keeps, too: both keep the same text. */
  protected slotOf(key: string): S {
    return this.#slots.get(key) ?? this.#add(key)
  }

  /** The slot of a key, if there is one. */
  protected knownSlot(key: string): S | undefined {
    return this.#slots.get(key)
  }

  /** Stores a value that differs from the last one and tells everybody concerned. */
  protected store(slot: S, after: V | undefined): void {
    const before = slot.value
    slot.value = after
    this.#size += Number(before === undefined) - Number(after === undefined)
    slot.changed()
    for (const listener of this.#listeners) listener.valueChanged(slot.key, before, after)
    this.tidy(slot)
  }

  #add(key: string): S {
    const slot = this.newSlot(key)
    this.#slots.set(key, slot)
    return slot
  }

  /** Drops a slot that nobody needs. */
  protected tidy(slot: KeptSlot): void {
    if (slot.isEmpty && this.#slots.get(slot.key) === slot) this.#slots.delete(slot.key)
  }
}
