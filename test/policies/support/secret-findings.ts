/** Looks for secrets in what is told. */
import type { SecretPlace } from './secret-world.js'

/** Where which secrets stand, as they are or in base64. */
export function findings(told: ReadonlyMap<string, string>, places: readonly SecretPlace[]): readonly string[] {
  return [...told].flatMap(([where, text]) =>
    places.flatMap(({ where: place, secrets }) =>
      secrets.some((each) => spellings(each).some((spelling) => text.includes(spelling))) ? [`${where} tells ${place}`] : [],
    ),
  )
}

/** Any line of a private key in PEM gives it away, but for those that all keys of its type begin with. */
export function linesOf(privateKey: string): readonly string[] {
  return privateKey
    .split('\n')
    .filter((line) => !line.startsWith('-----') && line.trim() !== '')
    .slice(1)
}

/** Base64 has three, by where in the text it begins; the ends depend on what is around it. */
function spellings(secret: string): readonly string[] {
  return [
    secret,
    ...[0, 1, 2].map((before) =>
      Buffer.from(`${' '.repeat(before)}${secret}`)
        .toString('base64')
        .slice(before === 0 ? 0 : 4, -4),
    ),
  ]
}
