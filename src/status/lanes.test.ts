import { describe, expect, it } from '@jest/globals'
import { Lanes } from './lanes.js'

const lanesOf = (...names: readonly string[]): Lanes<{ readonly name: string }> => {
  const lanes = new Lanes<{ readonly name: string }>()
  for (const name of names) lanes.add({ name })
  return lanes
}
const take = (lanes: Lanes<{ readonly name: string }>, count: number): readonly (string | undefined)[] =>
  Array.from({ length: count }, () => lanes.take()?.name)
const many = (lane: string, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${lane}/${i}`)

describe('Lanes', () => {
  it('lets kinds take turns, and namespaces within a kind', () => {
    const lanes = lanesOf(...many('HTTPRoute/a', 3), 'HTTPRoute/b/0', 'Gateway/a/0', 'GatewayClass//0')
    expect(take(lanes, 7)).toEqual([
      ...['HTTPRoute/a/0', 'Gateway/a/0', 'GatewayClass//0', 'HTTPRoute/b/0', 'HTTPRoute/a/1', 'HTTPRoute/a/2'],
      undefined,
    ])
  })

  it('has no more of a namespace under way than eight, and of a kind than 32', () => {
    const lanes = lanesOf(...many('HTTPRoute/a', 20), ...['b', 'c', 'd', 'e'].flatMap((each) => many(`HTTPRoute/${each}`, 7)))
    const taken = take(lanes, 40).filter((name) => name !== undefined)
    expect(taken).toHaveLength(32)
    expect(taken.filter((name) => name.startsWith('HTTPRoute/a/')).length).toBeLessThanOrEqual(8)
    lanes.add({ name: 'TCPRoute/a/0' })
    expect(take(lanes, 2)).toEqual(['TCPRoute/a/0', undefined])
    lanes.done({ name: 'HTTPRoute/a/0' })
    expect(lanes.take()?.name).toMatch('HTTPRoute/')
    expect(lanes.take()).toBeUndefined()
  })

  it('has no more than eight of a namespace although there is room for its kind', () => {
    const lanes = lanesOf(...many('HTTPRoute/a', 9), 'HTTPRoute/b/0')
    expect(take(lanes, 10).filter((name) => name === undefined)).toHaveLength(1)
    lanes.done({ name: 'HTTPRoute/a/3' })
    expect(lanes.take()?.name).toBe('HTTPRoute/a/8')
  })

  it('gives back what waits', () => {
    const lanes = lanesOf('HTTPRoute/a/0', 'HTTPRoute/a/1', 'Gateway/a/0')
    lanes.take()
    expect(lanes.clear().map(({ name }) => name)).toEqual(['Gateway/a/0', 'HTTPRoute/a/1'])
    expect(lanes.take()).toBeUndefined()
  })
})
