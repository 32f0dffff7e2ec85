/**
 * Writes messages. What is written once or twice, as most types of a bootstrap are, is written by looking at the fields of its type. What comes
 * more often gets a program of its own: as fast as those of protobufjs, and slower to make than a few messages are to write.
 */
import protobuf from 'protobufjs'
import { type FieldShape, isDefault, type MessageShape, type MessageShapes, WIRE_TYPES, wireTypeOf } from './message-shapes.js'

/** Writes a message and answers the writer. */
export type Encode = (message: object, writer: protobuf.Writer) => protobuf.Writer

/** Writes messages of one type. */
export interface Encoder {
  readonly encode: Encode
}

/** After so many messages of a type a program is made for it. */
const WRITTEN_WITHOUT_PROGRAM = 8

/** Room of a writer that is used again: nearly every message needs less, and a large one must not be kept. */
const MOST_KEPT_BYTES = 65_536

/** The encoders of messages. */
export class MessageEncoders {
  readonly #shapes: MessageShapes
  readonly #named = new Map<string, Encoder>()
  readonly #encoders = new Map<MessageShape, Encoder>()
  #writer: protobuf.Writer | undefined

  constructor(shapes: MessageShapes) {
    this.#shapes = shapes
  }

  /**
   * Of a message by its full name: fields in the order of their numbers, maps in the order of their keys. It does not check messages. Its `encode` is another one
   * later. Throws for a name that the descriptor lacks.
   */
  of(name: string): Encoder {
    const known = this.#named.get(name)
    if (known !== undefined) return known
    const made = this.#of(this.#shapes.get(name))
    this.#named.set(name, made)
    return made
  }

  /**
   * Writes a message by its full name; it is in the writer until the next one is written. A writer of its own would begin small, and be copied into
   * a larger one three times for a usual message.
   */
  write(name: string, message: object): protobuf.Writer {
    const writer = this.#writer ?? protobuf.Writer.create()
    // One that stopped in the middle is not used again.
    this.#writer = undefined
    this.of(name).encode(message, writer.reset())
    if (writer.len <= MOST_KEPT_BYTES) this.#writer = writer
    return writer
  }

  #of(shape: MessageShape): Encoder {
    const known = this.#encoders.get(shape)
    if (known !== undefined) return known
    const fields = shape.fields.toSorted((one, other) => one.id - other.id)
    let written = 0
    const encoder: { encode: Encode } = {
      encode: (message, writer) => {
        written++
        if (written > WRITTEN_WITHOUT_PROGRAM) {
          encoder.encode = this.#program(fields)
          return encoder.encode(message, writer)
        }
        for (const field of fields) this.#writeField(field, (message as Readonly<Record<string, unknown>>)[field.name], writer)
        return writer
      },
    }
    this.#encoders.set(shape, encoder)
    return encoder
  }

  #writeField(field: FieldShape, value: unknown, writer: protobuf.Writer): void {
    if (value === undefined || value === null) return
    if (field.keyType !== undefined) {
      for (const [key, each] of Object.entries(value as object)) {
        writer.uint32(tag(field.id, 2)).fork().uint32(tag(1, WIRE_TYPES[field.keyType]))
        writer[field.keyType](mapKey(field, key) as never)
        this.#writeValue(field, 2, each, writer)
        writer.ldelim()
      }
    } else if (!field.isRepeated) {
      if (field.hasPresence || !isDefault(field, value)) this.#writeValue(field, field.id, value, writer)
    } else if (!isPacked(field)) {
      for (const each of value as readonly unknown[]) this.#writeValue(field, field.id, each, writer)
    } else if ((value as readonly unknown[]).length > 0) {
      writer.uint32(tag(field.id, 2)).fork()
      for (const each of value as readonly unknown[]) writer[scalarOf(field)](each as never)
      writer.ldelim()
    }
  }

  #writeValue(field: FieldShape, id: number, value: unknown, writer: protobuf.Writer): void {
    writer.uint32(tag(id, wireTypeOf(field)))
    if (field.kind === 'message')
      this.#of(field.message())
        .encode(value as object, writer.fork())
        .ldelim()
    else writer[scalarOf(field)](value as never)
  }

  /** Does what `#writeField` does, written out for the fields of a type. */
  #program(fields: readonly FieldShape[]): Encode {
    const encoders = fields.flatMap(({ kind }, at) => (kind === 'message' ? [`e${at}`] : []))
    const text = `${encoders.length === 0 ? '' : `let ${encoders.join(',')};`}return (m,w)=>{let v;${fields.map(writeAll).join('')}return w}`
    const encoderOf = (at: number): Encoder => this.#of((fields[at] as FieldShape).message())
    return new Function('encoderOf', text)(encoderOf) as Encode
  }
}

function writeAll(field: FieldShape, at: number): string {
  const { name, id, keyType, isRepeated } = field
  const start = `v=m.${name};if(v!=null`
  if (keyType !== undefined) {
    const key = keyType === 'bool' ? "k==='true'" : 'k'
    const keyOf = `w.uint32(${tag(id, 2)}).fork().uint32(${tag(1, WIRE_TYPES[keyType])}).${keyType}(${key});`
    return `${start})for(const k of Object.keys(v)){${keyOf}${writeOne(field, at, 2, 'v[k]')}w.ldelim()}`
  }
  if (!isRepeated) return `${start}${field.hasPresence ? '' : unlessDefault(field)}){${writeOne(field, at, id, 'v')}}`
  if (!isPacked(field)) return `${start})for(let i=0;i<v.length;i++){${writeOne(field, at, id, 'v[i]')}}`
  return `${start}&&v.length>0){w.uint32(${tag(id, 2)}).fork();for(let i=0;i<v.length;i++)w.${scalarOf(field)}(v[i]);w.ldelim()}`
}

function writeOne(field: FieldShape, at: number, id: number, value: string): string {
  const head = `w.uint32(${tag(id, wireTypeOf(field))})`
  if (field.kind === 'message') return `(e${at}??=encoderOf(${at})).encode(${value},${head}.fork()).ldelim();`
  return `${head}.${scalarOf(field)}(${value});`
}

/** What `isDefault` says, as a program. */
function unlessDefault({ kind }: FieldShape): string {
  switch (kind) {
    case 'message':
      return ''
    case 'bytes':
      return '&&v.length!==0'
    case 'string':
      return "&&v!==''"
    case 'bool':
      return '&&v!==false'
    case 'double':
    case 'float':
      return '&&!Object.is(v,0)'
    default:
      return '&&Number(v)!==0'
  }
}

function tag(id: number, wire: number): number {
  return ((id << 3) | wire) >>> 0
}

function scalarOf({ kind }: FieldShape): keyof typeof WIRE_TYPES {
  return kind === 'enum' || kind === 'message' ? 'int32' : kind
}

/** Only numbers are: each text or message needs a length of its own. */
function isPacked(field: FieldShape): boolean {
  return field.isPacked && wireTypeOf(field) !== 2
}

function mapKey({ keyType }: FieldShape, key: string): string | boolean {
  return keyType === 'bool' ? key === 'true' : key
}
