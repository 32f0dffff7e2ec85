import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { RejectedVersion } from '../../xds/rejected-versions.js'
import { TYPE_URL } from '../../xds/resource.js'
import { QuarantineBook } from './quarantine-book.js'

const route = (name: string, generation = 2): ObjectVersion => ({ group: 'g', kind: 'HTTPRoute', namespace: 'n', name, generation })
const policy = (name: string): ObjectVersion => ({ ...route(name), kind: 'SecurityPolicy' })
const rejection = (rejected: Pick<RejectedVersion, 'origins' | 'suspects' | 'message'>): RejectedVersion => ({
  typeUrl: TYPE_URL.routeConfiguration,
  name: 'table',
  version: rejected.origins.map(({ name }) => name).join(),
  at: '',
  ...rejected,
})
const key = (name: string) => `HTTPRoute/n/${name}`

/** What Envoy's message points at, among those that it was sent. */
type Evidence = (sent: readonly string[]) => readonly string[]

/** A proxy that rejects whatever holds one of `bad`, and the book that must find them. */
function world(
  all: readonly string[],
  bad: ReadonlySet<string>,
  { delivered = [], evidence = (sent) => sent }: { readonly delivered?: readonly string[]; readonly evidence?: Evidence } = {},
) {
  const held = new Map<string, string>()
  const acknowledged = new Set(delivered)
  const book = new QuarantineBook({
    acknowledgedGeneration: (object) => (acknowledged.has(object) ? 2 : 1),
    canHold: () => true,
    lastGood: () => undefined,
    hold: (object, quarantine) => (quarantine === undefined ? held.delete(object) : held.set(object, quarantine.state)),
  })
  let pushes = 0
  /** Pushes until all that are good have arrived. */
  let untilDelivered = 0
  const push = (): void => {
    pushes++
    const served = all.filter((name) => !held.has(key(name)))
    if (served.some((name) => bad.has(name))) {
      const suspects = evidence(served).map((name) => route(name))
      book.rejected(rejection({ origins: served.map((name) => route(name)), suspects, message: 'bad regex' }))
      push()
      return
    }
    for (const name of served) acknowledged.add(key(name))
    if (untilDelivered === 0 && served.length === all.length - bad.size) untilDelivered = pushes
    if (book.admitNext().length > 0) push()
  }
  push()
  return { held, pushes, untilDelivered, book }
}

