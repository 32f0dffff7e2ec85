import { describe, expect, it } from '@jest/globals'
import { PodPlacements } from './pod-placements.js'

type Gateways = Parameters<PodPlacements['place']>[0]
const of = (merging: Gateways[number]['merging'], ...keys: readonly string[]): Gateways =>
  keys.map((key) => ({ key, gatewayClass: 'headgate', merging, keepsPorts: false }))

describe('where the Gateways of a cluster listen', () => {
  it('is a fleet for each', () => {
    const placed = new PodPlacements().place(of(undefined, 'a/x', 'b/x'))
    expect([...placed.values()].map(({ group, shared }) => [group, shared])).toEqual([
      ['a/x', undefined],
      ['b/x', undefined],
    ])
  })

  it.each([
    { merging: 'SharedAddress', addresses: 'shared' },
    { merging: 'OwnAddresses', addresses: 'own' },
  ] as const)('is one fleet for all of a class that says $merging', ({ merging, addresses }) => {
    const placed = new PodPlacements().place(of(merging, 'a/x', 'b/x'))
    for (const { group, shared } of placed.values()) {
      expect(group).toBe('GatewayClass/headgate')
      expect(shared).toEqual({ gatewayClass: 'headgate', addresses })
    }
  })

  it('is on the ports of listeners themselves where that is asked for', () => {
    const [gateway] = of(undefined, 'a/x')
    const ports = (keepsPorts: boolean) =>
      new PodPlacements().place(gateway === undefined ? [] : [{ ...gateway, keepsPorts }]).get('a/x')?.ports
    expect([ports(false), ports(true)]).toEqual([
      { privilegedOffset: 10_000, offset: 0 },
      { privilegedOffset: 0, offset: 0 },
    ])
  })

  it('stays what it is while the configuration of the class cannot be read', () => {
    const placements = new PodPlacements()
    const before = placements.place(of('SharedAddress', 'a/x', 'b/x'))
    expect(placements.place(of('unknown', 'a/x', 'b/x'))).toEqual(before)
    expect(new PodPlacements().place(of('unknown', 'a/x')).get('a/x')?.group).toBe('a/x')
  })
})
