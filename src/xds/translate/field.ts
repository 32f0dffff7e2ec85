/** Parts of encoded messages: a message is the concatenation of its fields, in any order, so parts are copied and not encoded again. */

/** Tag and length of a length-delimited field. Source: Protocol Buffers, "Encoding". */
export function fieldHeader(field: number, length: number): Buffer {
  const tag = (field << 3) | 2
  return Buffer.from(varint(length, varint(tag)))
}

/** Parts joined in memory of their own, for bytes that stay: see `encodeToKeep`. */
export function keep(parts: readonly Uint8Array[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0))
  let end = 0
  for (const part of parts) {
    whole.set(part, end)
    end += part.length
  }
  return whole
}

/** A length-delimited field that holds these parts. */
export function field(number: number, parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([fieldHeader(number, length), ...parts])
}

/** A field with a whole number that is not negative; nothing for 0, which is what is not there. */
export function numberField(number: number, value: number): Buffer {
  return value === 0 ? Buffer.alloc(0) : Buffer.from(varint(value, varint(number << 3)))
}

/** Behind these bytes. */
function varint(value: number, bytes: number[] = []): number[] {
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return bytes
}
