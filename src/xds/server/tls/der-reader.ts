/** Reading DER (ITU-T X.690) as far as a certificate needs it: tags of one byte, lengths that are known. */

/** A value. */
export interface DerItem {
  readonly tag: number
  readonly content: Buffer
  /** With tag and length. */
  readonly whole: Buffer
}

/** Tags by which parts of a certificate are found. */
export const TAG = { explicit0: 0xa0, explicit3: 0xa3 } as const

/**
 * The values that follow each other in these bytes.
 *
 * @throws RangeError where they end too early
 */
export function readDer(bytes: Buffer): readonly DerItem[] {
  const items: DerItem[] = []
  for (let start = 0; start < bytes.length; ) {
    const { length, size } = readLength(bytes, start + 1)
    const begin = start + 1 + size
    const end = begin + length
    if (end > bytes.length) throw new RangeError(`a value of ${length} bytes ends after ${bytes.length - begin}`)
    items.push({ tag: bytes.readUInt8(start), content: bytes.subarray(begin, end), whole: bytes.subarray(start, end) })
    start = end
  }
  return items
}

/** A length, and in how many bytes it is written. */
function readLength(bytes: Buffer, at: number): { readonly length: number; readonly size: number } {
  const first = bytes.readUInt8(at)
  if (first < 0x80) return { length: first, size: 1 }
  const count = first & 0x7f
  return { length: bytes.readUIntBE(at + 1, count), size: 1 + count }
}
