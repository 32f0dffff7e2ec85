/** Envoy's message types. A control plane uses a tenth of them: each is read from the descriptor when somebody first asks for it. */
import protobuf from 'protobufjs'

/** Writes a message. */
export type Encode = (message: object, writer?: protobuf.Writer, depth?: number) => protobuf.Writer

/** A root of protobufjs whose messages and enums come one by one. */
export class MessageTypes extends protobuf.Root {
  /** What was not read so far, by the full name of a message or enum that stands in a package. */
  readonly #unread: Map<string, string>
  readonly #encoders = new Map<string, Encode>()
  readonly #encodersOfTypes = new Map<protobuf.Type, Encode>()

  /** @param descriptor lines of a full name, a space, and the JSON of protobufjs; types of fields are named from the root */
  constructor(descriptor: string) {
    super()
    const lines = descriptor.split('\n').map((line) => {
      const space = line.indexOf(' ')
      return [line.slice(0, space), line.slice(space + 1)] as const
    })
    this.#unread = new Map(lines)
  }

  /** Finds a type by its full name; protobufjs resolves the types of fields by this, too. */
  override lookup(path: string | string[], filter?: unknown, isParentChecked?: boolean): protobuf.ReflectionObject | null {
    this.#read(typeof path === 'string' ? path : path.join('.'))
    return super.lookup(path, filter as never, isParentChecked)
  }

  /**
   * The encoder of a message. That of protobufjs (`Type.encode`) comes with decoder, verifier and converters, each a generated program:
   * five times the memory.
   */
  encoder(name: string): Encode {
    const known = this.#encoders.get(name)
    if (known !== undefined) return known
    const made = this.#encoderOf(this.lookupType(name))
    this.#encoders.set(name, made)
    return made
  }

  #encoderOf(type: protobuf.Type): Encode {
    const known = this.#encodersOfTypes.get(type)
    if (known !== undefined) return known
    type.resolveAll()
    const types = type.fieldsArray.map(({ resolvedType }) => {
      if (!(resolvedType instanceof protobuf.Type)) return resolvedType
      // Made by the first message that has such a field, which is also what ends with types that contain themselves.
      const field: { encode: Encode } = {
        encode: (...args) => {
          field.encode = this.#encoderOf(resolvedType)
          return field.encode(...args)
        },
      }
      return field
    })
    const made = protobuf.encoder(type)({ Writer: protobuf.Writer, types, util: protobuf.util }) as unknown as Encode
    this.#encodersOfTypes.set(type, made)
    return made
  }

  /** Reads what this is the name of, or the message that it is nested in. */
  #read(path: string): void {
    for (let name = path; name !== ''; name = name.slice(0, Math.max(name.lastIndexOf('.'), 0))) {
      const text = this.#unread.get(name)
      if (text === undefined) continue
      this.#unread.delete(name)
      const dot = name.lastIndexOf('.')
      const last = name.slice(dot + 1)
      const namespace = this.define(name.slice(0, dot)).addJSON({ [last]: JSON.parse(text) as protobuf.AnyNestedObject })
      decodesOnly(namespace.get(last))
      return
    }
  }
}

/** Decoding makes the decoder of a message alone; by itself protobufjs makes encoder, verifier and converters with it. */
function decodesOnly(read: protobuf.ReflectionObject | null): void {
  if (!(read instanceof protobuf.Type)) return
  for (const nested of read.nestedArray) decodesOnly(nested)
  read.decode = (...args) => {
    read.resolveAll()
    const types = read.fieldsArray.map(({ resolvedType }) => resolvedType)
    const make = protobuf.decoder(read)
    read.decode = make({ Reader: protobuf.Reader, types, util: protobuf.util, C: read.ctor }) as unknown as protobuf.Type['decode']
    return read.decode(...args)
  }
}
