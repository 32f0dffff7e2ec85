/** Matches the patterns of schemas: RE2 syntax, found anywhere in the value unless anchored. */
import { RE2JS } from 're2js'
import type { StringSchema } from './schema.js'

/** Decides whether a value matches. */
export type PatternMatcher = (value: string) => boolean

/**
 * The matcher of a schema's pattern; undefined if it has none.
 *
 * The engine of the language is tenfold faster, but takes exponential time where a schema says so; RE2 never does.
 */
export function patternMatcher(schema: StringSchema): PatternMatcher | undefined {
  if (schema.pattern === undefined) return undefined
  if (schema.matchInLinearTime === true) {
    const linear = RE2JS.compile(schema.pattern)
    return (value) => linear.test(value)
  }
  const native = new RegExp(schema.pattern, 'u')
  return (value) => native.test(value)
}
