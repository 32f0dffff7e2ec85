import { exactly } from './exactly.js'

/** Each word once, in ascending order of UTF-16 code units, in an array without room for more. */
export function inOrder<Word extends string>(words: readonly Word[]): readonly Word[] {
  const [first] = words
  // Mostly there is one, said by every rule of a route: no set for that.
  if (first === undefined || words.every((word) => word === first)) return exactly(words.slice(0, 1))
  return exactly([...new Set(words)].sort())
}
