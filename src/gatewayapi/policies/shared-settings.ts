/**
 * What holds where several listeners share a place: a port, or the chain of all plain HTTP listeners of a port. docs/concepts/policies.md says
 * the rules in words.
 *
 * The object that goes first decides: the Gateway, where it has a listener there, then the oldest ListenerSet. What its listeners agree on
 * counts; where they do not, what policies about the Gateway as a whole say.
 */
import { compareText } from '../../util/compare-text.js'
import { deepEqual } from '../../util/deep-equal.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { type Leaf, leavesOf, settingsOf } from './merge.js'
import type { Effective, Loss } from './policy.js'

/** What policies say about one listener of a place. */
export interface Wish<S extends object> {
  readonly listener: string
  /** Place of the declaring object in the order of precedence; equal for listeners of one object. */
  readonly rank: string
  readonly parent: ObjectVersion
  readonly gateway: ObjectVersion
  /** What policies about its Gateway as a whole say. */
  readonly whole: Effective<S> | undefined
  /** Undefined where nobody says anything. */
  readonly effective: Effective<S> | undefined
}

/** A field of a policy that does not count for a listener, because the listener shares a place with others. */
export interface ListenerLoss extends Loss {
  readonly listener: string
  readonly gateway: ObjectVersion
}

/** What came of it. */
export interface Shared<S extends object> {
  readonly settings: S
  /** The policies that say something that counts. */
  readonly origins: readonly ObjectVersion[]
  /** Fields of policies about a listener that do not count there. */
  readonly losses: readonly ListenerLoss[]
  /** A listener of the object that decided. */
  readonly decider: Wish<S>
}

/**
 * Decides what holds.
 *
 * @param wishes of listeners that share the place, at least one
 * @param isAbout the fields that the place has once
 */
export function shareSettings<S extends object>(
  wishes: readonly [Wish<S>, ...Wish<S>[]],
  atoms: ReadonlySet<string>,
  isAbout: (path: string) => boolean,
): Shared<S> {
  const [decider] = wishes.toSorted((a, b) => compareText(a.rank, b.rank)) as [Wish<S>]
  const deciding = wishes.filter(({ rank }) => rank === decider.rank)
  const said = new Map(wishes.map((wish) => [wish, fieldsOf(wish.effective, atoms, isAbout)]))
  const ofGateway = fieldsOf(deciding.find(({ whole }) => whole !== undefined)?.whole, atoms, isAbout)
  const paths = [...new Set([...said.values()].flatMap((fields) => [...fields.keys()]))].sort()
  const leaves: Leaf[] = []
  const origins = new Set<ObjectVersion>()
  const losses: ListenerLoss[] = []
  for (const path of paths) {
    const [first, ...others] = deciding.map((wish) => said.get(wish)?.get(path))
    const isAgreed = others.every((field) => deepEqual(field?.value, first?.value))
    const chosen = isAgreed ? first : ofGateway.get(path)
    if (chosen !== undefined) {
      leaves.push({ path, value: chosen.value })
      origins.add(chosen.policy)
    }
    for (const wish of wishes) {
      const field = said.get(wish)?.get(path)
      if (field === undefined || deepEqual(field.value, chosen?.value)) continue
      const winner = chosen?.policy ?? (wish.rank === decider.rank ? wish.parent : decider.parent)
      losses.push({ loser: field.policy, field: path, winner, how: 'Unsupported', listener: wish.listener, gateway: wish.gateway })
    }
  }
  return { settings: settingsOf<S>(leaves), origins: [...origins], losses, decider }
}

type Fields = ReadonlyMap<string, { readonly value: unknown; readonly policy: ObjectVersion }>

function fieldsOf<S extends object>(
  effective: Effective<S> | undefined,
  atoms: ReadonlySet<string>,
  isAbout: (path: string) => boolean,
): Fields {
  if (effective === undefined) return new Map()
  return new Map(
    leavesOf(effective.settings, atoms).flatMap(({ path, value }) => {
      const policy = effective.origins[path]
      return policy === undefined || !isAbout(path) ? [] : [[path, { value, policy }] as const]
    }),
  )
}
