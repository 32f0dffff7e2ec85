/**
 * How requests are recognised by limits that count each value for itself, though clients choose values that had better not be kept. Odd ones
 * are counted together, under a value of ours, and each question is asked once for requests whose values are all ordinary and once for each
 * way in which one may be odd.
 */
import type { envoy } from '../../../gen/envoy/types.js'
import type { RateLimitPart, RateLimitRule } from '../../../ir/request-traffic.js'
import type { FreePart, Oddity } from './odd-values.js'
import { partActions, partEntries, partKey, ruleAction, ruleEntry } from './rate-limit-actions.js'
import { valueMatch } from './value-match.js'

type Action = envoy.config.route.v3.RateLimit.Action
type Entry = envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry

/** What stands for values of requests with one that is odd. */
const ODD = 'other'

/** What an ordinary value is of, where all are. */
const ORDINARY = 'text'

/** What makes the descriptors: of these, a request has one at most. */
export function rateLimitQuestions(rule: RateLimitRule, at: number, oddities: readonly Oddity[]): readonly (readonly Action[])[] {
  const { parts } = rule
  const free = parts.flatMap((part, index) => (isFree(part) ? [index] : []))
  const question = (actionsOf: (part: FreePart, index: number) => readonly Action[]): readonly Action[] => [
    ruleAction(at),
    ...parts.flatMap((part, index) => (isFree(part) ? actionsOf(part, index) : partActions(part, index))),
  ]
  const ordinary = (part: FreePart, index: number, of: readonly Oddity[], value: string): readonly Action[] =>
    of.map((oddity) => oddity.isNot(part, oddityKey(index, oddity), value))
  const isThere = (part: FreePart, index: number, of: readonly Oddity[]): readonly Action[] =>
    of.map((oddity, nth) => (nth === 0 ? presence(part, oddityKey(index, oddity)) : constant(oddityKey(index, oddity))))
  /** Of this part the first oddity is this one: what comes before it is ordinary, what comes behind it may be anything. */
  const odd = (oddOne: number, oddity: Oddity): readonly Action[] =>
    question((part, index) => {
      if (index < oddOne) return [...ordinary(part, index, oddities, ODD), constant(partKey(index))]
      if (index > oddOne) return [...isThere(part, index, oddities), constant(partKey(index))]
      const nth = oddities.indexOf(oddity)
      const rest = isThere(part, index, oddities.slice(nth))
      return [...ordinary(part, index, oddities.slice(0, nth), ODD), ...rest, oddity.is(part, partKey(index), ODD)]
    })
  return [
    question((part, index) => [...ordinary(part, index, oddities, ORDINARY), ...partActions(part, index)]),
    ...free.flatMap((oddOne) => oddities.map((oddity) => odd(oddOne, oddity))),
  ]
}

/** The descriptor as limits are set for it; an empty value counts each value for itself. */
export function rateLimitQuestionEntries(rule: RateLimitRule, at: number, oddities: readonly Oddity[]): readonly Entry[] {
  return [
    ruleEntry(at),
    ...rule.parts.flatMap((part, index) => [
      ...(isFree(part) ? oddities.map((oddity) => ({ key: oddityKey(index, oddity), value: '' })) : []),
      ...partEntries(part, index),
    ]),
  ]
}

/** Parts whose values clients choose. */
function isFree(part: RateLimitPart): part is FreePart {
  return (part.kind === 'header' || part.kind === 'queryParameter') && part.match.kind === 'distinct'
}

/** Says whether a value is odd, so that no ordinary one can pass for what stands for odd ones. */
function oddityKey(index: number, { name }: Oddity): string {
  return `${partKey(index)}.${name}`
}

function presence(part: FreePart, descriptorKey: string): Action {
  return valueMatch(part, { presentMatch: true }, true, { descriptorKey, descriptorValue: ODD })
}

function constant(descriptorKey: string): Action {
  return { genericKey: { descriptorKey, descriptorValue: ODD } }
}
