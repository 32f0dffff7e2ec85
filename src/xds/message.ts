/**
 * Envoy's messages: typed objects in, bytes out.
 *
 * A message is a plain object of a generated type (`src/gen/envoy/types.d.ts`). Encoding does not check it, the compiler does;
 * tests call `verify` as well, which finds what types cannot say.
 */
import protojson from 'protobufjs/ext/protojson.js'
import { DESCRIPTOR } from '../gen/envoy/descriptor.js'
import type { EnvoyMessages, google } from '../gen/envoy/types.js'
import { once } from '../util/once.js'
import { decodeMessage } from './decode-message.js'
import { MessageEncoders } from './encode-message.js'
import { descriptorLines, MessageShapes } from './message-shapes.js'
import { MessageTypes } from './message-types.js'
import { printMessage } from './print-message.js'

/** The full name of a message, for example `envoy.config.listener.v3.Listener`. */
export type MessageName = keyof EnvoyMessages

/** A message packed with its type, as extension points take it. */
export type Any = google.protobuf.Any

const shapes = new MessageShapes(descriptorLines(DESCRIPTOR))
const encoders = new MessageEncoders(shapes)
const types = once(() => new MessageTypes(descriptorLines(DESCRIPTOR)))
const TYPE_URL_PREFIX = 'type.googleapis.com/'

/** The wire form. Map fields are written in insertion order: callers sort their keys, so that equal content has equal bytes. */
export function encode<Name extends MessageName>(name: Name, message: EnvoyMessages[Name]): Buffer {
  const writer = encoders.write(name, message)
  return writer.finishInto(Buffer.allocUnsafe(writer.len))
}

/**
 * The same in memory of its own, for bytes that stay. Node makes small buffers from a pool, 8 KiB at a time, which stay as long as the last
 * buffer in them: one that is kept among many that are not would keep those 8 KiB.
 */
export function encodeToKeep<Name extends MessageName>(name: Name, message: EnvoyMessages[Name]): Buffer {
  const writer = encoders.write(name, message)
  return writer.finishInto(Buffer.allocUnsafeSlow(writer.len))
}

/** The message in its wire form; defaults are left out. Throws on bytes that are not of that type. */
export function decode<Name extends MessageName>(name: Name, bytes: Uint8Array): EnvoyMessages[Name] {
  return decodeMessage(shapes.get(name), bytes) as EnvoyMessages[Name]
}

/** Packs a message for a `typed_config`. */
export function any<Name extends MessageName>(name: Name, message: EnvoyMessages[Name]): Any {
  return { type_url: `${TYPE_URL_PREFIX}${name}`, value: encode(name, message) }
}

/** Canonical ProtoJSON, for people and for Envoy's bootstrap file. Packed messages are unpacked. */
export function toProtoJson<Name extends MessageName>(name: Name, bytes: Uint8Array): unknown {
  const shape = shapes.get(name)
  return printMessage(shapes, shape, decodeMessage(shape, bytes))
}

/** The same of a message that nobody needs as bytes. */
export function messageToProtoJson<Name extends MessageName>(name: Name, message: EnvoyMessages[Name]): unknown {
  return printMessage(shapes, shapes.get(name), message)
}

/** Reads canonical ProtoJSON into bytes. Throws on unknown fields and wrong types. */
export function fromProtoJson<Name extends MessageName>(name: Name, json: unknown): Buffer {
  const type = types().lookupType(name)
  return Buffer.from(type.encode(protojson.fromJson(type, json)).finish())
}

/** Undefined when the object is a valid message of that type, else what is wrong. For tests: encoding itself is lenient. */
export function verify<Name extends MessageName>(name: Name, message: EnvoyMessages[Name]): string | undefined {
  return types().lookupType(name).verify(message) ?? undefined
}

/** The message name of a type URL, or undefined for one that we do not know. */
export function messageName(typeUrl: string): MessageName | undefined {
  const name = typeUrl.slice(typeUrl.lastIndexOf('/') + 1)
  return shapes.find(name) === undefined ? undefined : (name as MessageName)
}

/** google.protobuf.Duration of a number of milliseconds. */
export function duration(milliseconds: number): google.protobuf.Duration {
  const seconds = Math.trunc(milliseconds / 1000)
  return { seconds, nanos: Math.round((milliseconds - seconds * 1000) * 1e6) }
}

/** google.protobuf.UInt32Value: tells a set zero from an absent number. */
export function uint32(value: number): google.protobuf.UInt32Value {
  return { value }
}

/** google.protobuf.BoolValue: tells a set false from an absent flag. */
export function bool(value: boolean): google.protobuf.BoolValue {
  return { value }
}
