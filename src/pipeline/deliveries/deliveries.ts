/**
 * What proxies acknowledge and reject, turned into facts about objects: delivered, pending, rejected, and which are held back.
 */

import type { Delivery, Quarantine } from '../../gatewayapi/inputs.js'
import type { Input } from '../../incremental/index.js'
import type { KubeObject } from '../../provider/provider.js'
import { deepEqual } from '../../util/deep-equal.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { once } from '../../util/once.js'
import type { RejectedVersion } from '../../xds/rejected-versions.js'
import { CulpritSearch } from './culprit-search.js'
import type { ObjectStates } from './group-states.js'
import { LastGood } from './last-good.js'
import { DeliveryLedger, type GroupProgress } from './ledger.js'
import { OtherReplicas } from './other-replicas.js'
import { QuarantineBook } from './quarantine-book.js'
import { StandingRejections } from './standing-rejections.js'
import { TAKEN_ONE_BY_ONE } from './taken-elsewhere.js'
import { UnheldRejections } from './unheld-rejections.js'
import { DeliveryWatch, deliveryKey, type WatchedCollections } from './watch.js'

/** The facts that are kept up to date. */
export interface DeliveryInputs {
  readonly deliveries: Input<Delivery>
  readonly quarantines: Input<Quarantine>
}

/** What is known of the present resources. */
export interface PresentResources {
  /** The revision of a group. */
  revisionOf(group: string): number
  /** True if some group of proxies is to have this version now. */
  isCurrent(version: RejectedVersion): boolean
  /** See `taken-elsewhere.ts`. */
  isTakenElsewhere(object: ObjectVersion, rejected: RejectedVersion): boolean
}

/** Follows every object that has configuration, by `<Kind>/<namespace>/<name>`. */
export class Deliveries {
  readonly #collections: WatchedCollections
  readonly #inputs: DeliveryInputs
  readonly #resources: PresentResources
  readonly #ledger = new DeliveryLedger()
  readonly #watch: DeliveryWatch
  readonly #quarantines: QuarantineBook
  readonly #lastGood = new LastGood()
  readonly #search: CulpritSearch
  /** Objects that were held back or let in: their delivery starts anew with the next revision. */
  readonly #held = new Set<string>()
  readonly #unheld = new UnheldRejections()
  readonly #standing = new StandingRejections()
  /** Generations that proxies which are being replaced refused, and that are acknowledged all the same when these are asked no more. */
  readonly #refusedBefore = new Map<string, number>()
  /** Objects of which proxies get something that closes them, with the reason. */
  readonly #withheld = new Map<string, string>()
  readonly #others = new OtherReplicas()
  readonly #listeners = new Set<(object: string) => void>()
  readonly #heldListeners = new Set<(object: string, message: string | undefined) => void>()

