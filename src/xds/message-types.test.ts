/** Bytes and ProtoJSON of every message that the descriptor has are those of protobufjs. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import protojson from 'protobufjs/ext/protojson.js'
import { DESCRIPTOR } from '../gen/envoy/descriptor.js'
import { decodeMessage } from './decode-message.js'
import { MessageEncoders } from './encode-message.js'
import { descriptorLines, type FieldShape, type MessageShape, MessageShapes } from './message-shapes.js'
import { MessageTypes } from './message-types.js'
import { printMessage } from './print-message.js'

type Message = Record<string, unknown>

const LINES = descriptorLines(DESCRIPTOR)
const shapes = new MessageShapes(LINES)
const types = new MessageTypes(LINES)
const NAMES = LINES.flatMap(([name, json]) => namesIn(name, JSON.parse(json) as { nested?: object; values?: object }))

function namesIn(name: string, { nested = {}, values }: { nested?: object; values?: object }): readonly string[] {
  if (values !== undefined) return []
  return [name, ...Object.entries(nested).flatMap(([last, inner]) => namesIn(`${name}.${last}`, inner as { nested?: object }))]
}

/** Enough of them that the later ones are written by a program. */
const MESSAGES_OF_A_TYPE = 16

/** Compilers of .proto files talk in these: protobufjs reads options by them, and Envoy none. */
const OF_COMPILERS = /^google\.protobuf\.(?:\w*Descriptor|\w*Options|FeatureSet|GeneratedCodeInfo|SourceCodeInfo|UninterpretedOption)/

const SCALARS: Readonly<Record<Exclude<FieldShape['kind'], 'enum' | 'message'>, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  string: fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 6 })),
  bytes: fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
  double: fc.oneof(fc.constantFrom(0, -0, 1), fc.double({ noNaN: true, noDefaultInfinity: true })),
  float: fc.oneof(fc.constantFrom(0, -0, 1), fc.float({ noNaN: true, noDefaultInfinity: true })),
  int32: fc.oneof(fc.constant(0), fc.integer()),
  sint32: fc.oneof(fc.constant(0), fc.integer()),
  sfixed32: fc.oneof(fc.constant(0), fc.integer()),
  uint32: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  fixed32: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
  int64: fc.oneof(fc.constant(0), fc.maxSafeInteger()),
  sint64: fc.oneof(fc.constant(0), fc.maxSafeInteger()),
  sfixed64: fc.oneof(fc.constant(0), fc.maxSafeInteger()),
  uint64: fc.oneof(fc.constant(0), fc.maxSafeNat()),
  fixed64: fc.oneof(fc.constant(0), fc.maxSafeNat()),
}

/** A message with a few of its fields, at most one of each oneof. */
function message(shape: MessageShape, depth: number): fc.Arbitrary<Message> {
  const special = SPECIAL[shape.name]
  if (special !== undefined) return special
  const fields = shape.fields.filter(({ kind }) => depth > 0 || kind !== 'message')
  if (fields.length === 0) return fc.constant({})
  return fc.shuffledSubarray([...fields], { maxLength: Math.min(fields.length, 6) }).chain((chosen) => {
    const apart = chosen.filter(({ rivals }, at) => !chosen.slice(0, at).some(({ name }) => rivals.includes(name)))
    return fc.record(Object.fromEntries(apart.map((field) => [field.name, value(field, depth)]))) as fc.Arbitrary<Message>
  })
}

function value(field: FieldShape, depth: number): fc.Arbitrary<unknown> {
  const one = (): fc.Arbitrary<unknown> => {
    if (field.kind === 'message') return fc.constant(undefined).chain(() => message(field.message(), depth - 1))
    return field.kind === 'enum' ? fc.constantFrom(...field.names().keys()) : SCALARS[field.kind]
  }
  if (field.keyType === 'string') return fc.dictionary(fc.string({ maxLength: 3 }), one(), { maxKeys: 3, noNullPrototype: true })
  if (field.keyType !== undefined) return fc.dictionary(fc.nat().map(String), one(), { maxKeys: 3, noNullPrototype: true })
  return field.isRepeated ? fc.array(one(), { maxLength: 3 }) : one()
}

const SPECIAL: Readonly<Record<string, fc.Arbitrary<Message>>> = {
  'google.protobuf.Any': fc.constantFrom<Message[]>(
    {},
    { type_url: 'type.googleapis.com/google.protobuf.UInt32Value', value: Buffer.from([8, 5]) },
    { type_url: 'type.googleapis.com/envoy.config.core.v3.Pipe', value: Buffer.from('\n\x01p\x10\x07') },
    { type_url: 'type.googleapis.com/google.protobuf.Empty' },
  ),
  'google.protobuf.Duration': fc.record({ seconds: fc.nat({ max: 1e9 }), nanos: fc.constantFrom(0, 1, 20_000, 999_000_000) }),
  'google.protobuf.Timestamp': fc.record({ seconds: fc.nat({ max: 2e9 }), nanos: fc.constantFrom(0, 1, 20_000, 999_000_000) }),
  'google.protobuf.FieldMask': fc.record({ paths: fc.array(fc.constantFrom('a', 'some_field.other_one')) }),
  'google.protobuf.Value': fc.oneof(
    fc.constantFrom<Message[]>({ nullValue: 0 }, { boolValue: false }, { numberValue: 0 }, { stringValue: '' }, { structValue: {} }),
    fc.constant({
      listValue: { values: [{ stringValue: 'a' }, { structValue: { fields: { b: { numberValue: 1.5 }, c: { nullValue: 0 } } } }] },
    }),
  ),
}

