/** Finds the kind that somebody meant who wrote it wrongly. */
import type { KindDefinition } from '../../schema/kind.js'

/**
 * The kind of this group whose name or plural is this word but for its capitals and one mistake of the keyboard; undefined for none, and where it may be
 * one or the other.
 */
export function meantKind(kinds: readonly KindDefinition[], group: string, word: string): KindDefinition | undefined {
  const wanted = word.toLowerCase()
  const ofGroup = kinds.filter((kind) => kind.group === group)
  const isNamed = (isSame: (a: string, b: string) => boolean) => (kind: KindDefinition) =>
    [kind.kind.toLowerCase(), kind.plural].some((name) => isSame(name, wanted))
  const exact = ofGroup.find(isNamed((a, b) => a === b))
  if (exact !== undefined) return exact
  const [near, other] = ofGroup.filter(isNamed(isOneMistakeApart))
  return other === undefined ? near : undefined
}

/** True for words of which one has a letter more, another letter, or two neighbours the other way round. */
function isOneMistakeApart(a: string, b: string): boolean {
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  return (restA.length <= 1 && restB.length <= 1) || (restA.length === 2 && restA === [...restB].reverse().join(''))
}
