/** Reads messages by the fields of their types. Few are read, and most of them once: programs for that would take longer to make. */
import protobuf from 'protobufjs'
import { type FieldShape, isDefault, type MessageShape, type ScalarName, WIRE_TYPES, wireTypeOf } from './message-shapes.js'
import { wholeNumber } from './whole-number.js'

type Fields = Record<string, unknown>

/**
 * A message in its wire form as a plain object. What is absent, or is a default where that means the same, is no property; numbers of 64 bits are
 * numbers, or texts where JavaScript has no such number; what the type does not know is left out. Throws on bytes that are not of that type.
 */
export function decodeMessage(shape: MessageShape, bytes: Uint8Array): object {
  const reader = protobuf.Reader.create(bytes)
  return readMessage({}, shape, reader, reader.len, 0)
}

function readMessage(into: Fields, shape: MessageShape, reader: protobuf.Reader, end: number, depth: number): Fields {
  if (depth > protobuf.Reader.recursionLimit) throw new Error('max depth exceeded')
  within(reader, end, () => {
    while (reader.pos < end) {
      const tag = reader.tag()
      const [field, wire] = [shape.byId.get(tag >>> 3), tag & 7]
      if (field === undefined || !readField(into, field, shape, reader, wire, depth)) reader.skipType(wire, depth, tag)
    }
  })
  return into
}

/** Answers whether the field is there in a form that it may have. */
function readField(into: Fields, field: FieldShape, shape: MessageShape, reader: protobuf.Reader, wire: number, depth: number): boolean {
  const { name, keyType, isRepeated, hasPresence, rivals } = field
  const usual = wireTypeOf(field)
  if (keyType !== undefined) {
    if (wire !== 2) return false
    into[name] ??= {}
    readEntry(into[name] as Fields, field, keyType, shape, reader, depth)
  } else if (isRepeated) {
    const isPacked = wire === 2 && usual !== 2
    if (wire !== usual && !isPacked) return false
    into[name] ??= []
    const list = into[name] as unknown[]
    if (!isPacked) list.push(readValue(undefined, field, shape, reader, depth))
    else {
      const end = endOf(reader)
      within(reader, end, () => {
        while (reader.pos < end) list.push(readValue(undefined, field, shape, reader, depth))
      })
    }
  } else {
    if (wire !== usual) return false
    const value = readValue(into[name], field, shape, reader, depth)
    for (const rival of rivals) delete into[rival]
    if (!hasPresence && isDefault(field, value)) delete into[name]
    else into[name] = value
  }
  return true
}

function readEntry(map: Fields, field: FieldShape, keyType: ScalarName, shape: MessageShape, reader: protobuf.Reader, depth: number): void {
  let key: unknown = keyType === 'string' ? '' : keyType === 'bool' ? false : 0
  let value: unknown
  const end = endOf(reader)
  within(reader, end, () => {
    while (reader.pos < end) {
      const tag = reader.tag()
      if (tag === 8 + WIRE_TYPES[keyType]) key = readScalar(keyType, shape, reader)
      else if (tag === 16 + wireTypeOf(field)) value = readValue(value, field, shape, reader, depth)
      else reader.skipType(tag & 7, depth, tag)
    }
  })
  // By an assignment `__proto__` would be no key.
  Object.defineProperty(map, String(key), {
    value: value ?? absent(field),
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

function absent({ kind }: FieldShape): unknown {
  if (kind === 'message') return {}
  return kind === 'string' ? '' : kind === 'bool' ? false : kind === 'bytes' ? Buffer.alloc(0) : 0
}

function readValue(before: unknown, field: FieldShape, shape: MessageShape, reader: protobuf.Reader, depth: number): unknown {
  if (field.kind === 'enum') return reader.int32()
  if (field.kind !== 'message') return readScalar(field.kind, shape, reader)
  // A message that comes in pieces is put together.
  return readMessage((before ?? {}) as Fields, field.message(), reader, endOf(reader), depth + 1)
}

function readScalar(kind: ScalarName, { hasCheckedText }: MessageShape, reader: protobuf.Reader): unknown {
  if (kind === 'string' && hasCheckedText) return reader.stringVerify()
  const value = reader[kind]()
  // Numbers of 64 bits are objects.
  if (typeof value !== 'object' || value instanceof Uint8Array) return value
  return wholeNumber(String(value))
}

function endOf(reader: protobuf.Reader): number {
  const length = reader.uint32()
  return length + reader.pos
}

/** Whoever reads does not read on behind the end, and reads up to it. */
function within(reader: protobuf.Reader, end: number, read: () => void): void {
  if (end > reader.len) throw new RangeError('index out of range')
  const outer = reader.len
  reader.len = end
  read()
  if (reader.pos !== end) throw new RangeError('index out of range')
  reader.len = outer
}
