/** Words that somebody meant who wrote another one. */

/** The one word that this is but for its capitals, the ending of a plural, or one mistake of the keyboard; undefined for none, and where it may be several. */
export function nearWord(word: string, words: readonly string[]): string | undefined {
  const wanted = word.toLowerCase()
  const [near, other] = words.filter((each) => {
    const known = each.toLowerCase()
    return isOneMistakeApart(known, wanted) || stem(known) === stem(wanted)
  })
  return other === undefined ? near : undefined
}

/** True for words of which one has a letter more, another letter, or two neighbours the other way round. */
export function isOneMistakeApart(a: string, b: string): boolean {
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  return (restA.length <= 1 && restB.length <= 1) || (restA.length === 2 && restA === [...restB].reverse().join(''))
}

function stem(word: string): string {
  return word.replace(/e?s$/, '')
}
