import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { leavesOf, mergePolicies } from './merge.js'
import type { Layer } from './policy.js'

interface Settings {
  readonly a?: number
  readonly b?: { readonly c?: number; readonly d?: number }
  readonly choice?: { readonly type: string; readonly x?: number }
}

const ATOMS = new Set(['choice'])

interface Written {
  readonly level: number
  readonly name: string
  readonly settings?: Settings
  readonly overrides?: Settings
  readonly replaces?: boolean
  readonly created?: string
  readonly broken?: boolean
}

function layer({
  level,
  name,
  settings = {},
  overrides,
  replaces = false,
  created = '2026-01-01T00:00:00Z',
  broken,
}: Written): Layer<Settings> {
  const object = { group: 'headgate.dev', kind: 'P', namespace: 'ns', name, generation: 1 }
  const problem = broken === true ? { reason: 'Invalid', message: 'broken' } : undefined
  return { level, policy: { object, creationTimestamp: created, targets: [], selectors: [], replaces, settings, overrides, problem } }
}

const merge = (...written: readonly Written[]) => mergePolicies(written.map(layer), ATOMS)

describe('mergePolicies', () => {
  it.each<{ rule: string; policies: readonly Written[]; want: Settings; from: Readonly<Record<string, string>> }>([
    {
      rule: 'what the inner one leaves out comes from the outer one',
      policies: [
        { level: 0, name: 'gw', settings: { a: 1, b: { c: 1 } } },
        { level: 3, name: 'route', settings: { b: { d: 2 } } },
      ],
      want: { a: 1, b: { c: 1, d: 2 } },
      from: { a: 'gw', 'b.c': 'gw', 'b.d': 'route' },
    },
    {
      rule: 'the inner one wins a field',
      policies: [
        { level: 0, name: 'gw', settings: { b: { c: 1 } } },
        { level: 3, name: 'route', settings: { b: { c: 2 } } },
      ],
      want: { b: { c: 2 } },
      from: { 'b.c': 'route' },
    },
    {
      rule: 'an override wins over everything inside',
      policies: [
        { level: 0, name: 'gw', overrides: { a: 1 } },
        { level: 3, name: 'route', settings: { a: 2 }, overrides: { a: 3 } },
      ],
      want: { a: 1 },
      from: { a: 'gw' },
    },
    {
      rule: 'an override within wins over a setting outside',
      policies: [
        { level: 0, name: 'gw', settings: { a: 1 } },
        { level: 3, name: 'route', overrides: { a: 3 } },
      ],
      want: { a: 3 },
      from: { a: 'route' },
    },
    {
      rule: 'Replace hides settings outside and no overrides',
      policies: [
        { level: 0, name: 'gw', settings: { a: 1 }, overrides: { b: { c: 1 } } },
        { level: 3, name: 'route', settings: { b: { d: 2 } }, replaces: true },
      ],
      want: { b: { c: 1, d: 2 } },
      from: { 'b.c': 'gw', 'b.d': 'route' },
    },
    {
      rule: 'the older of one level wins a field, and the younger gives the others',
      policies: [
        { level: 3, name: 'a-younger', settings: { a: 1, b: { c: 1 } }, created: '2026-02-01T00:00:00Z' },
        { level: 3, name: 'b-older', settings: { a: 2 } },
      ],
      want: { a: 2, b: { c: 1 } },
      from: { a: 'b-older', 'b.c': 'a-younger' },
    },
    {
      rule: 'of equal age the first by name wins',
      policies: [
        { level: 3, name: 'b', settings: { a: 1 } },
        { level: 3, name: 'a', settings: { a: 2 } },
      ],
      want: { a: 2 },
      from: { a: 'a' },
    },
    {
      rule: 'a choice is taken as a whole',
      policies: [
        { level: 0, name: 'gw', settings: { choice: { type: 'x', x: 1 } } },
        { level: 3, name: 'route', settings: { choice: { type: 'y' } } },
      ],
      want: { choice: { type: 'y' } },
      from: { choice: 'route' },
    },
    {
      rule: 'a policy that cannot be used says nothing',
      policies: [
        { level: 0, name: 'gw', settings: { a: 1 } },
        { level: 3, name: 'route', settings: { a: 2 }, replaces: true, broken: true },
      ],
      want: { a: 1 },
      from: { a: 'gw' },
    },
  ])('$rule', ({ policies, want, from }) => {
    for (const order of [policies, [...policies].reverse()]) {
      const effective = merge(...order)
      expect(effective?.settings).toEqual(want)
      const origins = Object.entries(effective?.origins ?? {}).map(([field, { name }]) => [field, name])
      expect(Object.fromEntries(origins)).toEqual(from)
    }
  })

  it.each<{ rule: string; policies: readonly Written[]; want: readonly string[] }>([
    {
      rule: 'within a level',
      policies: [
        { level: 1, name: 'a', settings: { a: 1 } },
        { level: 1, name: 'b', settings: { a: 2 } },
      ],
      want: ['b.a Conflicted by a'],
    },
    {
      rule: 'between levels',
      policies: [
        { level: 1, name: 'a', settings: { a: 1 } },
        { level: 2, name: 'b', settings: { a: 2 } },
      ],
      want: ['a.a Overridden by b'],
    },
    {
      rule: 'by Replace, also where the replacing policy does not say the field',
      policies: [
        { level: 1, name: 'a', settings: { a: 1 } },
        { level: 2, name: 'b', settings: {}, replaces: true },
      ],
      want: ['a.a Overridden by b'],
    },
    {
      rule: 'never where both say the same',
      policies: [
        { level: 1, name: 'a', settings: { a: 1 } },
        { level: 2, name: 'b', settings: { a: 1 } },
      ],
      want: [],
    },
    { rule: 'never to oneself', policies: [{ level: 1, name: 'a', settings: { a: 1 }, overrides: { a: 2 } }], want: [] },
  ])('says what was lost $rule', ({ policies, want }) => {
    const losses = merge(...policies)?.losses ?? []
    expect(losses.map(({ loser, field, winner, how }) => `${loser.name}.${field} ${how} by ${winner.name}`)).toEqual(want)
  })

  const settings = fc.record({ a: fc.nat(2), b: fc.record({ c: fc.nat(2), d: fc.nat(2) }, { requiredKeys: [] }) }, { requiredKeys: [] })
  const written = fc.record(
    { level: fc.nat(3), settings, overrides: settings, replaces: fc.boolean(), created: fc.constantFrom('2025', '2026') },
    { requiredKeys: ['level'] },
  )

  it('every field counts once, or is lost to the policy that says it or hides it; and order does not matter', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 5 }), (each) => {
        const policies = each.map((one, i) => ({ ...one, name: `p${i}` }))
        const effective = merge(...policies)
        expect(merge(...[...policies].reverse())).toEqual(effective)
        const said = leavesOf(effective?.settings ?? {}, ATOMS).map(({ path }) => path)
        expect(Object.keys(effective?.origins ?? {})).toEqual(said)
        for (const { loser, field } of effective?.losses ?? []) {
          const policy = policies.find(({ name }) => name === loser.name)
          const own = [policy?.settings, policy?.overrides].flatMap((one) => leavesOf(one ?? {}, ATOMS).map(({ path }) => path))
          expect(own).toContain(field)
        }
      }),
    )
  })
})
