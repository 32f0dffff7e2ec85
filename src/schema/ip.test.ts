import { isIPv4 as nodeIPv4, isIPv6 as nodeIPv6 } from 'node:net'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { isIP, isIPv4, isIPv6 } from './ip.js'

describe('addresses', () => {
  it.each(['0.0.0.0', '192.0.2.1', '255.255.255.255'])('%s is IPv4', (text) => expect(isIPv4(text)).toBe(true))

  it.each(['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.-4', '1.2.3.4 ', 'a.b.c.d', '0x1.2.3.4'])('%j is no IPv4', (text) =>
    expect(isIPv4(text)).toBe(false),
  )

  it.each(['::', '::1', '2001:db8::1', '1:2:3:4:5:6:7:8', '::ffff:192.0.2.1', '64:ff9b::192.0.2.33', '1::8', '1:2:3:4:5:6:7::'])(
    '%s is IPv6',
    (text) => expect(isIPv6(text)).toBe(true),
  )

  it.each([
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    'g::',
    '::1%eth0',
    '[::1]',
    '1:2:3:4:5:6:7:8::',
    '::1.2.3',
  ])('%j is no IPv6', (text) => expect(isIPv6(text)).toBe(false))

  it('are those that the platform knows, apart from zones', () => {
    const part = fc.constantFrom('0', '1', '10', '255', '256', '01', 'ffff', '10000', ':', '::', '.', '')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 16 }), (parts) => {
        const text = parts.join('')
        expect([isIPv4(text), isIPv6(text)]).toEqual([nodeIPv4(text), nodeIPv6(text)])
      }),
      { numRuns: 2_000 },
    )
  })

  it('of either family are addresses', () => {
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => expect(isIP(text)).toBe(true)))
  })
})
