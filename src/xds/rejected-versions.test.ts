import { describe, expect, it } from '@jest/globals'
import { MAX_REJECTED_VERSIONS, type RejectedVersion, RejectedVersions } from './rejected-versions.js'
import { TYPE_URL } from './resource.js'

const object = (index: number) => ({ group: 'g', kind: 'HTTPRoute', namespace: 'n', name: `r${index}`, generation: 1 })
const objects = (count: number) => Array.from({ length: count }, (_, index) => object(index))
const entry = (version: string, suspects = 1): RejectedVersion => ({
  typeUrl: TYPE_URL.routeConfiguration,
  name: 'table',
  version,
  message: 'no',
  origins: objects(5_000),
  suspects: objects(suspects),
  at: '2026-01-01T00:00:00.000Z',
})

describe('the list of rejected versions', () => {
  it('knows versions, and tells once of each', () => {
    const list = new RejectedVersions()
    const told: string[] = []
    list.onAdded(({ version }) => told.push(version))
    expect([list.add(entry('1')), list.add(entry('1')), list.add(entry('2'))]).toEqual([true, false, true])
    expect([list.has(entry('1')), list.has(entry('3'))]).toEqual([true, false])
    expect(told).toEqual(['1', '2'])
  })

  it('knows what proxies of one image rejected of these alone, and what others rejected of all', () => {
    const list = new RejectedVersions()
    const [old, next, other] = [
      { group: 'g', image: 'v1' },
      { group: 'g', image: 'v2' },
      { group: 'h', image: 'v1' },
    ]
    expect(list.add({ ...entry('1'), by: old })).toBe(true)
    expect([old, next, other, undefined].map((by) => list.has(entry('1'), by))).toEqual([true, false, false, false])
    expect([list.add({ ...entry('1'), by: next }), list.add({ ...entry('1'), by: next })]).toEqual([true, false])
    list.add(entry('2'))
    expect([old, next, other, undefined].map((by) => list.has(entry('2'), by))).toEqual([true, true, true, true])
  })

  it('forgets what it is told to, tells of that, and hears of it anew', () => {
    const list = new RejectedVersions()
    const told: string[] = []
    list.onForgotten((versions) => told.push(...versions.map(({ version }) => version)))
    const bind = (at: string): RejectedVersion => ({ ...entry('1'), name: 'l', message: "l: cannot bind '0.0.0.0:80': no", at })
    list.add(entry('2'))
    list.add(bind('2026-01-01T00:00:00.000Z'))
    // A replica heard it again before this one has forgotten it: that counts.
    expect(list.add(bind('2026-01-01T00:01:00.000Z'))).toBe(false)
    const before = (at: string): readonly string[] => list.forget((each) => each.name === 'l' && each.at < at).map(({ version }) => version)
    expect(before('2026-01-01T00:00:30.000Z')).toEqual([])
    expect(before('2026-01-01T00:01:30.000Z')).toEqual(['1'])
    expect(list.list().map(({ version }) => version)).toEqual(['2'])
    expect(told).toEqual(['1'])
    expect(list.add(bind('2026-01-01T00:02:00.000Z'))).toBe(true)
  })

  it('holds the newest', () => {
    const list = new RejectedVersions()
    for (let index = 0; index <= MAX_REJECTED_VERSIONS; index++) list.add(entry(String(index)))
    expect(list.list()).toHaveLength(MAX_REJECTED_VERSIONS)
    expect([list.has(entry('0')), list.has(entry('1')), list.has(entry(String(MAX_REJECTED_VERSIONS)))]).toEqual([false, true, true])
  })

  it('keeps the few objects that are to blame, and never the thousands that a table is made from', () => {
    const list = new RejectedVersions()
    list.add(entry('few', 2))
    list.add(entry('many', 500))
    expect(list.list()).toEqual([
      { ...entry('few'), origins: [], suspects: objects(2) },
      { ...entry('many'), origins: [], suspects: [] },
    ])
  })
})
