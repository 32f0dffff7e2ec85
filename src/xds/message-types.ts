/**
 * Envoy's message types as protobufjs has them, for what nobody waits for: reading ProtoJSON, and checking messages. Each is read from the
 * descriptor when somebody first asks for it, or for a type that has a field of it.
 */
import protobuf from 'protobufjs'

/** A root of protobufjs whose messages and enums come one by one. */
export class MessageTypes extends protobuf.Root {
  /** What was not read so far, by the full name of a message or enum that stands in a package. */
  readonly #unread: Map<string, string>

  /** @param lines of the descriptor: the JSON of protobufjs by the full name; types of fields are named from the root */
  constructor(lines: Iterable<readonly [name: string, json: string]>) {
    super()
    this.#unread = new Map(lines)
  }

  /** Finds a type by its full name; protobufjs resolves the types of fields by this, too. */
  override lookup(path: string | string[], filter?: unknown, isParentChecked?: boolean): protobuf.ReflectionObject | null {
    this.#read(typeof path === 'string' ? path : path.join('.'))
    return super.lookup(path, filter as never, isParentChecked)
  }

  /** Reads what this is the name of, or the message that it is nested in. */
  #read(path: string): void {
    for (let name = path; name !== ''; name = name.slice(0, Math.max(name.lastIndexOf('.'), 0))) {
      const text = this.#unread.get(name)
      if (text === undefined) continue
      this.#unread.delete(name)
      const dot = name.lastIndexOf('.')
      this.define(name.slice(0, dot)).addJSON({ [name.slice(dot + 1)]: JSON.parse(text) as protobuf.AnyNestedObject })
      return
    }
  }
}
