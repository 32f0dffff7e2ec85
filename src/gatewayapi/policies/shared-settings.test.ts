import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Effective } from './policy.js'
import { shareSettings, type Wish } from './shared-settings.js'

interface Settings {
  readonly a?: number
  readonly b?: number
}

const object = (name: string): ObjectVersion => ({ group: '', kind: 'Policy', namespace: 'n', name, generation: 1 })

function effective(settings: Settings, by: string): Effective<Settings> {
  const origins = Object.fromEntries(Object.keys(settings).map((path) => [path, object(by)]))
  return { settings, overrides: {}, origins, layers: [], losses: [] }
}

function wish(listener: string, rank: string, settings: Settings, whole: Settings = {}): Wish<Settings> {
  return {
    listener,
    rank,
    parent: object(`parent of ${rank}`),
    gateway: object('gateway'),
    whole: effective(whole, 'whole'),
    effective: effective({ ...whole, ...settings }, `policy of ${listener}`),
  }
}

const share = (first: Wish<Settings>, ...others: readonly Wish<Settings>[]) => shareSettings([first, ...others], new Set(), () => true)

describe('listeners that share a place', () => {
  it.each([
    { rule: 'what all agree on counts', wishes: [wish('x', '', { a: 1 }), wish('y', '', { a: 1 })], want: { a: 1 } },
    { rule: 'without agreement nothing counts', wishes: [wish('x', '', { a: 1 }), wish('y', '', {})], want: {} },
    {
      rule: 'without agreement the Gateway as a whole counts',
      wishes: [wish('x', '', { a: 1 }, { a: 3 }), wish('y', '', {}, { a: 3 })],
      want: { a: 3 },
    },
    { rule: 'who goes first decides', wishes: [wish('y', '2', { a: 2 }), wish('x', '1', { a: 1 })], want: { a: 1 } },
    { rule: 'also by saying nothing', wishes: [wish('x', '1', {}), wish('y', '2', { a: 2 })], want: {} },
    { rule: 'each field for itself', wishes: [wish('x', '', { a: 1, b: 1 }), wish('y', '', { a: 1, b: 2 })], want: { a: 1 } },
  ])('$rule', ({ wishes: [first, ...others], want }) => {
    expect(share(first as Wish<Settings>, ...others).settings).toEqual(want)
  })

  const arbitraryWishes = fc.array(
    fc.record({ rank: fc.constantFrom('', '1', '2'), settings: fc.record({ a: fc.nat(1), b: fc.nat(1) }, { requiredKeys: [] }) }),
    { minLength: 1, maxLength: 5 },
  )

  it('whoever does not get what is asked for is told, and nobody else', () => {
    fc.assert(
      fc.property(arbitraryWishes, (all) => {
        const [first, ...others] = all.map(({ rank, settings }, at) => wish(`l${at}`, rank, settings))
        const { settings, losses } = share(first as Wish<Settings>, ...others)
        const expected = all.flatMap(({ settings: asked }, at) =>
          (['a', 'b'] as const).flatMap((field) =>
            asked[field] !== undefined && asked[field] !== settings[field] ? [`l${at} ${field}`] : [],
          ),
        )
        expect(losses.map(({ listener, field }) => `${listener} ${field}`).sort()).toEqual(expected.sort())
      }),
    )
  })

  it('nobody but who goes first matters', () => {
    fc.assert(
      fc.property(arbitraryWishes, (all) => {
        const wishes = all.map(({ rank, settings }, at) => wish(`l${at}`, rank, settings))
        const [lowest] = wishes.map(({ rank }) => rank).sort()
        const [first, ...others] = wishes.filter(({ rank }) => rank === lowest)
        expect(share(wishes[0] as Wish<Settings>, ...wishes.slice(1)).settings).toEqual(share(first as Wish<Settings>, ...others).settings)
      }),
    )
  })
})
