import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Change, KubeObject } from '../provider/provider.js'
import { objectKey } from '../util/object-ref.js'
import { FirstRoutes } from './first-routes.js'

const changeOf = (kind: string, name: string, generation: number | undefined): Change => {
  const object = { apiVersion: 'v1', kind, metadata: { name, namespace: 'n', generation } } as KubeObject
  return { kind, key: objectKey('n', name), object: generation === undefined ? undefined : object }
}
const named = (changes: readonly Change[]): readonly string[] => changes.map(({ kind, key }) => `${kind}/${key}`)

describe('FirstRoutes', () => {
  it('lets everything but routes through, and routes in portions when it is asked for them', () => {
    const routes = new FirstRoutes(2)
    const batch = ['a', 'b', 'c'].flatMap((name) => [changeOf('HTTPRoute', name, 1), changeOf('Service', name, 1)])
    expect(named(routes.keepBack(batch))).toEqual(['Service/n/a', 'Service/n/b', 'Service/n/c'])
    expect(named(routes.next())).toEqual(['HTTPRoute/n/a', 'HTTPRoute/n/b'])
    expect(routes.isWaiting).toBe(true)
    expect(named(routes.next())).toEqual(['HTTPRoute/n/c'])
    expect(routes.isWaiting).toBe(false)
  })

  it('keeps of a route that waits the newest version, in its place, and lets through one that had its turn or is new', () => {
    const routes = new FirstRoutes(1)
    routes.keepBack([changeOf('GRPCRoute', 'a', 1), changeOf('HTTPRoute', 'a', 1), changeOf('HTTPRoute', 'b', 1)])
    expect(named(routes.next())).toEqual(['GRPCRoute/n/a'])
    const more = [changeOf('GRPCRoute', 'a', 2), changeOf('HTTPRoute', 'a', 2), changeOf('HTTPRoute', 'new', 1)]
    expect(named(routes.keepBack(more))).toEqual(['GRPCRoute/n/a', 'HTTPRoute/n/new'])
    expect(routes.next()).toEqual([changeOf('HTTPRoute', 'a', 2)])
  })

  it('makes portions larger rather than more of them without end', () => {
    const routes = new FirstRoutes(1)
    routes.keepBack(Array.from({ length: 400 }, (_, at) => changeOf('HTTPRoute', `r${at}`, 1)))
    let portions = 0
    for (; portions === 0 || routes.isWaiting; portions++) routes.next()
    expect(portions).toBe(40)
  })

  it('brings whoever applies what it lets through to the same objects as all changes in their order', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constantFrom('HTTPRoute', 'GRPCRoute', 'Service'), name: fc.constantFrom('a', 'b', 'c', 'd') }),
      },
      { weight: 1, arbitrary: fc.constant('next' as const) },
    )
    const present = fc.boolean()
    fc.assert(
      fc.property(fc.array(fc.tuple(step, present), { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), (steps, portion) => {
        const routes = new FirstRoutes(portion)
        const expected = new Map<string, Change['object']>()
        const found = new Map<string, Change['object']>()
        const apply = (to: Map<string, Change['object']>, changes: readonly Change[]): void => {
          for (const { kind, key, object } of changes) {
            if (object === undefined) to.delete(`${kind}/${key}`)
            else to.set(`${kind}/${key}`, object)
          }
        }
        for (const [at, [each, isPresent]] of steps.entries()) {
          if (each === 'next') {
            const next = routes.next()
            expect(next.length).toBeLessThanOrEqual(portion)
            apply(found, next)
            continue
          }
          const change = changeOf(each.kind, each.name, isPresent ? at : undefined)
          apply(expected, [change])
          apply(found, routes.keepBack([change]))
        }
        do apply(found, routes.next())
        while (routes.isWaiting)
        expect(new Map([...found].sort())).toEqual(new Map([...expected].sort()))
        const last = changeOf('HTTPRoute', 'a', 99)
        expect(routes.keepBack([last])).toEqual([last])
      }),
    )
  })
})
