import { describe, expect, it } from '@jest/globals'
import type { Placement } from '../../ir/placement.js'
import { hasSpareLoopbackAddresses, LocalPlacements } from './local-placements.js'

const addresses = (placed: ReadonlyMap<string, Placement>) =>
  Object.fromEntries(
    [...placed].map(
      ([
        key,
        {
          addresses: [first],
        },
      ]) => [key, first],
    ),
  )

const gateways = (keys: readonly string[], merging?: 'SharedAddress' | 'unknown') =>
  keys.map((key) => ({ key, gatewayClass: 'headgate', merging, addresses: [] }))

const asking = (wishes: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(wishes).map(([key, addresses]) => ({ key, gatewayClass: 'headgate', merging: undefined, addresses }))

describe('LocalPlacements', () => {
  it('counts up from 127.0.0.1', () => {
    expect(addresses(new LocalPlacements(0, true).place(gateways(['default/a', 'default/b'])))).toEqual({
      'default/a': '127.0.0.1',
      'default/b': '127.0.0.2',
    })
  })

  it('keeps the place of a Gateway when another one goes, and fills the gap with the next', () => {
    const placements = new LocalPlacements(0, true)
    placements.place(gateways(['default/a', 'default/b', 'default/c']))
    expect(addresses(placements.place(gateways(['default/0', 'default/b', 'default/c'])))).toEqual({
      'default/0': '127.0.0.1',
      'default/b': '127.0.0.2',
      'default/c': '127.0.0.3',
    })
  })

  it('forgets a Gateway that went', () => {
    const placements = new LocalPlacements(0, true)
    placements.place(gateways(['default/a', 'default/b']))
    placements.place(gateways(['default/a']))
    expect(addresses(placements.place(gateways(['default/a', 'default/b', 'default/c'])))).toMatchObject({ 'default/b': '127.0.0.2' })
  })

  it('goes on behind 127.0.0.255', () => {
    const keys = Array.from({ length: 256 }, (_, index) => `default/g${String(index).padStart(3, '0')}`)
    expect(addresses(new LocalPlacements(0, true).place(gateways(keys)))['default/g255']).toBe('127.0.1.0')
  })

  describe('an address that a Gateway asks for', () => {
    const placed = (...rounds: readonly Readonly<Record<string, readonly string[]>>[]) => {
      const placements = new LocalPlacements(0, true)
      return rounds.map((wishes) => addresses(placements.place(asking(wishes)))).at(-1)
    }

    it('is taken, whoever comes before it by name, and also when it asks later', () => {
      expect(placed({ a: [], b: ['127.0.0.1'], c: ['127.1.2.3'] })).toEqual({ a: '127.0.0.2', b: '127.0.0.1', c: '127.1.2.3' })
      expect(placed({ a: [], b: [] }, { a: ['127.0.0.9'], b: [] })).toEqual({ a: '127.0.0.9', b: '127.0.0.2' })
    })

    it('is not taken from whoever has it: then another one that it asks for, or that it has, is good', () => {
      expect(placed({ a: [], b: [] }, { a: [], b: ['127.0.0.1'] })).toEqual({ a: '127.0.0.1', b: '127.0.0.2' })
      expect(placed({ a: [] }, { a: [], b: ['127.0.0.1', '127.0.0.4'] })).toEqual({ a: '127.0.0.1', b: '127.0.0.4' })
    })

    it('stays when nobody asks for it any more, and when others ask for it', () => {
      expect(placed({ a: ['127.0.0.5'] }, { a: [], b: ['127.0.0.5'] })).toEqual({ a: '127.0.0.5', b: '127.0.0.1' })
    })

    it.each(['192.0.2.1', '::1', '127.0.0.0', '127.0.0.1.1', 'localhost'])('counts only where it is one of this machine: %s', (address) => {
      expect(placed({ a: [address], b: [] })).toEqual({ a: '127.0.0.1', b: '127.0.0.2' })
    })

    it('is that of all who share theirs', () => {
      const placements = new LocalPlacements(0, true)
      const shared = asking({ a: [], b: ['127.0.0.7'] }).map((each) => ({ ...each, merging: 'SharedAddress' as const }))
      expect(addresses(placements.place(shared))).toEqual({ a: '127.0.0.7', b: '127.0.0.7' })
    })

    it('cannot be had where there is one address only', () => {
      expect(addresses(new LocalPlacements(0, false).place(asking({ a: ['127.0.0.7'] })))).toEqual({ a: '127.0.0.1' })
    })
  })

  it('gives Gateways that share their addresses one place, also while nobody knows whether they do', () => {
    const placements = new LocalPlacements(0, true)
    const shared = { gatewayClass: 'headgate', addresses: 'shared' }
    const placed = placements.place(gateways(['a', 'b'], 'SharedAddress'))
    expect([...placed.values()]).toEqual(Array(2).fill(expect.objectContaining({ addresses: ['127.0.0.1'], shared })))
    expect(placements.place(gateways(['a', 'b'], 'unknown'))).toEqual(placed)
    expect(addresses(placements.place(gateways(['a', 'b'])))).toEqual({ a: '127.0.0.1', b: '127.0.0.2' })
  })

  it('moves privileged ports up, and all by the offset', () => {
    expect(new LocalPlacements(100, true).place(gateways(['a'])).get('a')?.ports).toEqual({ privilegedOffset: 8000, offset: 100 })
  })

  it('leaves ports alone that another program has, on its address, and tells of each once', () => {
    const told: unknown[] = []
    const placements = new LocalPlacements(0, true, (found) => told.push(found))
    const name = 'a/127.0.0.2/80/tcp'
    const rejected = { name, message: `${name}: cannot bind '127.0.0.2:8080': Address already in use` }
    expect([placements.isMovedBy(rejected), placements.isMovedBy(rejected)]).toEqual([true, false])
    expect(placements.isMovedBy({ name, message: `${name}: no filter chains specified` })).toBe(false)
    expect([...placements.place(gateways(['a', 'b'])).values()].map(({ ports }) => ports.busy)).toEqual([undefined, [8080]])
    expect(told).toEqual([{ address: '127.0.0.2', port: 8080 }])
  })

  it('moves ports apart where there is one address only', () => {
    const placed = new LocalPlacements(5, false).place(gateways(['a', 'b']))
    expect(addresses(placed)).toEqual({ a: '127.0.0.1', b: '127.0.0.1' })
    expect([...placed.values()].map(({ ports }) => ports.offset)).toEqual([5, 105])
  })
})

it('Linux has spare loopback addresses', async () => {
  expect(await hasSpareLoopbackAddresses()).toBe(process.platform === 'linux')
})
