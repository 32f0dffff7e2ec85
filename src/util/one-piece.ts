/**
 * The same text in one piece, for text that stays. V8 keeps what was put together from parts, or cut out of something longer, as a tree of
 * its parts: 221 bytes where `HTTPRoute/<namespace>/<name>` in one piece has 93, and time for each visit of the garbage collector.
 */
export function onePiece(text: string): string {
  const copy = Buffer.from(text).toString()
  // Halves of surrogate pairs do not survive the way there and back.
  return copy === text ? copy : text
}
