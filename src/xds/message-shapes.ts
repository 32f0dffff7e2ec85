/**
 * What Envoy's messages are made of: enough to encode, decode and print them. protobufjs knows far more of a type (1.2 KB for each field), and
 * making one takes all types that its fields have along: the first bootstrap took 40 ms of the event loop by that. A control plane uses a tenth
 * of the messages, so each is read from the descriptor when somebody first asks for it, and the type of a field when a message has that field.
 */

/** The scalars of protobuf. */
export type ScalarName = keyof typeof WIRE_TYPES

/** How each scalar goes over the wire: 0 a number of variable length, 1 eight bytes, 2 a length before it, 5 four bytes. */
export const WIRE_TYPES = {
  int32: 0,
  uint32: 0,
  sint32: 0,
  int64: 0,
  uint64: 0,
  sint64: 0,
  bool: 0,
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  string: 2,
  bytes: 2,
  float: 5,
  fixed32: 5,
  sfixed32: 5,
} as const

/** A field of a message. */
export interface FieldShape {
  /** As generated types call it. */
  readonly name: string
  /** As ProtoJSON calls it. */
  readonly jsonName: string
  readonly id: number
  readonly isRepeated: boolean
  /** Numbers of a list stand one behind the other. */
  readonly isPacked: boolean
  /** Of a map: the type of its keys. */
  readonly keyType: ScalarName | undefined
  /** Whether a default that is set differs from an absent one. */
  readonly hasPresence: boolean
  /** The other members of its oneof: one of them at most is there. */
  readonly rivals: readonly string[]
  readonly kind: ScalarName | 'enum' | 'message'
  /** Of a message. Throws for other fields, and when the descriptor lacks the type. */
  message(): MessageShape
  /** Of an enum. Throws as well. */
  names(): EnumShape
}

/** An enum: the names of its numbers. */
export type EnumShape = ReadonlyMap<number, string>

/** A message. */
export interface MessageShape {
  /** The full name. */
  readonly name: string
  /** As they are declared, which is the order of ProtoJSON. */
  readonly fields: readonly FieldShape[]
  readonly byId: ReadonlyMap<number, FieldShape>
  /** Proto2 lets texts be any bytes. */
  readonly hasCheckedText: boolean
}

/** A line of the descriptor: an enum has values, everything else is a message. */
interface Json {
  readonly edition?: string
  readonly values?: Readonly<Record<string, number>>
  readonly fields?: Readonly<Record<string, FieldJson>>
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>
  readonly nested?: Readonly<Record<string, Json>>
}

interface FieldJson {
  readonly type: string
  readonly isEnum?: boolean
  readonly id: number
  readonly rule?: 'repeated' | 'required'
  readonly keyType?: ScalarName
  readonly protoName?: string
  readonly options?: { readonly packed?: boolean }
}

type Shape = MessageShape | EnumShape

/** A message or an enum that was read, before anybody asked what is in it. */
interface Read {
  readonly json: Json
  /** Of the file that it stands in. */
  readonly edition: string
}

/** All messages and enums of a descriptor, by their full names. */
export class MessageShapes {
  readonly #unread: Map<string, string>
  readonly #read = new Map<string, Read>()
  readonly #shapes = new Map<string, Shape>()

  /** @param lines of the descriptor: the JSON of protobufjs by the full name; types of fields are named from the root */
  constructor(lines: Iterable<readonly [name: string, json: string]>) {
    this.#unread = new Map(lines)
  }

  /** How many messages and enums somebody asked for. */
  get size(): number {
    return this.#shapes.size
  }

  /** Undefined when the descriptor has no message of that name. */
  find(name: string): MessageShape | undefined {
    const shape = this.#find(name)
    return shape === undefined || shape instanceof Map ? undefined : (shape as MessageShape)
  }

  /** Throws when the descriptor has no message of that name. */
  get(name: string): MessageShape {
    const shape = this.find(name)
    if (shape === undefined) throw new Error(`no such type: ${name}`)
    return shape
  }

