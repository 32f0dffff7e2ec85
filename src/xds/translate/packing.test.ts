import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { tablePacking } from './packing.js'

const packing = (scopedAbove: number, hosts: number) => tablePacking({ scopedAbove }, () => hosts)

describe('a packing by a limit', () => {
  it.each([
    { hosts: 0, has: 'rds' },
    { hosts: 100, has: 'rds' },
    { hosts: 101, has: 'both, rds for new connections' },
    { hosts: 1_000, has: 'both, rds for new connections' },
    { hosts: 1_001, has: 'both, scoped for new connections' },
    { hosts: 1_500, has: 'both, scoped for new connections' },
    { hosts: 1_501, has: 'scoped' },
  ])('of 1,000: a table of $hosts has $has', ({ hosts, has }) => {
    const { rds, scopes, newConnections } = packing(1_000, hosts)
    expect(rds && scopes ? `both, ${newConnections} for new connections` : rds ? 'rds' : 'scoped').toBe(has)
  })

  it('of 0 is scoped for every table with an exact host', () => {
    expect([packing(0, 0).newConnections, packing(0, 1).newConnections]).toEqual(['rds', 'scoped'])
  })

  it('always has what new connections use, and where it turns, both sides have both', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 5_000 }), fc.nat(10_000), (limit, hosts) => {
        const here = packing(limit, hosts)
        expect(here.newConnections === 'rds' ? here.rds : here.scopes).toBe(true)
        for (const there of [packing(limit, limit), packing(limit, limit + 1)]) {
          expect([there.rds, there.scopes]).toEqual([true, true])
        }
      }),
    )
  })
})

describe('a fixed packing', () => {
  it('asks for no number', () => {
    const never = () => {
      throw new Error('asked')
    }
    expect(tablePacking('rds', never)).toMatchObject({ rds: true, scopes: false })
    expect(tablePacking('scoped', never)).toMatchObject({ rds: false, scopes: true })
  })
})
