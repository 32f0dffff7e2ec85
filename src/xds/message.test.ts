import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Enum } from '../gen/envoy/enums.js'
import { any, decode, duration, encode, encodeToKeep, fromProtoJson, messageName, toProtoJson, verify } from './message.js'

describe('messages', () => {
  it('come back from their bytes', () => {
    const cluster = { name: 'c', type: Enum['envoy.config.cluster.v3.Cluster.DiscoveryType'].EDS, connectTimeout: duration(1500) }
    expect(decode('envoy.config.cluster.v3.Cluster', encode('envoy.config.cluster.v3.Cluster', cluster))).toMatchObject(cluster)
  })

  it('print packed messages as ProtoJSON and read them again', () => {
    const listener = {
      name: 'l',
      filterChains: [
        { filters: [{ name: 'f', typedConfig: any('envoy.extensions.filters.http.router.v3.Router', { startChildSpan: true }) }] },
      ],
    }
    const bytes = encode('envoy.config.listener.v3.Listener', listener)
    const json = toProtoJson('envoy.config.listener.v3.Listener', bytes)
    expect(json).toEqual({
      name: 'l',
      filterChains: [
        {
          filters: [
            {
              name: 'f',
              typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router', startChildSpan: true },
            },
          ],
        },
      ],
    })
    expect(fromProtoJson('envoy.config.listener.v3.Listener', json).equals(bytes)).toBe(true)
  })

  it('keep whole numbers of 64 bits to the last digit, from bytes to ProtoJSON and back', () => {
    const name = 'google.protobuf.Int64Value'
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes = fromProtoJson(name, String(value))
        expect(toProtoJson(name, bytes)).toBe(String(value))
        expect(encode(name, decode(name, bytes)).equals(bytes)).toBe(true)
      }),
    )
  })

  it('keeps fields that are newer than the dependency', () => {
    const bytes = encode('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', { autoHostSni: true })
    expect(toProtoJson('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', bytes)).toEqual({ autoHostSni: true })
  })

  it('finds what a type cannot say', () => {
    const wrong = { name: 5 } as unknown as { name: string }
    expect(verify('envoy.config.cluster.v3.Cluster', wrong)).toMatch('name')
    expect(verify('envoy.config.cluster.v3.Cluster', { name: 'c' })).toBeUndefined()
  })

  it('knows the message of a type URL', () => {
    expect(messageName('type.googleapis.com/envoy.config.cluster.v3.Cluster')).toBe('envoy.config.cluster.v3.Cluster')
    expect(messageName('type.googleapis.com/envoy.Unknown')).toBeUndefined()
  })

  it.each([
    { milliseconds: 0, want: { seconds: 0, nanos: 0 } },
    { milliseconds: 1500, want: { seconds: 1, nanos: 500_000_000 } },
    { milliseconds: 0.25, want: { seconds: 0, nanos: 250_000 } },
  ])('writes $milliseconds ms', ({ milliseconds, want }) => {
    expect(duration(milliseconds)).toEqual(want)
  })
})

it('writes a message as if there had been none before, one that stopped in the middle or a large one', () => {
  const host = { name: 'a', domains: ['a.example.com'], routes: [{ match: { prefix: '/' }, route: { cluster: 'c' } }] }
  const bytes = encode('envoy.config.route.v3.VirtualHost', host)
  expect(() => encode('envoy.config.route.v3.VirtualHost', { ...host, routes: [null as never] })).toThrow()
  expect(encode('envoy.config.route.v3.VirtualHost', host)).toEqual(bytes)
  const large = { ...host, name: 'a'.repeat(100_000) }
  expect(decode('envoy.config.route.v3.VirtualHost', encode('envoy.config.route.v3.VirtualHost', large))).toMatchObject({
    name: large.name,
  })
  expect(encodeToKeep('envoy.config.route.v3.VirtualHost', host)).toEqual(bytes)
  expect(encode('envoy.config.route.v3.VirtualHost', host)).toEqual(bytes)
})
