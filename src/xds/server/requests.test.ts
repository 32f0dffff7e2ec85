import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decode, encode } from '../message.js'
import { countFields, decodeDeltaRequest, decodeSotwRequest } from './requests.js'

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}

describe('countFields', () => {
  it('counts names and versions without decoding them', () => {
    const bytes = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
      node: { id: 'a', cluster: 'b' },
      typeUrl: 't',
      resourceNamesSubscribe: ['a', 'x'.repeat(300), 'c'],
      initialResourceVersions: { a: '1', b: '2' },
    })
    expect(countFields(bytes)).toBe(7)
  })

  it.each([
    { what: 'nothing', bytes: [], want: 0 },
    { what: 'every wire type', bytes: [0x08, 0x96, 0x01, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a, 1, 0, 0x25, 1, 2, 3, 4], want: 4 },
    { what: 'a group, which nobody sends', bytes: [0x08, 1, 0x0b, 0x0c], want: 1 },
    { what: 'a length beyond the end', bytes: [0x08, 1, 0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f], want: 1 },
  ])('of $what', ({ bytes, want }) => {
    expect(countFields(Buffer.from(bytes))).toBe(want)
  })
})

describe('requests', () => {
  it('a rejection is the presence of error_detail', () => {
    const accepted = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { typeUrl: 't', responseNonce: '1' })
    const rejected = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { typeUrl: 't', responseNonce: '1', errorDetail: {} })
    expect(decodeDeltaRequest(accepted).rejection).toBeUndefined()
    expect(decodeDeltaRequest(rejected).rejection).toEqual({ message: '' })
  })

  it('words of a rejection that are cut off in the middle of a letter are read as far as they go', () => {
    const bytes = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { errorDetail: { message: 'missing ): (ä' } })
    // Envoy sends 4,096 bytes at most: the second one of this letter is not among them.
    bytes[bytes.length - 1] = 0x2e
    expect(decodeDeltaRequest(bytes).rejection).toEqual({ message: 'missing ): (\ufffd.' })
  })

  it('what nobody reads costs no memory, however often it stands there', () => {
    const details = Buffer.alloc(2 * 500_000, Buffer.from([0x1a, 0]))
    const rejected = Buffer.concat([Buffer.from([0x3a]), varint(details.length), details])
    const extensions = Buffer.alloc(2 * 500_000, Buffer.from([0x4a, 0]))
    const node = Buffer.concat([Buffer.from([0x12]), varint(extensions.length), extensions])
    const before = process.memoryUsage().heapUsed
    expect(decodeDeltaRequest(rejected).rejection).toEqual({ message: '' })
    expect(decodeSotwRequest(node).node).toEqual({ id: '', cluster: '', userAgent: '', image: '' })
    // A decoder makes an object of each: 40 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000)
  })

  it('names are read as a decoder of the whole message would, in the state of the world as well', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.string(), fc.string(), (resourceNames, typeUrl, responseNonce) => {
        const bytes = encode('envoy.service.discovery.v3.DiscoveryRequest', { node: { id: 'n' }, typeUrl, responseNonce, resourceNames })
        const whole = decode('envoy.service.discovery.v3.DiscoveryRequest', bytes)
        expect(decodeSotwRequest(bytes)).toEqual({
          protocol: 'sotw',
          typeUrl,
          nonce: whole.responseNonce ?? '',
          rejection: undefined,
          node: { id: 'n', cluster: '', userAgent: '', image: '' },
          names: whole.resourceNames ?? [],
        })
      }),
    )
  })

  it('names and versions are read as a decoder of the whole message would', () => {
    const texts = fc.array(fc.string({ unit: 'binary' }))
    const versions = fc.dictionary(
      fc.string({ unit: 'binary' }).filter((name) => name !== '__proto__'),
      fc.string(),
    )
    fc.assert(
      fc.property(
        texts,
        texts,
        versions,
        fc.string(),
        (resourceNamesSubscribe, resourceNamesUnsubscribe, initialResourceVersions, typeUrl) => {
          const message = { node: { id: 'n' }, typeUrl, resourceNamesSubscribe, resourceNamesUnsubscribe, initialResourceVersions }
          const bytes = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', message)
          const whole = decode('envoy.service.discovery.v3.DeltaDiscoveryRequest', bytes)
          expect(decodeDeltaRequest(bytes)).toMatchObject({
            typeUrl,
            node: { id: 'n' },
            subscribe: whole.resourceNamesSubscribe ?? [],
            unsubscribe: whole.resourceNamesUnsubscribe ?? [],
            initialVersions: new Map(Object.entries(whole.initialResourceVersions ?? {})),
          })
        },
      ),
    )
  })

  it('of a node what is used is read, and an Envoy may list as many extensions as it has', () => {
    const node = {
      id: 'a',
      cluster: 'b',
      metadata: { fields: { key: { stringValue: 'value' }, 'headgate.dev/image': { stringValue: 'envoy:v1' }, other: { numberValue: 1 } } },
      locality: { zone: 'c' },
      userAgentName: 'envoy',
      extensions: Array.from({ length: 500 }, (_, at) => ({ name: `envoy.filters.http.${at}`, category: 'envoy.filters.http' })),
      clientFeatures: ['d'],
    }
    const read = (version: object) =>
      decodeDeltaRequest(encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { typeUrl: 't', node: { ...node, ...version } })).node
    const known = { id: 'a', cluster: 'b', image: 'envoy:v1' }
    const version = { majorNumber: 1, minorNumber: 40, patch: 2 }
    expect(read({ userAgentBuildVersion: { version, metadata: { fields: {} } } })).toEqual({ ...known, userAgent: 'envoy 1.40.2' })
    expect(read({ userAgentVersion: 'one' })).toEqual({ ...known, userAgent: 'envoy one' })
    expect(read({})).toEqual({ ...known, userAgent: 'envoy' })
    const number = { fields: { 'headgate.dev/image': { numberValue: 1 } } }
    expect(read({ metadata: number })).toEqual({ ...known, userAgent: 'envoy', image: '' })
  })

  it.each([
    { what: 'an entry without a key', bytes: [0x2a, 3, 0x12, 1, 0x76], want: [['', 'v']] },
    { what: 'an entry without a version', bytes: [0x2a, 3, 0x0a, 1, 0x6b], want: [['k', '']] },
    { what: 'an entry with more in it', bytes: [0x2a, 5, 0x0a, 1, 0x6b, 0x18, 1], want: [['k', '']] },
    {
      what: 'the same name twice',
      bytes: [0x2a, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x31, 0x2a, 6, 0x0a, 1, 0x6b, 0x12, 1, 0x32],
      want: [['k', '2']],
    },
  ])('takes $what', ({ bytes, want }) => {
    expect([...decodeDeltaRequest(Buffer.from(bytes)).initialVersions]).toEqual(want)
  })

  it.each([
    { what: 'a name that is longer than the message', bytes: [0x1a, 5, 0x61] },
    { what: 'a number that does not end', bytes: [0x1a, 0xff] },
    { what: 'a node that ends behind its length', bytes: [0x0a, 2, 0x0a, 2, 0x61, 0x61] },
    { what: 'an entry that ends behind its length', bytes: [0x2a, 2, 0x0a, 2, 0x61, 0x61] },
    { what: 'a group', bytes: [0x1b, 0x1c] },
    { what: 'fixed numbers that are cut off', bytes: [0x09, 1] },
    { what: 'a number of eleven bytes', bytes: [0x08, ...Array<number>(10).fill(0x80), 1] },
    { what: 'a length of eleven bytes', bytes: [0x1a, ...Array<number>(10).fill(0x80), 0] },
  ])('throws at $what', ({ bytes }) => {
    expect(() => decodeDeltaRequest(Buffer.from(bytes))).toThrow(RangeError)
  })

  it('the version of a proxy comes from its build', () => {
    const bytes = encode('envoy.service.discovery.v3.DiscoveryRequest', {
      node: {
        id: 'n',
        cluster: 'c',
        userAgentName: 'envoy',
        userAgentBuildVersion: { version: { majorNumber: 1, minorNumber: 40, patch: 0 } },
      },
    })
    expect(decodeSotwRequest(bytes).node).toEqual({ id: 'n', cluster: 'c', userAgent: 'envoy 1.40.0', image: '' })
  })
})
