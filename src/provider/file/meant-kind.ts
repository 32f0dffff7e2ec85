/** Finds the kind that somebody meant who wrote it wrongly. */
import type { KindDefinition } from '../../schema/kind.js'
import { isOneMistakeApart } from '../../util/near-word.js'

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
