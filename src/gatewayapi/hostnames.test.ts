import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Hostname } from '../ir/hostname.js'
import { compareSpecificity, covers, type Intersection, intersectHostnames, toHostname, wildcardsOver } from './hostnames.js'

const hosts = (served: Intersection) => (served === 'all' ? 'all' : served.map((each) => each.host))

const label = fc.constantFrom('a', 'b', 'com')
const request = fc.array(label, { minLength: 1, maxLength: 6 }).map((parts) => toHostname(parts.join('.')))
const name = fc
  .tuple(fc.boolean(), fc.array(label, { minLength: 1, maxLength: 4 }))
  .map(([wild, parts]) => toHostname((wild ? '*.' : '') + parts.join('.')))

describe('intersectHostnames', () => {
  it.each([
    { rule: 'no hostname on either side serves every host', listener: undefined, route: [], want: 'all' },
    { rule: "a route without hostnames takes the listener's", listener: '*.example.com', route: [], want: ['*.example.com'] },
    { rule: "a wildcard listener narrows to the route's exact name", listener: '*.a.com', route: ['b.a.com'], want: ['b.a.com'] },
    { rule: "a wildcard route narrows to the listener's exact name", listener: 'b.a.com', route: ['*.a.com'], want: ['b.a.com'] },
    { rule: 'a wildcard spans several labels', listener: '*.a.com', route: ['x.y.a.com'], want: ['x.y.a.com'] },
    { rule: 'a wildcard does not cover its bare suffix', listener: '*.a.com', route: ['a.com'], want: [] },
    { rule: 'names that do not overlap are left out, the rest stays', listener: '*.a.com', route: ['x.a.com', 'b.com'], want: ['x.a.com'] },
    {
      rule: 'exact before wildcard, longer before shorter',
      listener: undefined,
      route: ['*.com', '*.b.com', 'a.b.com'],
      want: ['a.b.com', '*.b.com', '*.com'],
    },
  ])('$rule', ({ listener, route, want }) => {
    expect(hosts(intersectHostnames(listener === undefined ? undefined : toHostname(listener), route.map(toHostname)))).toEqual(want)
  })

  it('serves exactly the requests that both sides accept', () => {
    fc.assert(
      fc.property(name, fc.array(name, { minLength: 1, maxLength: 5 }), request, (listener, route, asked) => {
        const served = intersectHostnames(listener, route)
        const isServed = served !== 'all' && served.some((each) => covers(each.host, asked))
        expect(isServed).toBe(covers(listener, asked) && route.some((each) => covers(each, asked)))
      }),
    )
  })
})

describe('compareSpecificity', () => {
  it('is a total order: any input order sorts the same', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 8 }), (names) => {
        const sorted = [...names].sort(compareSpecificity)
        expect([...names].reverse().sort(compareSpecificity)).toEqual(sorted)
        for (const [at, each] of sorted.entries()) {
          // What is covered by another name is tried before it.
          for (const later of sorted.slice(at + 1)) expect(covers(each, later)).toBe(false)
        }
      }),
    )
  })

  it('puts "every host" last', () => {
    const names: (Hostname | undefined)[] = [undefined, toHostname('*.com'), toHostname('a.com')]
    // Array.prototype.sort never compares undefined, so it is compared here by hand.
    expect(compareSpecificity(undefined, toHostname('*.com'))).toBe(1)
    expect(compareSpecificity(toHostname('*.com'), undefined)).toBe(-1)
    expect(compareSpecificity(names[0], undefined)).toBe(0)
  })
})

describe('wildcardsOver', () => {
  it.each([
    { of: 'a.b.com', want: ['*.b.com', '*.com'] },
    { of: '*.b.com', want: ['*.com'] },
    { of: 'localhost', want: [] },
    { of: '*.com', want: [] },
  ])('of $of: $want', ({ of, want }) => {
    expect(wildcardsOver(toHostname(of))).toEqual(want)
  })

  it('lists exactly the wildcards that cover the name', () => {
    fc.assert(
      fc.property(name, name, (pattern, host) => {
        const isWildcardOver = pattern.startsWith('*.') && pattern !== host && covers(pattern, host)
        expect(wildcardsOver(host).includes(pattern)).toBe(isWildcardOver)
      }),
    )
  })
})

it('reads hosts without case and without a trailing dot', () => {
  expect(toHostname('WWW.Example.com.')).toBe('www.example.com')
})
