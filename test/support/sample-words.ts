import { patternMatcher } from '../../src/schema/pattern.js'
import type { StringSchema } from '../../src/schema/schema.js'

/**
 * What a text of the schema may be: its enum, texts of its format, or the words that its lengths and pattern let through, of the first list that
 * has any. Throws where none has.
 */
export function sampleWords(schema: StringSchema, ...lists: readonly (readonly string[])[]): readonly string[] {
  if (schema.enum !== undefined) return schema.enum
  if (schema.format !== undefined) return schema.format === 'byte' ? ['', 'YQ=='] : ['2024-05-06T07:08:09Z']
  const matches = patternMatcher(schema)
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema
  const fits = (word: string): boolean => word.length >= minLength && word.length <= maxLength && matches?.(word) !== false
  const words = lists.map((list) => list.filter(fits)).find((list) => list.length > 0)
  if (words === undefined) throw new Error(`no sample word matches ${schema.pattern}: add one`)
  return words
}
