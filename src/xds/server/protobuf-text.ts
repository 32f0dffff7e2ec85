/**
 * Looks into encoded messages without knowing their types: enough to find a word in them. Not by `FieldReader`: nearly everything that it tries is a
 * text and no message, and an exception for each would take longer than all else.
 */

/** A length-delimited field of a message. */
interface Field {
  readonly number: number
  readonly value: Buffer
}

const MAX_DEPTH = 24

/** The length-delimited fields of a message in their order; undefined for bytes that are no message. */
function fieldsOf(bytes: Buffer): readonly Field[] | undefined {
  const fields: Field[] = []
  let at = 0
  const varint = (): number | undefined => {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++]
      if (byte === undefined) return undefined
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return undefined
  }
  while (at < bytes.length) {
    const tag = varint()
    if (tag === undefined || tag < 8) return undefined
    const wireType = tag % 8
    if (wireType === 0) {
      if (varint() === undefined) return undefined
    } else if (wireType === 1) at += 8
    else if (wireType === 5) at += 4
    else if (wireType === 2) {
      const length = varint()
      if (length === undefined || at + length > bytes.length) return undefined
      fields.push({ number: Math.floor(tag / 8), value: bytes.subarray(at, at + length) })
      at += length
    } else return undefined
  }
  return at === bytes.length ? fields : undefined
}

/** The messages that stand under a path of field numbers, in their order. */
export function messagesAt(bytes: Buffer, [first, ...rest]: readonly number[]): readonly Buffer[] {
  if (first === undefined) return [bytes]
  return (fieldsOf(bytes) ?? []).filter(({ number }) => number === first).flatMap(({ value }) => messagesAt(value, rest))
}

/** Every text in a message, at any depth. Bytes that could be a text or a message count as both. */
export function textsOf(bytes: Buffer): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (value: Buffer, depth: number): void => {
    for (const field of fieldsOf(value) ?? []) {
      if (field.value.length === 0) continue
      const text = field.value.toString('utf8')
      if (!UNPRINTABLE.test(text)) found.add(text)
      if (depth < MAX_DEPTH) visit(field.value, depth + 1)
    }
  }
  visit(bytes, 0)
  return found
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they tell bytes from texts
const UNPRINTABLE = /[\u0000-\u0008\u000e-\u001f\u007f\ufffd]/
