/** Walks over the fields of an encoded message, for the few places where a decoder would make objects that nobody needs. */

/** The wire type of texts, bytes and messages. A tag is the number of a field times eight, plus its wire type. */
export const LENGTH_DELIMITED = 2

/** Reads from `at` on: a tag first, then its value by the method for it, or `skip`. All throw RangeError on bytes that are no message. */
export class FieldReader {
  at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 0x80) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) throw new RangeError('the message ends in a number')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  /** Where the length-delimited field that begins here ends. */
  end(): number {
    const length = this.varint()
    const end = this.at + length
    if (end > this.#bytes.length) throw new RangeError('a field is longer than the message')
    return end
  }

  text(): string {
    const end = this.end()
    const text = this.#bytes.toString('utf8', this.at, end)
    this.at = end
    return text
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
