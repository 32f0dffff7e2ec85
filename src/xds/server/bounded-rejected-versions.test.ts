import { describe, expect, it } from '@jest/globals'
import type { RejectedVersion } from '../rejected-versions.js'
import { TYPE_URL } from '../resource.js'
import { boundedRejectedVersions } from './bounded-rejected-versions.js'
import { parseRejectedVersions } from './rejected-version-format.js'

const object = (name: string) => ({ group: 'g', kind: 'HTTPRoute', namespace: 'n', name, generation: 1 })
const entry = (name: string, suspects = 1, message = 'no'): RejectedVersion => ({
  typeUrl: TYPE_URL.routeConfiguration,
  name,
  version: '1',
  message,
  origins: Array.from({ length: 5_000 }, (_, index) => object(`r${index}`)),
  suspects: Array.from({ length: suspects }, (_, index) => object(`s${index}`)),
  at: '2026-01-01T00:00:00.000Z',
})

describe('rejected versions in a text of bounded size', () => {
  it('are short: an entry names the few that it points at, and not all that it was made from', () => {
    const [few, many] = parseRejectedVersions(boundedRejectedVersions([entry('a', 2, 'x'.repeat(5_000)), entry('b', 500)], 1_000_000))
    expect(few).toMatchObject({ name: 'a', origins: [], suspects: [{ name: 's0' }, { name: 's1' }] })
    expect(few?.message).toHaveLength(500)
    expect(many).toMatchObject({ name: 'b', origins: [], suspects: [] })
  })

  it('are the newest that fit', () => {
    const text = boundedRejectedVersions(
      Array.from({ length: 1_000 }, (_, index) => entry(`t${index}`)),
      50_000,
    )
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(50_000)
    const kept = parseRejectedVersions(text).map(({ name }) => name)
    expect(kept.length).toBeGreaterThan(50)
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => `t${1_000 - kept.length + index}`))
  })
})
