import { describe, expect, it } from '@jest/globals'
import protobuf from 'protobufjs'
import { DESCRIPTOR } from '../gen/envoy/descriptor.js'
import { MessageTypes } from './message-types.js'

/** How many messages were read. */
function messages(namespace: protobuf.NamespaceBase): number {
  return namespace.nestedArray.reduce((sum, child) => {
    const nested = child instanceof protobuf.Namespace ? messages(child) : 0
    return sum + nested + Number(child instanceof protobuf.Type)
  }, 0)
}

const MESSAGES: readonly (readonly [what: string, name: string, message: object])[] = [
  ['numbers in a row', 'envoy.type.v3.Int64Range', { start: -3, end: 5 }],
  ['packed numbers', 'envoy.config.core.v3.ApiConfigSource', { clusterNames: ['a', 'b'], apiType: 2, refreshDelay: { seconds: 3 } }],
  ['a message in a message', 'envoy.config.route.v3.RouteAction.HashPolicy.Header', { headerName: 'x' }],
  ['a type that contains itself', 'google.protobuf.Struct', { fields: { a: { structValue: { fields: { b: { numberValue: 1 } } } } } }],
  ['a choice', 'envoy.config.route.v3.RouteMatch', { prefix: '/', headers: [{ name: 'x', presentMatch: true }], grpc: {} }],
  ['an empty choice', 'envoy.config.route.v3.RouteMatch', { prefix: '' }],
  ['wrapped zero', 'envoy.config.core.v3.TcpKeepalive', { keepaliveProbes: { value: 0 } }],
  ['lists of enums', 'envoy.config.core.v3.HealthStatusSet', { statuses: [1, 2, 3] }],
]

describe('message types', () => {
  it.each(MESSAGES)('encode %s as protobufjs does, whoever was asked for first', (_what, name, message) => {
    const bytes = new MessageTypes(DESCRIPTOR).encoder(name)(message).finish()
    expect(Buffer.from(bytes)).toEqual(Buffer.from(new MessageTypes(DESCRIPTOR).lookupType(name).encode(message).finish()))
    const whole = new MessageTypes(DESCRIPTOR)
    for (const line of DESCRIPTOR.split('\n')) whole.lookup(line.slice(0, line.indexOf(' ')))
    whole.resolveAll()
    expect(Buffer.from(bytes)).toEqual(Buffer.from(whole.lookupType(name).encode(message).finish()))
  })

  it.each(MESSAGES)('decode %s as protobufjs does, and make nothing but decoders for it', (_what, name, message) => {
    const bytes = new MessageTypes(DESCRIPTOR).encoder(name)(message).finish()
    const type = new MessageTypes(DESCRIPTOR).lookupType(name)
    const decoded = type.decode(bytes)
    expect(['encode', 'verify', 'fromObject', 'toObject'].filter((made) => Object.hasOwn(type, made))).toEqual([])
    const theirs = new MessageTypes(DESCRIPTOR).lookupType(name).setup()
    expect(type.toObject(decoded)).toEqual(theirs.toObject(theirs.decode(bytes)))
    expect(type.decode(bytes)).toEqual(decoded)
    expect(() => type.decode(bytes.subarray(0, -1))).toThrow()
  })

  it('are read when they are used: all of them take 8 MB and a tenth of a second', () => {
    const types = new MessageTypes(DESCRIPTOR)
    expect(messages(types)).toBe(0)
    types.encoder('envoy.config.listener.v3.Listener')({ name: 'l', address: { socketAddress: { address: '::', portValue: 80 } } })
    expect(messages(types)).toBeGreaterThan(10)
    expect(messages(types)).toBeLessThan(100)
  })

  it('do not know what is not there', () => {
    const types = new MessageTypes(DESCRIPTOR)
    expect(types.lookup('envoy.Unknown')).toBeNull()
    expect(() => types.encoder('envoy.config.listener.v3.Nothing')).toThrow('no such type')
  })
})
