/** Names made of other names, which may be longer than the new one may be. */
import { createHash } from 'node:crypto'

const HASH_LENGTH = 8

/** Cuts a text to a length, with a hash of the whole name at its end, so that different names stay different. */
export function shortName(text: string, whole: string, length: number): string {
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, HASH_LENGTH)
  return `${text.slice(0, length - HASH_LENGTH - 1).replace(/[-.]+$/, '')}-${hash}`
}
