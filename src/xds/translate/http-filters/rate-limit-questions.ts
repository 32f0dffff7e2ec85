/**
 * How requests are recognised by limits that count each value for itself, though clients choose values that had better not be kept. Odd ones
 * are counted together, under a value of ours, and each question is asked once for requests whose values are all ordinary and once for each
 * value that may be odd.
 */
import type { envoy } from '../../../gen/envoy/types.js'
import type { RateLimitPart, RateLimitRule } from '../../../ir/request-traffic.js'
import { bool } from '../../message.js'
import type { FreePart, OddValues } from './odd-values.js'
import { partActions, partEntries, partKey, ruleAction, ruleEntry } from './rate-limit-actions.js'

type Action = envoy.config.route.v3.RateLimit.Action
type Entry = envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry

/** What stands for values of requests with one that is odd. */
const ODD = 'other'

/** What an ordinary value is of, where all are. */
const ORDINARY = 'text'

/** What makes the descriptors: of these, a request has one at most. */
export function rateLimitQuestions(rule: RateLimitRule, at: number, { ordinary, odd }: OddValues): readonly (readonly Action[])[] {
  const { parts } = rule
  const free = parts.flatMap((part, index) => (isFree(part) ? [index] : []))
  const question = (actionsOf: (part: FreePart, index: number) => readonly Action[]): readonly Action[] => [
    ruleAction(at),
    ...parts.flatMap((part, index) => (isFree(part) ? actionsOf(part, index) : partActions(part, index))),
  ]
  return [
    question((part, index) => [ordinary(part, kindKey(index), ORDINARY), ...partActions(part, index)]),
    ...free.map((oddOne) =>
      question((part, index) => {
        if (index === oddOne) return [isThere(part, index), odd(part, partKey(index), ODD)]
        return [index < oddOne ? ordinary(part, kindKey(index), ODD) : isThere(part, index), constant(index)]
      }),
    ),
  ]
}

/** The descriptor as limits are set for it; an empty value counts each value for itself. */
export function rateLimitQuestionEntries(rule: RateLimitRule, at: number): readonly Entry[] {
  return [
    ruleEntry(at),
    ...rule.parts.flatMap((part, index) => [...(isFree(part) ? [{ key: kindKey(index), value: '' }] : []), ...partEntries(part, index)]),
  ]
}

/** Parts whose values clients choose. */
function isFree(part: RateLimitPart): part is FreePart {
  return (part.kind === 'header' || part.kind === 'queryParameter') && part.match.kind === 'distinct'
}

/** Says which of the two a value is, so that no ordinary one can pass for what stands for odd ones. */
function kindKey(index: number): string {
  return `${partKey(index)}.kind`
}

function isThere({ kind, name }: FreePart, index: number): Action {
  const named = { descriptorKey: kindKey(index), descriptorValue: ODD, expectMatch: bool(true) }
  const matcher = { name, presentMatch: true }
  return kind === 'header'
    ? { headerValueMatch: { ...named, headers: [matcher] } }
    : { queryParameterValueMatch: { ...named, queryParameters: [matcher] } }
}

function constant(index: number): Action {
  return { genericKey: { descriptorKey: partKey(index), descriptorValue: ODD } }
}
