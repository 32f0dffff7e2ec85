import { describe, expect, it } from '@jest/globals'
import { cluster, drop, put, routes } from '../../test/xds/support/resources.js'
import { TYPE_URL } from './resource.js'
import type { AppliedChange } from './revision-draft.js'
import { SnapshotCache } from './snapshot-cache.js'

const CDS = TYPE_URL.cluster

function setUp() {
  const cache = new SnapshotCache()
  const heard: { revision: number; changes: readonly AppliedChange[] }[] = []
  let completions = 0
  const unlisten = cache.listen('g', {
    changed: (changes, revision) => heard.push({ revision, changes }),
    complete: () => {
      completions += 1
    },
  })
  return { cache, heard, unlisten, completions: () => completions }
}

describe('SnapshotCache', () => {
  it('counts revisions per group and tells what was there before', () => {
    const { cache, heard } = setUp()
    expect(cache.apply('g', [put(cluster('a'))])).toBe(1)
    expect(cache.apply('other', [put(cluster('a'))])).toBe(1)
    expect(cache.apply('g', [put(cluster('a', { content: 2 })), put(cluster('b'))])).toBe(2)
    expect(heard.map(({ revision, changes }) => [revision, changes.map(({ name, previous }) => [name, previous?.version])])).toEqual([
      [1, [['a', undefined]]],
      [
        2,
        [
          ['a', cluster('a').version],
          ['b', undefined],
        ],
      ],
    ])
  })

  it.each([
    { what: 'the same version', change: put(cluster('a')) },
    { what: 'the removal of what is not there', change: drop(cluster('never')) },
  ])('$what is no change', ({ change }) => {
    const { cache, heard } = setUp()
    cache.apply('g', [put(cluster('a'))])
    expect(cache.apply('g', [change])).toBe(1)
    expect(heard).toHaveLength(1)
  })

  it('the same bytes from a later generation are no change, but are traced to the later generation', () => {
    const { cache, heard } = setUp()
    const origin = { group: '', kind: 'Service', namespace: 'default', name: 'a', generation: 1 }
    cache.apply('g', [put({ ...cluster('a'), origins: [origin] })])
    cache.apply('g', [put({ ...cluster('a'), origins: [{ ...origin, generation: 2 }] })])
    expect(heard).toHaveLength(1)
    expect(cache.resource('g', { typeUrl: CDS, name: 'a' })?.origins).toMatchObject([{ generation: 2 }])
  })

  it('knows what is referred to, over changes and removals', () => {
    const { cache } = setUp()
    const isUsed = (name: string) => cache.isReferenced('g', { typeUrl: CDS, name })
    cache.apply('g', [put(routes('r', ['a', 'b'])), put(routes('s', ['b']))])
    expect(['a', 'b', 'c'].map(isUsed)).toEqual([true, true, false])
    cache.apply('g', [put(routes('r', ['c']))])
    expect(['a', 'b', 'c'].map(isUsed)).toEqual([false, true, true])
    cache.apply('g', [drop(routes('r', [])), drop(routes('s', []))])
    expect(['a', 'b', 'c'].map(isUsed)).toEqual([false, false, false])
  })

  it.each([
    { what: 'streams', end: 'resources' },
    { what: 'resources', end: 'streams' },
  ])('forgets a group that has no $what when it loses its $end, and goes on behind its revisions', ({ end }) => {
    const { cache, unlisten } = setUp()
    const forgotten: string[] = []
    cache.onForgotten((group) => forgotten.push(group))
    cache.apply('g', [put(cluster('a'))])
    const ends = [unlisten, () => cache.apply('g', [drop(cluster('a'))])]
    const [first, last] = end === 'resources' ? ends : ends.toReversed()
    first?.()
    expect([cache.groups(), forgotten]).toEqual([['g'], []])
    last?.()
    expect([cache.groups(), forgotten]).toEqual([[], ['g']])
    expect(cache.apply('g', [drop(cluster('a'))])).toBe(2)
    expect(cache.groups()).toEqual([])
    expect(cache.apply('g', [put(cluster('a'))])).toBe(3)
  })

  it('becomes complete once', () => {
    const { cache, completions } = setUp()
    expect(cache.isComplete).toBe(false)
    cache.markComplete()
    cache.markComplete()
    expect(cache.isComplete).toBe(true)
    expect(completions()).toBe(1)
  })

  it('tells nothing any more to who stopped listening', () => {
    const { cache, heard, unlisten } = setUp()
    unlisten()
    cache.apply('g', [put(cluster('a'))])
    expect(heard).toEqual([])
  })
})
