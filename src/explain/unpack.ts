/** Messages that are packed with their types. */
import type { EnvoyMessages } from '../gen/envoy/types.js'
import { type Any, decode, type MessageName } from '../xds/message.js'

const NOTHING = new Uint8Array()

/** True for a message of this type. */
export function isOf(packed: Any | undefined, type: MessageName): packed is Any {
  return packed?.type_url?.endsWith(`/${type}`) === true
}

/** The message in it, which is of this type; one without any field where there is none. */
export function unpack<Name extends MessageName>(type: Name, packed: Any | undefined): EnvoyMessages[Name] {
  return decode(type, packed?.value ?? NOTHING)
}
