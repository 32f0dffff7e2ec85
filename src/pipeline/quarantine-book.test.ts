import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { ObjectVersion } from '../util/object-ref.js'
import { QuarantineBook } from './quarantine-book.js'

const route = (name: string, generation = 2): ObjectVersion => ({ group: 'g', kind: 'HTTPRoute', namespace: 'n', name, generation })
const key = (name: string) => `HTTPRoute/n/${name}`

/** A proxy that rejects whatever holds one of `bad`, and the book that must find them. */
function world(all: readonly string[], bad: ReadonlySet<string>, delivered: ReadonlySet<string> = new Set()) {
  const held = new Map<string, string>()
  const acknowledged = new Set(delivered)
  const book = new QuarantineBook({
    acknowledgedGeneration: (object) => (acknowledged.has(object) ? 2 : 1),
    lastGood: () => undefined,
    hold: (object, quarantine) => (quarantine === undefined ? held.delete(object) : held.set(object, quarantine.state)),
  })
  let pushes = 0
  const push = (): void => {
    pushes++
    const served = all.filter((name) => !held.has(key(name)))
    if (served.some((name) => bad.has(name))) {
      book.rejected(
        served.map((name) => route(name)),
        'bad regex',
      )
      push()
      return
    }
    for (const name of served) acknowledged.add(key(name))
    if (book.admitNext().length > 0) push()
  }
  push()
  return { held, pushes, book }
}

describe('QuarantineBook', () => {
  it('holds a single suspect at once', () => {
    const { held, pushes } = world(['a', 'b', 'c'], new Set(['b']), new Set([key('a'), key('c')]))
    expect(held).toEqual(new Map([[key('b'), 'rejected']]))
    expect(pushes).toBe(2)
  })

  it('finds one among five hundred with few pushes', () => {
    const all = Array.from({ length: 500 }, (_, i) => `r${i}`)
    const { held, pushes } = world(all, new Set(['r123']))
    expect(held).toEqual(new Map([[key('r123'), 'rejected']]))
    expect(pushes).toBeLessThan(32)
  })

  it('holds exactly the bad ones, however many', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    fc.assert(
      fc.property(fc.subarray(names), fc.subarray(names), (bad, delivered) => {
        const known = delivered.filter((name) => !bad.includes(name)).map(key)
        const { held } = world(names, new Set(bad), new Set(known))
        expect(held).toEqual(new Map(bad.map((name) => [key(name), 'rejected'])))
      }),
    )
  })

  it('lets an object in when it changes', () => {
    const { held, book } = world(['a'], new Set(['a']))
    book.changed(key('a'))
    expect(held.size).toBe(0)
  })
})
