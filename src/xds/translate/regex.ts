/** Regular expressions of RE2, which knows no look-ahead. */

/** An expression that matches just this text. */
export function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|-]/g, '\\$&')
}

/** What a wildcard in a host stands for: one label or more, with a flag that cases of letters are alike. */
export const HOST_PATTERN = '[a-z0-9._-]+'

/** Characters that mean the same written as they are and with a percent sign (RFC 3986 §2). A blank is also a plus sign in queries. */
export function inAnyEncoding(text: string): string {
  return [...text]
    .map((character) => {
      const escaped = [...Buffer.from(character, 'utf8')].map((byte) => `%(?i:${byte.toString(16).padStart(2, '0')})`).join('')
      return `(?:${quote(character)}|${escaped}${character === ' ' ? '|\\+' : ''})`
    })
    .join('')
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