function sample(shape: MessageShape): readonly Message[] {
  return fc.sample(message(shape, 3), { numRuns: MESSAGES_OF_A_TYPE, seed: 7 })
}

const PACKAGES = Map.groupBy(
  NAMES.filter((name) => !OF_COMPILERS.test(name)),
  (name) => name.slice(0, name.search(/\.[A-Z]/)),
)

describe('bytes, objects and ProtoJSON', () => {
  it.each([...PACKAGES])('of %s are what protobufjs makes of them', (_package, names) => {
    for (const name of names) {
      const shape = shapes.get(name)
      const type = types.lookupType(name)
      const encoders = new MessageEncoders(shapes)
      for (const each of sample(shape)) {
        const bytes = Buffer.from(encoders.of(name).encode(each, protobuf.Writer.create()).finish())
        const theirs = type.encode(each).finish()
        const decoded = decodeMessage(shape, bytes)
        expect([name, bytes.toString('hex')]).toEqual([name, Buffer.from(theirs).toString('hex')])
        expect([name, decoded]).toEqual([name, type.toObject(type.decode(bytes), { longs: Number })])
        const json = JSON.stringify(protojson.toJson(type, type.decode(bytes)))
        expect([name, JSON.stringify(printMessage(shapes, shape, decoded))]).toEqual([name, json])
        expect([name, JSON.stringify(printMessage(shapes, shape, each))]).toEqual([name, JSON.stringify(protojson.toJson(type, each))])
      }
    }
  })

  it('know no field by a name that every object has', () => {
    const fields = NAMES.flatMap((name) => shapes.get(name).fields.map((field) => field.name))
    expect(fields.filter((name) => name in {})).toEqual([])
    expect(fields.filter((name) => !/^[a-z]\w*$/i.test(name) && !name.startsWith('.'))).toEqual([])
  })
})

describe('decoding', () => {
  const MATCH = 'envoy.config.route.v3.RouteMatch'
  const bytesOf = (name: string, message: object): Uint8Array =>
    new MessageEncoders(shapes).of(name).encode(message, protobuf.Writer.create()).finish()
  const read = (name: string, ...parts: readonly Uint8Array[]): object => decodeMessage(shapes.get(name), Buffer.concat(parts))

  it('takes the last of a oneof, and puts a message together that comes in pieces', () => {
    const pieces = [bytesOf(MATCH, { prefix: '/a' }), bytesOf(MATCH, { path: '/b' })]
    expect(read(MATCH, ...pieces)).toEqual({ path: '/b' })
    const [one, other] = [{ fixedDelay: { seconds: 1 } }, { fixedDelay: { nanos: 5 } }].map((delay) =>
      bytesOf('envoy.extensions.filters.common.fault.v3.FaultDelay', delay),
    )
    const both = read('envoy.extensions.filters.common.fault.v3.FaultDelay', one as Uint8Array, other as Uint8Array)
    expect(both).toEqual({ fixedDelay: { seconds: 1, nanos: 5 } })
  })

  it('forgets a value when its default follows', () => {
    expect(read('google.protobuf.Duration', Buffer.from([8, 5, 8, 0]))).toEqual({})
  })

  it('takes lists of numbers in both forms', () => {
    const name = 'envoy.config.core.v3.HealthStatusSet'
    expect(read(name, Buffer.from([8, 1, 8, 2]), Buffer.from([10, 2, 3, 4]))).toEqual({ statuses: [1, 2, 3, 4] })
  })

  it('leaves out what it does not know, by number or by form', () => {
    expect(read('google.protobuf.UInt32Value', Buffer.from([8, 5, 0xf8, 0x07, 1, 10, 1, 65]))).toEqual({ value: 5 })
  })

  it.each([
    ['that end too soon', 'google.protobuf.StringValue', [10, 5, 65]],
    ['whose message is longer than they', MATCH, [50, 9, 0]],
    ['whose message ends within a field', 'envoy.config.core.v3.Address', [10, 2, 18, 9, 65, 65, 65, 65, 65, 65, 65, 65, 65]],
    ['whose text is none', 'google.protobuf.StringValue', [10, 1, 0xff]],
    ['without end of a group', 'google.protobuf.StringValue', [11]],
  ])('throws for bytes %s', (_what, name, bytes) => {
    expect(() => types.lookupType(name).decode(Buffer.from(bytes))).toThrow()
    expect(() => read(name, Buffer.from(bytes))).toThrow()
  })

  it('throws before messages in messages fill the stack', () => {
    const nested = (depth: number): Buffer => {
      const inner = depth === 0 ? Buffer.alloc(0) : nested(depth - 1)
      return Buffer.from(new protobuf.Writer().uint32(50).bytes(new protobuf.Writer().uint32(10).bytes(inner).finish()).finish())
    }
    expect(() => read('google.protobuf.Value', nested(20))).not.toThrow()
    expect(() => read('google.protobuf.Value', nested(60))).toThrow('max depth exceeded')
  })
})

describe('shapes', () => {
  it('are read when a message needs them', () => {
    const own = new MessageShapes(LINES)
    const encoders = new MessageEncoders(own)
    const listener = { name: 'l', address: { socketAddress: { address: '::', portValue: 80 } } }
    encoders.of('envoy.config.listener.v3.Listener').encode(listener, protobuf.Writer.create())
    expect(own.size).toBe(3)
  })

  it('do not know what is not there', () => {
    expect(shapes.find('envoy.Unknown')).toBeUndefined()
    expect(shapes.find('envoy.config.core.v3.ApiVersion')).toBeUndefined()
    expect(() => new MessageEncoders(shapes).of('envoy.config.listener.v3.Nothing')).toThrow('no such type')
  })
})
