/** Values that clients choose, and that limits had better not count each for itself. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { CelExpression } from '../../../ir/cel.js'
import type { RateLimitPart } from '../../../ir/request-traffic.js'
import { bool } from '../../message.js'
import { call, expressionAction, NOTHING, numberValue, textValue } from './expression-value.js'

type Action = envoy.config.route.v3.RateLimit.Action

/** A part of a rule whose values clients choose. */
export type FreePart = Extract<RateLimitPart, { readonly kind: 'header' | 'queryParameter' }>

/** Tells the two kinds of values apart. */
export interface OddValues {
  /** Adds a value to the descriptor for ordinary ones; for others there is none. */
  ordinary(part: FreePart, descriptorKey: string, descriptorValue: string): Action
  /** The same for odd ones; whether there is a value at all is not asked. */
  odd(part: FreePart, descriptorKey: string, descriptorValue: string): Action
}

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

/**
 * Values that are no UTF-8. The rate limit service reads no question with one: Envoy takes the answer for one that did not come, and what all
 * limits of the policy say would count for nothing.
 */
export const NO_TEXTS: OddValues = {
  ordinary: (part, descriptorKey, descriptorValue) => textMatch(part, { descriptorKey, descriptorValue, expectMatch: bool(true) }),
  odd: (part, descriptorKey, descriptorValue) => textMatch(part, { descriptorKey, descriptorValue, expectMatch: bool(false) }),
}

type Named = Pick<envoy.config.route.v3.RateLimit.Action.HeaderValueMatch, 'descriptorKey' | 'descriptorValue' | 'expectMatch'>

function textMatch({ kind, name }: FreePart, named: Named): Action {
  const matcher = { name, stringMatch: { safeRegex: { regex: TEXT } } }
  return kind === 'header'
    ? { headerValueMatch: { ...named, headers: [matcher] } }
    : { queryParameterValueMatch: { ...named, queryParameters: [matcher] } }
}

/** The longest value that an Envoy counts for itself, in characters. */
const MAX_LENGTH = 4096

/**
 * Values that are long. An Envoy keeps the last ten thousand that it counted: with the most that headers may have these were more than a
 * gigabyte, for anybody who sends as many requests. Of parameters the whole query is looked at: nothing tells how long one of them is.
 */
export const LONG_VALUES: OddValues = {
  ordinary: (part, descriptorKey, value) => expressionAction(descriptorKey, call('_?_:_', isLong(part), NOTHING, textValue(value))),
  odd: (part, descriptorKey, value) => expressionAction(descriptorKey, call('_?_:_', isLong(part), textValue(value), NOTHING)),
}

function isLong({ kind, name }: FreePart): CelExpression {
  const ofRequest = (field: string): CelExpression => ({ kind: 'select', operand: { kind: 'name', name: 'request' }, field, isTest: false })
  const value = kind === 'header' ? call('_[_]', ofRequest('headers'), textValue(name)) : ofRequest('query')
  return call('_>_', call('size', value), numberValue(MAX_LENGTH))
}
