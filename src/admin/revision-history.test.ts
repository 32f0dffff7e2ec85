import { describe, expect, it } from '@jest/globals'
import type { EncodedResource } from '../xds/resource.js'
import { TYPE_URL } from '../xds/resource.js'
import { RevisionHistory } from './revision-history.js'

const resource = (name: string, ...generations: readonly number[]): EncodedResource => ({
  typeUrl: TYPE_URL.cluster,
  name,
  version: String(generations),
  value: Buffer.alloc(0),
  origins: generations.map((generation, index) => ({ group: '', kind: 'HTTPRoute', namespace: 'default', name: `r${index}`, generation })),
  references: [],
})
const change = (previous: EncodedResource | undefined, current: EncodedResource | undefined) => ({
  typeUrl: TYPE_URL.cluster,
  name: 'c',
  previous,
  current,
})

describe('RevisionHistory', () => {
  it.each([
    { what: 'added', changes: [change(undefined, resource('c', 1))], causes: ['HTTPRoute/default/r0@1'] },
    { what: 'changed', changes: [change(resource('c', 1, 1), resource('c', 1, 2))], causes: ['HTTPRoute/default/r1@2'] },
    { what: 'removed', changes: [change(resource('c', 3), undefined)], causes: ['HTTPRoute/default/r0@3'] },
  ])('tells which objects are behind a resource that was $what', ({ what, changes, causes }) => {
    const history = new RevisionHistory()
    history.recorded('local', 1, changes, 0)
    expect(history.entries).toEqual([
      {
        group: 'local',
        revision: 1,
        at: '1970-01-01T00:00:00.000Z',
        changes: [{ typeUrl: TYPE_URL.cluster, name: 'c', what }],
        changeCount: 1,
        causes,
        deliveredAt: undefined,
      },
    ])
  })

  it('notes once when all proxies of the group have a revision', () => {
    const history = new RevisionHistory()
    for (const [group, revision] of [['a', 1] as const, ['b', 1] as const, ['a', 2] as const, ['a', 3] as const])
      history.recorded(group, revision, [], 0)
    expect(history.delivered('a', 1, 1000)).toEqual([1000])
    expect(history.delivered('a', 2, 2000)).toEqual([2000])
    expect(history.delivered('a', 2, 3000)).toEqual([])
    expect(history.entries.map(({ deliveredAt }) => deliveredAt?.slice(17, 19))).toEqual(['01', undefined, '02', undefined])
  })

  it('forgets the oldest, and lists long changes in part', () => {
    const history = new RevisionHistory()
    const many = Array.from({ length: 60 }, () => change(undefined, resource('c', 1)))
    for (let revision = 1; revision <= 2500; revision++) history.recorded('a', revision, many, 0)
    expect(history.entries.length).toBeLessThanOrEqual(1000)
    expect(history.entries.at(-1)).toMatchObject({ revision: 2500, changeCount: 60 })
    expect(history.entries.at(-1)?.changes).toHaveLength(50)
  })
})
