/** Canonical ProtoJSON of messages, by the fields of their types. */
import { decodeMessage } from './decode-message.js'
import { type FieldShape, isDefault, jsonNameOf, type MessageShape, type MessageShapes } from './message-shapes.js'

type Fields = Readonly<Record<string, unknown>>

/** A message as ProtoJSON: fields as they are declared, packed messages unpacked. Throws for a packed message that the descriptor lacks. */
export function printMessage(shapes: MessageShapes, shape: MessageShape, message: object): unknown {
  const known = WELL_KNOWN.get(shape.name)
  if (known !== undefined) return known(message as Fields, shapes, shape)
  const printed: Record<string, unknown> = {}
  for (const field of shape.fields) {
    const value = (message as Fields)[field.name]
    if (value !== undefined && value !== null && !isLeftOut(field, value)) printed[field.jsonName] = printField(shapes, field, value)
  }
  return printed
}

function isLeftOut(field: FieldShape, value: unknown): boolean {
  if (field.isRepeated) return (value as readonly unknown[]).length === 0
  if (field.keyType !== undefined) return Object.keys(value as object).length === 0
  return !field.hasPresence && (isDefault(field, value) || value === 0)
}

function printField(shapes: MessageShapes, field: FieldShape, value: unknown): unknown {
  if (field.isRepeated) return (value as readonly unknown[]).map((each) => printValue(shapes, field, each))
  if (field.keyType === undefined) return printValue(shapes, field, value)
  return Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, printValue(shapes, field, each)]))
}

function printValue(shapes: MessageShapes, field: FieldShape, value: unknown): unknown {
  switch (field.kind) {
    case 'message':
      return printMessage(shapes, field.message(), value as object)
    case 'enum': {
      const text = field.names().get(value as number) ?? value
      return text === 'NULL_VALUE' ? null : text
    }
    case 'int64':
    case 'sint64':
    case 'sfixed64':
    case 'uint64':
    case 'fixed64':
      return String(value)
    case 'float':
    case 'double':
      return Number.isFinite(value) ? value : String(value)
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('base64')
    default:
      return value
  }
}

type Print = (message: Fields, shapes: MessageShapes, shape: MessageShape) => unknown

/** What ProtoJSON writes in a form of its own. */
const WELL_KNOWN: ReadonlyMap<string, Print> = new Map<string, Print>([
  ['google.protobuf.Any', printPacked],
  ['google.protobuf.Struct', (message) => printStruct(message)],
  ['google.protobuf.ListValue', (message) => printList(message)],
  ['google.protobuf.Value', (message) => printJsonValue(message)],
  ['google.protobuf.Duration', ({ seconds = 0, nanos = 0 }) => printDuration(Number(seconds), Number(nanos))],
  ['google.protobuf.Timestamp', ({ seconds = 0, nanos = 0 }) => printTimestamp(Number(seconds), Number(nanos))],
  ['google.protobuf.FieldMask', ({ paths = [] }) => (paths as readonly string[]).map(jsonNameOf).join(',')],
  ...['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes'].map((name): [string, Print] => [
    `google.protobuf.${name}Value`,
    printWrapped,
  ]),
])

function printPacked(message: Fields, shapes: MessageShapes): unknown {
  const { type_url: url, value } = message as { readonly type_url?: string; readonly value?: Uint8Array }
  if (url === undefined || url === '') return {}
  const shape = shapes.get(url.slice(url.lastIndexOf('/') + 1))
  const printed = printMessage(shapes, shape, decodeMessage(shape, value ?? new Uint8Array()))
  return WELL_KNOWN.has(shape.name) ? { '@type': url, value: printed } : { '@type': url, ...(printed as object) }
}

function printWrapped(message: Fields, shapes: MessageShapes, { fields: [field] }: MessageShape): unknown {
  if (field === undefined) throw new Error('a wrapper without a value')
  const { value = field.kind === 'string' ? '' : field.kind === 'bool' ? false : field.kind === 'bytes' ? new Uint8Array() : 0 } = message
  return printValue(shapes, field, value)
}

function printDuration(seconds: number, nanos: number): string {
  return `${seconds < 0 || nanos < 0 ? '-' : ''}${Math.abs(seconds)}${fraction(nanos)}s`
}

function printTimestamp(seconds: number, nanos: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', `${fraction(nanos)}Z`)
}

/** Three, six or nine digits, or none. */
function fraction(nanos: number): string {
  if (nanos === 0) return ''
  const digits = String(Math.abs(nanos)).padStart(9, '0')
  return `.${digits.replace(/(?:000){1,2}$/, '')}`
}

function printStruct(message: Fields | undefined): unknown {
  const fields = (message?.fields ?? {}) as Readonly<Record<string, Fields>>
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, printJsonValue(value)]))
}

function printList(message: Fields | undefined): unknown {
  return ((message?.values ?? []) as readonly Fields[]).map(printJsonValue)
}

function printJsonValue(value: Fields): unknown {
  if (value.structValue !== undefined) return printStruct(value.structValue as Fields)
  if (value.listValue !== undefined) return printList(value.listValue as Fields)
  const plain = value.numberValue ?? value.stringValue ?? value.boolValue ?? null
  if (typeof plain === 'number' && !Number.isFinite(plain)) throw new Error('google.protobuf.Value cannot hold a number that is not finite')
  return plain
}