  #find(name: string): Shape | undefined {
    const known = this.#shapes.get(name)
    if (known !== undefined) return known
    const read = this.#readJson(name)
    if (read === undefined) return undefined
    const { values } = read.json
    const made = values === undefined ? this.#message(name, read) : new Map(Object.entries(values).map(([text, number]) => [number, text]))
    this.#read.delete(name)
    this.#shapes.set(name, made)
    return made
  }

  /** A message that is nested in another one stands in the line of the outermost. */
  #readJson(name: string): Read | undefined {
    for (let outer = name; outer !== ''; outer = outer.slice(0, Math.max(outer.lastIndexOf('.'), 0))) {
      const text = this.#unread.get(outer)
      if (text === undefined) continue
      this.#unread.delete(outer)
      this.#take(outer, JSON.parse(text) as Json, 'proto3')
      break
    }
    return this.#read.get(name)
  }

  #take(name: string, json: Json, outerEdition: string): void {
    const { nested = {}, edition = outerEdition } = json
    this.#read.set(name, { json, edition })
    for (const [last, inner] of Object.entries(nested)) this.#take(`${name}.${last}`, inner, edition)
  }

  #message(name: string, { json: { fields = {}, oneofs = {} }, edition }: Read): MessageShape {
    const oneofOf = new Map(Object.values(oneofs).flatMap(({ oneof }) => oneof.map((member) => [member, oneof] as const)))
    const isProto3 = edition === 'proto3'
    const shapes = Object.entries(fields).map(([field, json]) => this.#field(field, json, oneofOf.get(field), isProto3))
    return { name, fields: shapes, byId: new Map(shapes.map((shape) => [shape.id, shape])), hasCheckedText: isProto3 }
  }

  #field(name: string, json: FieldJson, oneof: readonly string[] | undefined, isProto3: boolean): FieldShape {
    const { type, isEnum = false, id, rule, keyType, protoName = name, options } = json
    const isRepeated = rule === 'repeated'
    return {
      name,
      jsonName: jsonNameOf(protoName),
      id,
      isRepeated,
      isPacked: isRepeated && (options?.packed ?? isProto3),
      keyType,
      hasPresence: !isRepeated && keyType === undefined && (oneof !== undefined || !isProto3),
      rivals: oneof?.filter((member) => member !== name) ?? NONE,
      kind: isEnum ? 'enum' : type.startsWith('.') ? 'message' : (type as ScalarName),
      message: () => this.get(type.slice(1)),
      names: () => this.#enum(type.slice(1)),
    }
  }

  #enum(name: string): EnumShape {
    const shape = this.#find(name)
    if (!(shape instanceof Map)) throw new Error(`no such enum: ${name}`)
    return shape
  }
}

const NONE: readonly string[] = []

/** How one value of a field goes over the wire: see `WIRE_TYPES`. */
export function wireTypeOf({ kind }: FieldShape): number {
  return kind === 'message' ? 2 : kind === 'enum' ? 0 : WIRE_TYPES[kind]
}

/** Whether a value is what an absent field means, where it has no presence. */
export function isDefault({ kind }: FieldShape, value: unknown): boolean {
  switch (kind) {
    case 'message':
      return false
    case 'bytes':
      return (value as Uint8Array).length === 0
    case 'string':
      return value === ''
    case 'bool':
      return value === false
    case 'double':
    case 'float':
      // A negative zero is something.
      return Object.is(value, 0)
    default:
      return Number(value) === 0
  }
}

/** The name that ProtoJSON has for a field. */
export function jsonNameOf(protoName: string): string {
  return protoName.replace(/_+(.?)/g, (_underscores, next: string) => next.toUpperCase())
}

/** The lines of a descriptor: a full name, a space, and JSON. */
export function descriptorLines(descriptor: string): readonly (readonly [name: string, json: string])[] {
  return descriptor.split('\n').map((line) => {
    const space = line.indexOf(' ')
    return [line.slice(0, space), line.slice(space + 1)]
  })
}
