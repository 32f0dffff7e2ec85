/**
 * How requests are recognised where the rate limit service counts.
 *
 * It reads no question with a value that is no UTF-8: Envoy takes the answer for one that did not come, and what all limits of the policy
 * say would count for nothing. So such values are counted together, under a value of ours, and each question is asked once for requests
 * whose values are all texts and once for each value that may be none.
 */
import type { envoy } from '../../../gen/envoy/types.js'
import type { RateLimitPart, RateLimitRule } from '../../../ir/request-traffic.js'
import { bool } from '../../message.js'
import { partActions, partEntries, partKey, ruleAction, ruleEntry } from './rate-limit-actions.js'

type Action = envoy.config.route.v3.RateLimit.Action
type Entry = envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry
type Free = Extract<RateLimitPart, { readonly kind: 'header' | 'queryParameter' }>

/** All of it is UTF-8, byte by byte, as Envoy looks at values. Source: Unicode, table 3-7, well-formed UTF-8. */
const TEXT = `(?:${[
  '[\\x00-\\x7f]',
  '[\\xc2-\\xdf][\\x80-\\xbf]',
  '\\xe0[\\xa0-\\xbf][\\x80-\\xbf]',
  '[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}',
  '\\xed[\\x80-\\x9f][\\x80-\\xbf]',
  '\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}',
  '[\\xf1-\\xf3][\\x80-\\xbf]{3}',
  '\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}',
].join('|')})*`

/** What stands for values of requests with one that is no text. */
const NO_TEXT = 'other'

/** What makes the descriptors: of these, a request has one at most. */
export function rateLimitQuestions(rule: RateLimitRule, at: number): readonly (readonly Action[])[] {
  const { parts } = rule
  const free = parts.flatMap((part, index) => (isFree(part) ? [index] : []))
  const question = (actionsOf: (part: Free, index: number) => readonly Action[]): readonly Action[] => [
    ruleAction(at),
    ...parts.flatMap((part, index) => (isFree(part) ? actionsOf(part, index) : partActions(part, index))),
  ]
  return [
    question((part, index) => [isText(part, index, 'text'), ...partActions(part, index)]),
    ...free.map((odd) =>
      question((part, index) => {
        if (index === odd) return isNoText(part, index)
        return [index < odd ? isText(part, index, NO_TEXT) : isThere(part, index), constant(index)]
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
function isFree(part: RateLimitPart): part is Free {
  return (part.kind === 'header' || part.kind === 'queryParameter') && part.match.kind === 'distinct'
}

/** Says which of the two a value is, so that no text can pass for what stands for those that are none. */
function kindKey(index: number): string {
  return `${partKey(index)}.kind`
}

function isText({ kind, name }: Free, index: number, descriptorValue: string): Action {
  const named = { descriptorKey: kindKey(index), descriptorValue, expectMatch: bool(true) }
  const matcher = { name, stringMatch: { safeRegex: { regex: TEXT } } }
  return kind === 'header'
    ? { headerValueMatch: { ...named, headers: [matcher] } }
    : { queryParameterValueMatch: { ...named, queryParameters: [matcher] } }
}

function isThere({ kind, name }: Free, index: number): Action {
  const named = { descriptorKey: kindKey(index), descriptorValue: NO_TEXT, expectMatch: bool(true) }
  const matcher = { name, presentMatch: true }
  return kind === 'header'
    ? { headerValueMatch: { ...named, headers: [matcher] } }
    : { queryParameterValueMatch: { ...named, queryParameters: [matcher] } }
}

function isNoText(part: Free, index: number): readonly Action[] {
  const named = { descriptorKey: partKey(index), descriptorValue: NO_TEXT, expectMatch: bool(false) }
  const matcher = { name: part.name, stringMatch: { safeRegex: { regex: TEXT } } }
  return [
    isThere(part, index),
    part.kind === 'header'
      ? { headerValueMatch: { ...named, headers: [matcher] } }
      : { queryParameterValueMatch: { ...named, queryParameters: [matcher] } },
  ]
}

function constant(index: number): Action {
  return { genericKey: { descriptorKey: partKey(index), descriptorValue: NO_TEXT } }
}
