/** Regular expressions of RE2, which knows no look-ahead. */

/** An expression that matches just this text. */
export function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|-]/g, '\\$&')
}

/** An expression that matches every text but these words. */
export function anyBut(words: readonly string[]): string {
  return notIn([...new Set(words)])
}

/** For what follows a common beginning: `rests` are the endings that must not follow it. */
function notIn(rests: readonly string[]): string {
  const byFirst = Map.groupBy(
    rests.filter((rest) => rest !== ''),
    (rest) => rest.charAt(0),
  )
  const firsts = [...byFirst.keys()].sort()
  const other = firsts.length === 0 ? '(?s:.)+' : `[^${firsts.map(quote).join('')}](?s:.)*`
  const longer = firsts.map((first) => `${quote(first)}${notIn((byFirst.get(first) ?? []).map((rest) => rest.slice(1)))}`)
  const empty = rests.includes('') ? '' : '?'
  return `(?:${[other, ...longer].join('|')})${empty}`
}
