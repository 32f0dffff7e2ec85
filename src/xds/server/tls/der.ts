/** The few forms of DER that a certificate needs (ITU-T X.690). */

/** A value with its tag and length. */
export function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), length(content.length), content])
}

/** SEQUENCE. */
export const sequence = (...items: readonly Buffer[]): Buffer => der(0x30, ...items)

/** SET of one. */
export const setOf = (item: Buffer): Buffer => der(0x31, item)

/** A context-specific constructed tag, as EXPLICIT tagging writes it. */
export const explicit = (tag: number, item: Buffer): Buffer => der(0xa0 + tag, item)

/** A context-specific primitive tag, as IMPLICIT tagging writes it. */
export const implicit = (tag: number, content: Buffer): Buffer => der(0x80 + tag, content)

/** OCTET STRING. */
export const octets = (content: Buffer): Buffer => der(0x04, content)

/** UTF8String. */
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text))

/** BOOLEAN TRUE. */
export const yes: Buffer = der(0x01, Buffer.from([0xff]))

/** BIT STRING; the last `unused` bits do not count. */
export const bits = (content: Buffer, unused: number = 0): Buffer => der(0x03, Buffer.from([unused]), content)

/** INTEGER of unsigned big-endian bytes. */
export function integer(bytes: Buffer): Buffer {
  const first = bytes[0] ?? 0
  return der(0x02, first >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), bytes)
}

/** OBJECT IDENTIFIER from its dotted form. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280, section 4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}

/** PEM around DER. */
export function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}

function length(value: number): Buffer {
  if (value < 0x80) return Buffer.from([value])
  const bytes: number[] = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.from([0x80 + bytes.length, ...bytes])
}

function base128(value: number): number[] {
  const bytes = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 + (rest % 128))
  return bytes
}
