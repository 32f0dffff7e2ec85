/**
 * Puts policies together, field by field. docs/concepts/policies.md says the rules in words.
 *
 * Overrides count before everything else, and among them those of the widest level. Then the settings of the narrowest level count.
 * Within a level the older policy does. A policy that replaces hides the settings of all wider levels, not their overrides.
 */
import { compareText } from '../../util/compare-text.js'
import { deepEqual } from '../../util/deep-equal.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { byAge } from '../precedence.js'
import type { Effective, Layer, Loss } from './policy.js'

/** A field that is taken or left as a whole. */
export interface Leaf {
  /** Names from the outside in, with dots between them. */
  readonly path: string
  readonly value: unknown
}

interface Candidate extends Leaf {
  readonly policy: ObjectVersion
  readonly level: number
  readonly isOverride: boolean
  /** The policy that hides it, whatever it says. */
  readonly hiddenBy: ObjectVersion | undefined
}

/**
 * The fields of settings.
 *
 * @param atoms paths of objects that make sense only as a whole, such as a choice and what belongs to it
 */
export function leavesOf(settings: object, atoms: ReadonlySet<string>, prefix = ''): readonly Leaf[] {
  return Object.entries(settings).flatMap(([name, value]: [string, unknown]): readonly Leaf[] => {
    const path = `${prefix}${name}`
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value) && !atoms.has(path)
    return isGroup ? leavesOf(value, atoms, `${path}.`) : [{ path, value }]
  })
}

/** What policies say together; undefined when none says anything. */
export function mergePolicies<S extends object>(layers: readonly Layer<S>[], atoms: ReadonlySet<string>): Effective<S> | undefined {
  const usable = layers.filter(({ policy }) => policy.problem === undefined)
  const winners = new Map<string, Candidate>()
  const losses: Loss[] = []
  for (const candidate of candidates(usable, atoms)) {
    const winner = winners.get(candidate.path)
    const { hiddenBy } = candidate
    if (hiddenBy !== undefined) losses.push(loss(candidate, hiddenBy, 'Overridden'))
    else if (winner === undefined) winners.set(candidate.path, candidate)
    else if (!deepEqual(winner.value, candidate.value)) {
      const isSamePlace = winner.level === candidate.level && winner.isOverride === candidate.isOverride
      losses.push(loss(candidate, winner.policy, isSamePlace ? 'Conflicted' : 'Overridden'))
    }
  }
  if (winners.size === 0 && losses.length === 0) return undefined
  const kept = [...winners.values()].sort((a, b) => compareText(a.path, b.path))
  return {
    settings: settingsOf<S>(kept),
    overrides: settingsOf<S>(kept.filter(({ isOverride }) => isOverride)),
    origins: Object.fromEntries(kept.map(({ path, policy }) => [path, policy])),
    layers: layersOf(usable, (policy) => kept.some((each) => each.policy === policy)),
    losses: losses.filter(isNoSelfConflict),
  }
}

/** The policies that say some field of those that are asked for, as `Effective.layers` has them. */
export function layersSaying<S extends object>(
  { layers, origins }: Effective<S>,
  isAskedFor: (path: string) => boolean,
): Effective<S>['layers'] {
  const sayers = new Set(Object.entries(origins).flatMap(([path, policy]) => (isAskedFor(path) ? [nameOf(policy)] : [])))
  return layers.map((layer) => layer.filter((policy) => sayers.has(nameOf(policy)))).filter((layer) => layer.length > 0)
}

/** Every field of every policy, those that count more first. */
function candidates<S extends object>(layers: readonly Layer<S>[], atoms: ReadonlySet<string>): readonly Candidate[] {
  const inward = [...layers].sort((a, b) => a.level - b.level || byAge(a.policy, b.policy))
  const outward = [...layers].sort((a, b) => b.level - a.level || byAge(a.policy, b.policy))
  const replacing = outward.find(({ policy }) => policy.replaces)
  const fields = (layer: Layer<S>, settings: S | undefined, isOverride: boolean): readonly Candidate[] => {
    const isHidden = !isOverride && replacing !== undefined && layer.level < replacing.level
    const { object: policy } = layer.policy
    const hiddenBy = isHidden ? replacing.policy.object : undefined
    return leavesOf(settings ?? {}, atoms).map((leaf) => ({ ...leaf, policy, level: layer.level, isOverride, hiddenBy }))
  }
  return [
    ...inward.flatMap((layer) => fields(layer, layer.policy.overrides, true)),
    ...outward.flatMap((layer) => fields(layer, layer.policy.settings, false)),
  ]
}

function layersOf<S extends object>(
  layers: readonly Layer<S>[],
  counts: (policy: ObjectVersion) => boolean,
): readonly (readonly ObjectVersion[])[] {
  const levels = [...new Set(layers.map(({ level }) => level))].sort((a, b) => a - b)
  return levels
    .map((level) => {
      const policies = layers.filter((layer) => layer.level === level && counts(layer.policy.object)).map(({ policy }) => policy)
      return policies.sort(byAge).map(({ object }) => object)
    })
    .filter((level) => level.length > 0)
}

/** Settings with these fields: the reverse of `leavesOf`. */
export function settingsOf<S extends object>(leaves: readonly Leaf[]): S {
  const root: Record<string, unknown> = {}
  for (const { path, value } of leaves) {
    const names = path.split('.')
    const last = names.pop() ?? path
    let place = root
    for (const name of names) {
      const inner = (place[name] ?? {}) as Record<string, unknown>
      place[name] = inner
      place = inner
    }
    place[last] = value
  }
  // Every leaf comes from settings of this shape, and stands where it stood there.
  return root as S
}

function loss({ policy, path }: Candidate, winner: ObjectVersion, how: Loss['how']): Loss {
  return { loser: policy, field: path, winner, how }
}

/** A policy that overrides a setting of its own has not lost anything to anybody. */
function isNoSelfConflict({ loser, winner }: Loss): boolean {
  return nameOf(loser) !== nameOf(winner)
}

function nameOf({ namespace, name }: ObjectVersion): string {
  return `${namespace}/${name}`
}
