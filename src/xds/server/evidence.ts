/** Which of several parts the words of a rejection come from. */
import { textsOf } from './protobuf-text.js'

/** Something that may be to blame. */
export interface Part {
  /** Its message, encoded. */
  readonly value: Buffer
  /** The version of it that was accepted before. */
  readonly before?: Buffer | undefined
}

/** Shorter words stand in almost every text: they must be one themselves. */
const SHORTEST_PART_OF_TEXT = 3

/**
 * The parts that a message points at: those which hold the word that the fewest of them hold. Texts that are new since the version before
 * count first, because what was there before was accepted.
 *
 * @param words the most telling first; among equally rare ones it decides
 * @returns none when no word tells some of the parts from the others. It is evidence and no proof
 */
export function pointedAt<P extends Part>(words: readonly string[], parts: readonly P[]): readonly P[] {
  if (parts.length < 2) return []
  const texts = parts.map(({ value }) => textsOf(value))
  const fresh = texts.map((all, index) => {
    const before = parts[index]?.before
    if (before === undefined) return all
    const known = textsOf(before)
    return new Set([...all].filter((text) => !known.has(text)))
  })
  const rarest = rarestHits(words, fresh) ?? rarestHits(words, texts) ?? []
  return rarest.flatMap((index) => parts[index] ?? [])
}

/** The indexes of the texts that hold the rarest word; undefined when every word is in all of them or in none. */
function rarestHits(words: readonly string[], texts: readonly ReadonlySet<string>[]): readonly number[] | undefined {
  let rarest: readonly number[] | undefined
  const joined = texts.map((each) => SEPARATOR + [...each].join(SEPARATOR) + SEPARATOR)
  for (const word of words) {
    const needle = word.length < SHORTEST_PART_OF_TEXT ? SEPARATOR + word + SEPARATOR : word
    const hits = joined.flatMap((text, index) => (text.includes(needle) ? [index] : []))
    if (hits.length > 0 && hits.length < texts.length && hits.length < (rarest?.length ?? texts.length)) rarest = hits
    if (rarest?.length === 1) break
  }
  return rarest
}

const SEPARATOR = '\u0000'