  constructor(collections: WatchedCollections, inputs: DeliveryInputs, resources: PresentResources) {
    this.#collections = collections
    this.#inputs = inputs
    this.#resources = resources
    this.#watch = new DeliveryWatch(this.#ledger, collections, (group) => resources.revisionOf(group))
    this.#quarantines = new QuarantineBook({
      acknowledgedGeneration: (object) => this.#provenGeneration(object),
      canHold: (object) => inputs.quarantines.isRead(object),
      lastGood: (object) => this.#lastGood.get(object),
      hold: (object, quarantine, by) => {
        inputs.quarantines.set(object, quarantine && { ...quarantine, message: this.#told(object, quarantine.message, by) })
        this.#held.add(object)
        for (const listener of this.#heldListeners) listener(object, quarantine?.message)
      },
    })
    this.#search = new CulpritSearch(this.#quarantines, this.#ledger, (group) => resources.revisionOf(group))
  }

  /** An object is about to change: what proxies run of it serves on if they refuse the new version. */
  beforeChange(name: string, before: KubeObject | undefined, after: KubeObject | undefined): void {
    const seen = this.#ledger.acknowledgedGeneration(name)
    const isSame = seen === undefined ? !this.#canBeHeld(name) || deepEqual(before, after) : hasSameGeneration(before, after)
    if (isSame) return
    this.#refusedBefore.delete(name)
    this.#lastGood.changed(name, before, after, seen)
    this.#quarantines.changed(name)
  }

  /** Calls the listener for everything that is held back, with Envoy's words, and once more without when it is let in. */
  onHeld(listener: (object: string, message: string | undefined) => void): void {
    this.#heldListeners.add(listener)
  }

  /**
   * Proxies get something that closes the object instead of what was made of it; undefined: they get it again.
   *
   * @returns true if the translation has something to do
   */
  withhold(object: string, message: string | undefined): boolean {
    if (message === undefined) this.#withheld.delete(object)
    else this.#withheld.set(object, message)
    return this.#settle(object)
  }

  /** Something other than an object that was held back has changed: it gets its chance. */
  changed(name: string): void {
    this.#quarantines.changed(name)
  }

  /**
   * Everything that is held back gets its chance.
   *
   * @returns true if something was
   */
  releaseHeld(): boolean {
    for (const [object, { generation }] of this.#quarantines.entries()) this.#refusedBefore.set(object, generation)
    return this.#quarantines.releaseAll()
  }

  /**
   * Proxies took versions that some had rejected.
   *
   * @returns true if a status may say something else now
   */
  taken(versions: readonly RejectedVersion[]): boolean {
    return this.#unheld.end(versions)
  }

  /**
   * What is held back for these words of proxies gets its chance.
   *
   * @returns true if something was
   */
  releaseFor(messages: ReadonlySet<string>): boolean {
    const released = [...this.#quarantines.entries()].filter(([, { message }]) => messages.has(message))
    for (const [object, { generation }] of released) {
      this.#refusedBefore.set(object, generation)
      this.#quarantines.changed(object)
    }
    return released.length > 0
  }

  /**
   * A group of proxies has come further.
   *
   * @returns true if the translation has something to do
   */
  progress(group: string, progress: GroupProgress): boolean {
    const waiting = this.#ledger.progress(group, progress)
    for (const object of waiting) this.#settle(object)
    this.#lastGood.progress((of, revision) => this.#ledger.isAcknowledged(of, revision))
    return (progress.connectedProxies > 0 && this.#search.goOn()) || waiting.length > 0
  }

  /**
   * A proxy rejected a resource.
   *
   * @param group of the proxy; undefined when it is not one of this replica, or it is not known
   * @returns true if the translation has something to do
   */
  rejected(rejected: RejectedVersion, group?: string): boolean {
    if (this.#isPast(rejected)) {
      // What is let in or held back now may make the same version again, which is not sent then: its publication tells.
      if (this.#held.size > 0) this.#standing.answered({ rejected, group })
      return false
    }
    const left = this.#withoutTaken(rejected)
    const held = this.#quarantines.rejected(left ?? rejected)
    if (held.length === 0) return this.#noteUnheld(rejected, group, left !== undefined)
    this.#standing.answered({ rejected, group })
    const from = group ?? rejected.by?.group
    this.#search.among(from === undefined ? this.#ledger.connectedGroups() : [from])
    // Who is let in is not cleared before all proxies that get it have answered: it would be blamed with the next one.
    for (const object of held) this.#search.among(this.#ledger.states(object)?.groups.keys() ?? [])
    return true
  }

  /** A proxy that is being replaced by one of another image rejected a resource: that holds nothing back, and proves nothing of those that come. */
  rejectedBefore({ origins, suspects }: RejectedVersion): void {
    for (const each of suspects.length > 0 ? suspects : origins) this.#refusedBefore.set(deliveryKey(each), each.generation)
  }

  /**
   * The resources of this round were published: notes which objects they came from, and gives way after each. What proxies say has to wait for its end:
   * they may answer for a revision of which it is not noted yet what is in it.
   *
   * @returns true if a status may say something else now
   */
  *published(): Generator<void, boolean> {
    const held = [...this.#held]
    this.#held.clear()
    const objects = new Set<string>()
    for (const object of this.#noteChanged(held)) {
      objects.add(object)
      yield
    }
    const goesOnHolding = this.#rejectedAsBefore()
    for (const object of this.#unheld.takePast((version) => this.#resources.isCurrent(version))) {
      this.#watch.again(object)
      objects.add(object)
    }
    // Whatever changes about where it is used, proxies do not get what is held back.
    for (const object of objects) this.#noteHeld(object)
    const revisions = once(() => new Map(this.#ledger.connectedGroups().map((group) => [group, this.#resources.revisionOf(group)])))
    this.#lastGood.published(revisions)
    this.#search.published()
    // Whoever was let in and changes nothing of what proxies have is no news to them: they will not answer.
    const goesOn = this.#ledger.connectedGroups().length > 0 && this.#search.goOn()
    let isNews = goesOn || goesOnHolding
    for (const object of objects) {
      isNews = this.#settle(object) || isNews
      yield
    }
    return isNews
  }

  /** Notes what has other configuration now, and what was held back or let in. One object at a time. */
  *#noteChanged(held: readonly string[]): Generator<string> {
    const { gateways, listeners, attachments, telemetry, policyUses } = this.#collections
    for (const key of gateways.takeChanges().keys()) yield this.#watch.gateway(key)
    for (const key of listeners.takeChanges().keys()) {
      const listenerSet = this.#watch.listener(key)
      if (listenerSet !== undefined) yield listenerSet
    }
    for (const key of attachments.takeChanges().keys()) yield this.#watch.route(key)
    yield* this.#watch.telemetry(telemetry.takeChanges().keys())
    for (const key of policyUses.takeChanges().keys()) yield this.#watch.policy(key)
    for (const object of held) {
      if (this.#quarantines.get(object) === undefined) this.#watch.again(object)
      yield object
    }
  }

  /** True while it is not known of every object that is held back whether it is to blame. */
  get isSearching(): boolean {
    return this.#search.isOn
  }

  /** Where the proxies of this replica are with every object that is followed, or with one of them. */
  *states(): Iterable<[string, ObjectStates]> {
    for (const object of this.#ledger.objects()) {
      const states = this.#ledger.states(object)
      if (states !== undefined) yield [object, states]
    }
  }

  /** Where the proxies of this replica are with an object; undefined for one that is not followed. */
  statesOf(object: string): ObjectStates | undefined {
    return this.#ledger.states(object)
  }

  /** Calls the listener for every object whose state on this replica may have changed, until the returned function is called. */
  onStates(listener: (object: string) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /**
   * Another replica says where its proxies are; undefined: the object is gone there.
   *
   * @param isComplete true if this is all that it has to say
   * @returns true if the translation has something to do
   */
  reported(replica: string, isComplete: boolean, objects: ReadonlyMap<string, ObjectStates | undefined>): boolean {
    this.#others.reported(replica, isComplete, objects)
    return [...objects.keys()].filter((object) => this.#settle(object)).length > 0
  }

  /**
   * Another replica does not report any more.
   *
   * @returns true if the translation has something to do
   */
  replicaGone(replica: string): boolean {
    return this.#others.gone(replica).filter((object) => this.#settle(object)).length > 0
  }

  /**
   * True for what was sent before something that it was made from was held back: one object stands in the tables of several listeners, and in
   * a scope as well, and proxies reject these one after the other. Who else is in them is not to blame.
   */
  #isPast(rejected: RejectedVersion): boolean {
    const isCurrent = once(() => this.#resources.isCurrent(rejected))
    return rejected.origins.some((origin) => {
      const object = deliveryKey(origin)
      return this.#quarantines.get(object)?.generation === origin.generation && (this.#held.has(object) || !isCurrent())
    })
  }

  /** Rejections after which what was held back changed nothing of the resource: others are to blame. True if the translation has something to do. */
  #rejectedAsBefore(): boolean {
    const standing = this.#standing.take((version) => this.#resources.isCurrent(version))
    return standing.filter(({ rejected, group }) => this.rejected(rejected, group)).length > 0
  }

  /** The highest generation that every proxy runs; undefined for an object whose delivery is not followed. */
  #provenGeneration(object: string): number | undefined {
    const acknowledged = this.#ledger.acknowledgedGeneration(object)
    return acknowledged !== undefined && this.#refusedBefore.get(object) === acknowledged ? acknowledged - 1 : acknowledged
  }

  /**
   * What is left of a rejection without the objects that proxies of others can do with; undefined where that is all of it. Routes and policies, whose
   * delivery is followed, stay: they stand in tables, of which a proxy takes the whole or nothing.
   */
  #withoutTaken(rejected: RejectedVersion): RejectedVersion | undefined {
    const { by, typeUrl, origins, suspects } = rejected
    if (by === undefined || !TAKEN_ONE_BY_ONE.has(typeUrl)) return undefined
    const isLeft = (object: ObjectVersion): boolean =>
      this.#ledger.acknowledgedGeneration(deliveryKey(object)) !== undefined || !this.#resources.isTakenElsewhere(object, rejected)
    const left = { ...rejected, origins: origins.filter(isLeft), suspects: suspects.filter(isLeft) }
    return left.origins.length + left.suspects.length < origins.length + suspects.length ? left : undefined
  }

  /**
   * @param group of the proxy, where it is known
   * @param isTaken true if others go on with what was rejected: then it is said of those that do not
   * @returns true if the translation has something to do
   */
  #noteUnheld(rejected: RejectedVersion, group: string | undefined, isTaken: boolean): boolean {
    if (!this.#resources.isCurrent(rejected)) return false
    this.#standing.unanswered({ rejected, group })
    // Objects that were held back in vain are let in. What is made with them is rejected as before, which its publication tells.
    const inVain = this.#quarantines.acquit(rejected)
    for (const each of inVain) this.#standing.answered({ rejected: each, group })
    if (inVain.length > 0) return true
    const { suspects, origins } = isTaken ? { suspects: [], origins: this.#gatewaysOf(rejected.by) } : this.#followedOf(rejected)
    const objects = this.#unheld.note(rejected, suspects, origins)
    for (const object of objects) this.#ledger.reject(object, rejected.message)
    return objects.filter((object) => this.#settle(object)).length > 0
  }

  /** The Gateways whose proxies these are. */
  #gatewaysOf(by: RejectedVersion['by']): readonly string[] {
    if (by === undefined) return []
    return [...this.#ledger.objects()].filter(
      (object) => object.startsWith('Gateway/') && this.#ledger.states(object)?.groups.has(by.group) === true,
    )
  }

  #followedOf({ suspects, origins }: RejectedVersion) {
    return { suspects: this.#followed(suspects), origins: this.#followed(origins) }
  }

  /** Objects whose delivery is followed, and that are not held back. */
  #followed(objects: RejectedVersion['origins']): readonly string[] {
    return objects
      .map(deliveryKey)
      .filter((object) => this.#ledger.acknowledgedGeneration(object) !== undefined && this.#quarantines.get(object) === undefined)
  }

  /** Of objects whose delivery is not followed, those count that can be held back. */
  #canBeHeld(name: string): boolean {
    return this.#inputs.quarantines.isRead(name)
  }

  #noteHeld(object: string): void {
    if (this.#quarantines.get(object) === undefined) return
    this.#ledger.reject(object, this.#inputs.quarantines.get(object)?.message ?? '')
  }

  /** Envoy's words, and whose they are where the object is held back from others for them. */
  #told(object: string, words: string, by: string | undefined): string {
    const groups = this.#ledger.states(object)?.groups
    if (by === undefined || groups === undefined || groups.size < 2) return words
    const others = groups.size === 2 ? 'another Gateway' : `${groups.size - 1} others`
    return `${words} (said by proxies of "${by}"; those of ${others} do not get it either)`
  }

  /** Passes on how far an object has come; returns true if that is news. */
  #settle(object: string): boolean {
    const delivery = this.#ledger.delivery(object, this.#others.statesOf(object))
    for (const listener of this.#listeners) listener(object)
    if (delivery?.state !== 'delivered') return this.#inputs.deliveries.set(object, delivery)
    this.#lastGood.delivered(object)
    const message = this.#withheld.get(object)
    return this.#inputs.deliveries.set(object, message === undefined ? delivery : { ...delivery, state: 'withheld', message })
  }
}

function hasSameGeneration(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
  return before === undefined || before.metadata.generation === after?.metadata.generation
}
