/** What is left out of a text. */
const ELLIPSIS = '…'

/** The text in no more than so many UTF-16 units, with an ellipsis in place of what is left out, and U+FFFD in place of half of a letter. */
export function shortened(text: string, length: number): string {
  // Half of a letter would be another text to whoever reads it as UTF-8: the API server gives back something else than was written.
  return text.length > length ? `${text.slice(0, length - 1).toWellFormed()}${ELLIPSIS}` : text
}

/** The same in no more than so many bytes of UTF-8, where no letter is cut: what programs in Go count as the length of a text. */
export function shortenedToBytes(text: string, length: number): string {
  if (Buffer.byteLength(text) <= length) return text
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(length - Buffer.byteLength(ELLIPSIS)))
  return `${text.slice(0, read)}${ELLIPSIS}`
}
