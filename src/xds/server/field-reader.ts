/** Walks over the fields of an encoded message, for the few places where a decoder would make objects that nobody needs. */

/** The wire type of texts, bytes and messages. */
const LENGTH_DELIMITED = 2

/** What stands before a text, bytes or a message in a field: its number times eight, plus the wire type. */
export function lengthDelimitedTag(field: number): number {
  return field * 8 + LENGTH_DELIMITED
}

/** What stands before a whole number, an enum or a flag: their wire type is 0. */
export function varintTag(field: number): number {
  return field * 8
}

/** Bytes of the longest number. */
const LONGEST_VARINT = 10

/** Reads from `at` on: a tag first, then its value by the method for it, or `skip`. All throw RangeError on bytes that are no message. */
export class FieldReader {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  varint(): number {
    let value = 0
    let factor = 1
    for (let length = 0; length < LONGEST_VARINT; length++) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) throw new RangeError('the message ends in a number')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
    }
    throw new RangeError(`a number has more than ${LONGEST_VARINT} bytes`)
  }

  /** Where the length-delimited field that begins here ends. */
  end(): number {
    const length = this.varint()
    const end = this.at + length
    if (end > this.#bytes.length) throw new RangeError('a field is longer than the message')
    return end
  }

  /** What is no UTF-8 becomes U+FFFD: Envoy cuts its messages off after a number of bytes, in the middle of a letter if need be. */
  text(): string {
    const end = this.end()
    const text = this.#bytes.toString('utf8', this.at, end)
    this.at = end
    return text
  }

  /**
   * Reads the message that is a field which begins here, or up to `end`.
   *
   * @param take reads the value behind a tag, or answers false: then it is skipped
   */
  fields(take: (tag: number) => boolean, end: number = this.end()): void {
    while (this.at < end) {
      const tag = this.varint()
      if (!take(tag)) this.skip(tag)
    }
    if (this.at !== end) throw new RangeError('a field ends behind its message')
  }

  skip(tag: number): void {
    switch (tag % 8) {
      case 0:
        this.varint()
        return
      case 1:
        this.at += 8
        break
      case LENGTH_DELIMITED:
        this.at = this.end()
        return
      case 5:
        this.at += 4
        break
      default:
        throw new RangeError(`a field has the wire type ${tag % 8}`)
    }
    if (this.at > this.#bytes.length) throw new RangeError('a field is longer than the message')
  }
}
