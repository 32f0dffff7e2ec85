import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { boundPorts, type Placement, type ScopedPort, scopedPortWord, spreadPorts, usualPort } from './placement.js'

describe('boundPorts', () => {
  it.each([
    { rule: 'privileged ports move', mapping: { privilegedOffset: 8000, offset: 0 }, ports: [80, 443, 9000], want: [8080, 8443, 9000] },
    {
      rule: 'a port that a listener names is kept for it',
      mapping: { privilegedOffset: 8000, offset: 0 },
      ports: [80, 8080],
      want: [18080, 8080],
    },
    { rule: 'every port moves by the offset', mapping: { privilegedOffset: 8000, offset: 100 }, ports: [80, 9000], want: [8180, 9100] },
    { rule: 'nothing moves with the rights to bind', mapping: { privilegedOffset: 0, offset: 0 }, ports: [80, 8080], want: [80, 8080] },
    {
      rule: 'what would bind a busy port moves, also away from a port that a listener names',
      mapping: { privilegedOffset: 8000, offset: 0, busy: [8080, 9000] },
      ports: [80, 443, 9000, 18080],
      want: [28080, 8443, 19000, 18080],
    },
    {
      rule: 'busy is what is bound',
      mapping: { privilegedOffset: 8000, offset: 100, busy: [8180] },
      ports: [80, 8080],
      want: [18180, 28180],
    },
    { rule: 'no room beyond the last port', mapping: { privilegedOffset: 0, offset: 10_000 }, ports: [60_000], want: [undefined] },
  ])('$rule', ({ mapping, ports, want }) => {
    const bound = boundPorts(mapping, ports)
    expect(ports.map((port) => bound.get(port))).toEqual(want)
  })
})

describe('usualPort', () => {
  const laptop: Placement = { group: 'g', addresses: ['127.0.0.1'], ports: { privilegedOffset: 8000, offset: 0 } }
  it.each([
    { port: 443, usual: 8443 },
    { port: 8443, usual: 8443 },
  ])('of $port is $usual, whoever else wants it', ({ port, usual }) => {
    expect(usualPort(laptop, { scope: 'a/x', port })).toBe(usual)
  })

  it('is the one that is made from the name where Gateways share proxies', () => {
    const shared = { ...laptop, shared: { gatewayClass: 'c', addresses: 'own' } } as const
    const each = { scope: 'a/x', port: 443 }
    expect(usualPort(shared, each)).toBe(spreadPorts([each]).get(scopedPortWord(each)))
  })
})

describe('spreadPorts', () => {
  const port = fc.record({ scope: fc.constantFrom('a/x', 'a/y', 'b/x'), port: fc.integer({ min: 1, max: 65_535 }) })
  const ports = fc.uniqueArray(port, { selector: scopedPortWord, maxLength: 200 })

  it('gives every port of every scope one of its own, that may be bound and is not for outgoing connections', () => {
    fc.assert(
      fc.property(ports, (all) => {
        const bound = [...spreadPorts(all).values()]
        expect(new Set(bound).size).toBe(all.length)
        for (const each of bound) expect(each !== undefined && each >= 1_024 && each < 32_768).toBe(true)
      }),
    )
  })

  it('moves nothing that was there before when something younger comes', () => {
    fc.assert(
      fc.property(ports, port, (all, younger) => {
        const before = spreadPorts(all)
        const after = spreadPorts([...all, younger])
        for (const each of all) expect(after.get(scopedPortWord(each))).toBe(before.get(scopedPortWord(each)))
      }),
    )
  })

  it('has no port for what is too much', () => {
    const many = Array.from({ length: 22_001 }, (_, index): ScopedPort => ({ scope: `a/${index}`, port: 80 }))
    const bound = [...spreadPorts(many).values()]
    expect(bound.filter((each) => each === undefined)).toHaveLength(1)
    expect(bound.at(-1)).toBeUndefined()
  })
})