describe('QuarantineBook', () => {
  it('holds a single suspect at once', () => {
    const { held, pushes } = world(['a', 'b', 'c'], new Set(['b']), { delivered: [key('a'), key('c')] })
    expect(held).toEqual(new Map([[key('b'), 'rejected']]))
    expect(pushes).toBe(2)
  })

  it('holds the answer of an extension server before anything that it was made from', () => {
    const held: string[] = []
    const book = new QuarantineBook({
      acknowledgedGeneration: () => 1,
      canHold: () => true,
      lastGood: () => undefined,
      hold: (object, quarantine) => void (quarantine !== undefined && held.push(object)),
    })
    const answer = { ...route('VirtualHost t a'), kind: 'ExtensionHook', namespace: '' }
    const suspects = [route('a'), answer]
    expect(book.rejected(rejection({ origins: suspects, suspects, message: 'no' }))).toEqual(['ExtensionHook//VirtualHost t a'])
    // It is not the answer: what it was made from is next.
    expect(book.rejected(rejection({ origins: [route('a')], suspects: [route('a')], message: 'no' }))).toEqual([key('a')])
    expect(held).toEqual(['ExtensionHook//VirtualHost t a', key('a')])
    expect(book.admitNext()).toEqual(['ExtensionHook//VirtualHost t a'])
  })

  it('finds one among five hundred with few pushes', () => {
    const all = Array.from({ length: 500 }, (_, i) => `r${i}`)
    const { held, pushes } = world(all, new Set(['r123']))
    expect(held).toEqual(new Map([[key('r123'), 'rejected']]))
    expect(pushes).toBeLessThan(32)
  })

  it('finds one among five hundred with the next push when the message points at it', () => {
    const all = Array.from({ length: 500 }, (_, i) => `r${i}`)
    const { held, pushes, untilDelivered } = world(all, new Set(['r123']), { evidence: (sent) => sent.filter((name) => name === 'r123') })
    expect(held).toEqual(new Map([[key('r123'), 'rejected']]))
    expect([pushes, untilDelivered]).toEqual([2, 2])
  })

  it('lets an object go again that evidence accused wrongly', () => {
    const all = Array.from({ length: 100 }, (_, i) => `r${i}`)
    const { held } = world(all, new Set(['r7']), { evidence: (sent) => sent.filter((name) => name === 'r42') })
    expect(held).toEqual(new Map([[key('r7'), 'rejected']]))
  })

  it('holds exactly the bad ones, however many, whatever the evidence says', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    fc.assert(
      fc.property(fc.subarray(names), fc.subarray(names), fc.array(fc.subarray(names)), (bad, delivered, evidence) => {
        const known = delivered.filter((name) => !bad.includes(name)).map(key)
        let rejections = 0
        const { held, book } = world(names, new Set(bad), {
          delivered: known,
          evidence: (sent) => (evidence[rejections++] ?? []).filter((name) => sent.includes(name)),
        })
        expect(held).toEqual(new Map(bad.map((name) => [key(name), 'rejected'])))
        expect(book.isSearching).toBe(false)
      }),
    )
  })

  it('never holds what routes stand on because nobody else is left to blame', () => {
    const gateway = { ...route('gw'), kind: 'Gateway' }
    const held: string[] = []
    const book = new QuarantineBook({
      acknowledgedGeneration: () => 0,
      canHold: () => true,
      lastGood: () => undefined,
      hold: (object) => held.push(object),
    })
    const rejected = rejection({ origins: [gateway, route('a')], suspects: [route('a')], message: 'no' })
    expect(book.rejected(rejected)).toEqual([key('a')])
    expect(book.rejected(rejected)).toEqual([])
    expect(held).toEqual([key('a')])
  })

  it('lets in again what was held back in vain, and holds nothing back for the same version any more', () => {
    const held = new Set<string>()
    const book = new QuarantineBook({
      acknowledgedGeneration: (object) => (object.startsWith('HTTPRoute/') ? 2 : undefined),
      canHold: () => true,
      lastGood: () => undefined,
      hold: (object, quarantine) => void (quarantine === undefined ? held.delete(object) : held.add(object)),
    })
    const [withIt, without] = [
      rejection({ origins: [route('a'), policy('p')], suspects: [policy('p')], message: 'no' }),
      rejection({ origins: [route('a')], suspects: [route('a')], message: 'no' }),
    ]
    book.rejected({ ...withIt, name: 'another table', origins: [policy('q')], suspects: [policy('q')] })
    expect(book.rejected(withIt)).toEqual(['SecurityPolicy/n/p'])
    expect(book.rejected(without)).toEqual([])
    expect(book.acquit(without)).toEqual([withIt])
    expect([...held]).toEqual(['SecurityPolicy/n/q'])
    expect(book.rejected(withIt)).toEqual([])
    // The next version is another matter.
    expect(book.rejected({ ...withIt, version: 'next' })).toEqual(['SecurityPolicy/n/p'])
  })

  it('lets an object in when it changes', () => {
    const { held, book } = world(['a'], new Set(['a']))
    book.changed(key('a'))
    expect(held.size).toBe(0)
  })

  it('holds a policy, of which nobody knows whether it was acknowledged; what nothing is made of cannot be held', () => {
    const held: string[] = []
    const book = new QuarantineBook({
      acknowledgedGeneration: (object) => (object.startsWith('HTTPRoute/') ? 2 : undefined),
      canHold: (object) => !object.includes('unread'),
      lastGood: () => undefined,
      hold: (object) => held.push(object),
    })
    const origins = [route('a'), policy('p'), policy('unread')]
    expect(book.rejected(rejection({ origins, suspects: [policy('unread')], message: 'no' }))).toEqual([])
    expect(book.rejected(rejection({ origins, suspects: [policy('p'), policy('unread')], message: 'no' }))).toEqual(['SecurityPolicy/n/p'])
    expect(book.isSearching).toBe(false)
    expect(held).toEqual(['SecurityPolicy/n/p'])
  })
})
