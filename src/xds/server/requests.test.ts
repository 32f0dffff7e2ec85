import { describe, expect, it } from '@jest/globals'
import { encode } from '../message.js'
import { countFields, decodeDeltaRequest, decodeSotwRequest } from './requests.js'

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
    { what: 'a length beyond the end', bytes: [0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f], want: 1 },
  ])('of $what', ({ bytes, want }) => {
    expect(countFields(Uint8Array.from(bytes))).toBe(want)
  })
})

describe('requests', () => {
  it('a rejection is the presence of error_detail', () => {
    const accepted = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { typeUrl: 't', responseNonce: '1' })
    const rejected = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { typeUrl: 't', responseNonce: '1', errorDetail: {} })
    expect(decodeDeltaRequest(accepted).rejection).toBeUndefined()
    expect(decodeDeltaRequest(rejected).rejection).toEqual({ code: 0, message: '' })
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
    expect(decodeSotwRequest(bytes).node).toEqual({ id: 'n', cluster: 'c', userAgent: 'envoy 1.40.0' })
  })
})
