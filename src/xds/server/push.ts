/** Chooses what the next response of one type holds. */
import type { EncodedResource } from '../resource.js'
import type { Bounds } from './bounds.js'
import { WAITS_FOR_CLUSTERS } from './push-order.js'
import type { Catalog, Subscription } from './subscription.js'

/** What a response holds; both lists may be empty when the client waits for an answer. */
export interface Push {
  readonly upserts: readonly EncodedResource[]
  readonly removals: readonly string[]
}

/** What the choice depends on besides the subscription. */
export interface PushContext {
  readonly catalog: Catalog
  isRejected(resource: EncodedResource): boolean
  /** Is told of a resource that is not sent because it was rejected, and of which the client has no older version. */
  parked(resource: EncodedResource): void
  /** True while something that the resource needs is not there. */
  mustWait(resource: EncodedResource): boolean
  /** True while something that the client runs needs this name. */
  isInUse(name: string): boolean
  /** False where the protocol has no words for a removal: state of the world, types that clients drop with what refers to them. */
  readonly saysRemovals: boolean
  /** True while not all is known that there is: nothing is said about what is not there, not even that it is not. */
  readonly onlyAdds: boolean
  /** True for a first full state: what is missing in it is deleted, so it waits until everything can be sent. */
  readonly needsAll: boolean
  /** So long a rejected version keeps its revision from counting as acknowledged. */
  readonly parkUntil: number
  readonly bounds: Bounds
}

/**
 * The next response of the type, or undefined when nothing can be sent now. While a response is unanswered only what the client asked
 * for is sent, so that changes gather; during a search for a culprit, one part of the suspects at a time.
 */
export function collect(subscription: Subscription, context: PushContext): Push | undefined {
  for (;;) {
    const isSearching = subscription.probes.length > 0 && !subscription.isInFlight
    const push = pick(subscription, candidates(subscription), context)
    if (push !== undefined) return push
    // A part of the suspects may have dissolved: they were replaced or rejected elsewhere meanwhile.
    if (!isSearching) break
  }
  return subscription.owesAnswer && subscription.pending.size === 0 && !context.onlyAdds ? { upserts: [], removals: [] } : undefined
}

function pick(subscription: Subscription, names: Iterable<string>, context: PushContext): Push | undefined {
  const upserts: EncodedResource[] = []
  const removals: string[] = []
  let bytes = 0
  for (const name of names) {
    const choice = choose(subscription, name, context)
    if (choice === undefined) {
      if (context.needsAll && subscription.pending.has(name)) return undefined
      continue
    }
    if (choice === 'removal') {
      removals.push(name)
    } else {
      bytes += choice.value.length
      if (upserts.length > 0 && bytes > context.bounds.maxBytes) break
      upserts.push(choice)
    }
    if (upserts.length + removals.length >= context.bounds.maxResources) break
  }
  return upserts.length > 0 || removals.length > 0 ? { upserts, removals } : undefined
}

function candidates(subscription: Subscription): Iterable<string> {
  const { pending, leaving, requested, probes } = subscription
  if (subscription.isInFlight) return [...requested].filter((name) => !probes.some((part) => part.includes(name)))
  for (let part = probes[0]; part !== undefined; part = probes[0]) {
    probes.shift()
    const names = part.filter((name) => pending.has(name))
    if (names.length > 0) return names
  }
  return both(pending, leaving)
}

/** Live, not copied: a large set is looked at again for every part of it that is sent. Names may leave the sets meanwhile. */
function* both(pending: Iterable<string>, leaving: Iterable<string>): Iterable<string> {
  yield* pending
  yield* leaving
}

function choose(subscription: Subscription, name: string, context: PushContext): EncodedResource | 'removal' | undefined {
  const { catalog } = context
  const current = catalog.get(name)
  const held = subscription.held(name, catalog)
  const isAsked = subscription.requested.has(name)
  if (current === undefined) {
    if (context.onlyAdds) return undefined
    if (!context.saysRemovals || (held === undefined && !isAsked)) subscription.resolve(name)
    else if (isAsked || !context.isInUse(name)) return 'removal'
    else subscription.keep(name)
    return undefined
  }
  if (context.isRejected(current) && held?.version !== current.version) {
    if (isAsked && held?.value !== undefined) return held
    if (isAsked && context.saysRemovals) return 'removal'
    subscription.park(name, context.parkUntil)
    if (held === undefined) context.parked(current)
    return undefined
  }
  if (!isAsked && held?.version === current.version) {
    subscription.resolve(name)
    return undefined
  }
  return WAITS_FOR_CLUSTERS.has(current.typeUrl) && context.mustWait(current) ? undefined : current
}
