import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { assignLocalAddresses, type LocalAddress, mapPorts } from './port-mapping.js'

describe('mapPorts', () => {
  it.each([
    { rule: 'HTTP and HTTPS move up by 8000', ports: [80, 443], offset: 0, want: { 80: 8080, 443: 8443 } },
    { rule: 'ports from 1024 on stay', ports: [1023, 1024, 9000], offset: 0, want: { 1023: 9023, 1024: 1024, 9000: 9000 } },
    { rule: 'a listener that asks for the target port keeps it', ports: [80, 8080], offset: 0, want: { 80: 18080, 8080: 8080 } },
    { rule: 'the offset is added to all', ports: [80, 9000], offset: 100, want: { 80: 8180, 9000: 9100 } },
    { rule: 'a port beyond the last has no room', ports: [65_535], offset: 1, want: { 65535: undefined } },
  ])('$rule', ({ ports, offset, want }) => {
    expect(Object.fromEntries(mapPorts(ports, offset))).toEqual(want)
  })

  it('never gives two ports the same place', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20_000 })), (ports) => {
        const local = [...mapPorts(ports).values()]
        expect(new Set(local).size).toBe(local.length)
        expect(local).not.toContain(undefined)
      }),
    )
  })
})

describe('assignLocalAddresses', () => {
  const none = new Map<string, LocalAddress>()
  const addresses = (result: ReadonlyMap<string, LocalAddress>) =>
    Object.fromEntries([...result].map(([key, { address }]) => [key, address]))

  it('counts up from 127.0.0.1', () => {
    expect(addresses(assignLocalAddresses(none, ['default/a', 'default/b']))).toEqual({
      'default/a': '127.0.0.1',
      'default/b': '127.0.0.2',
    })
  })

  it('keeps the address of a Gateway when another one goes, and fills the gap with the next', () => {
    const before = assignLocalAddresses(none, ['default/a', 'default/b', 'default/c'])
    const after = assignLocalAddresses(before, ['default/0', 'default/b', 'default/c'])
    expect(addresses(after)).toEqual({ 'default/0': '127.0.0.1', 'default/b': '127.0.0.2', 'default/c': '127.0.0.3' })
  })

  it('goes on behind 127.0.0.255', () => {
    const keys = Array.from({ length: 256 }, (_, index) => `default/g${index}`)
    expect(assignLocalAddresses(none, keys).get('default/g255')?.address).toBe('127.0.1.0')
  })

  it('moves ports apart where there is one address only', () => {
    expect([...assignLocalAddresses(none, ['a', 'b'], false).values()]).toEqual([
      { address: '127.0.0.1', portOffset: 0 },
      { address: '127.0.0.1', portOffset: 100 },
    ])
  })
})
