/** Values that clients choose, and that limits had better not count each for itself. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { CelExpression } from '../../../ir/cel.js'
import type { RateLimitPart } from '../../../ir/request-traffic.js'
import { attribute, call, NOTHING, numberValue, textValue } from '../cel.js'
import { expressionAction } from './expression-value.js'
import { valueMatch } from './value-match.js'

type Action = envoy.config.route.v3.RateLimit.Action

/** A part of a rule whose values clients choose. */
export type FreePart = Extract<RateLimitPart, { readonly kind: 'header' | 'queryParameter' }>

/** A way in which values may be odd. */
export interface Oddity {
  /** What keys in descriptors end with. */
  readonly name: string
  /** Adds to the descriptor where the value is not odd in this way; where it is, there is no descriptor. */
  isNot(part: FreePart, descriptorKey: string, descriptorValue: string): Action
  /** The other way round; whether there is a value at all is not asked. */
  is(part: FreePart, descriptorKey: string, descriptorValue: string): Action
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

const IS_TEXT = { stringMatch: { safeRegex: { regex: TEXT } } }

/**
 * Values that are no UTF-8. The rate limit service reads no question with one: Envoy takes the answer for one that did not come, and what all
 * limits of the policy say would count for nothing.
 */
const NO_TEXT: Oddity = {
  name: 'kind',
  isNot: (part, descriptorKey, descriptorValue) => valueMatch(part, IS_TEXT, true, { descriptorKey, descriptorValue }),
  is: (part, descriptorKey, descriptorValue) => valueMatch(part, IS_TEXT, false, { descriptorKey, descriptorValue }),
}

/** The longest value that is counted for itself, in characters. */
const MAX_LENGTH = 4096

/**
 * Values that are long. An Envoy keeps the last ten thousand that it counted, and Redis all of them for the time of the limit: with the most
 * that headers may have, those of the Envoy are a gigabyte. Of parameters the whole query is looked at: nothing tells how long one of them is.
 */
const LONG: Oddity = {
  name: 'length',
  isNot: (part, descriptorKey, value) => expressionAction(descriptorKey, call('_?_:_', isLong(part), NOTHING, textValue(value))),
  is: (part, descriptorKey, value) => expressionAction(descriptorKey, call('_?_:_', isLong(part), textValue(value), NOTHING)),
}

function isLong({ kind, name }: FreePart): CelExpression {
  const value = kind === 'header' ? call('_[_]', attribute('request', 'headers'), textValue(name)) : attribute('request', 'query')
  return call('_>_', call('size', value), numberValue(MAX_LENGTH))
}

/** What is odd where the rate limit service counts. */
export const GLOBAL_ODDITIES: readonly Oddity[] = [NO_TEXT, LONG]

/** What is odd where an Envoy counts. */
export const LOCAL_ODDITIES: readonly Oddity[] = [LONG]
