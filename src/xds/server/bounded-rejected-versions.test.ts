import { describe, expect, it } from '@jest/globals'
import type { RejectedVersion } from '../rejected-versions.js'
import { TYPE_URL } from '../resource.js'
import { boundedRejectedVersions } from './bounded-rejected-versions.js'
import { parseRejectedVersions } from './rejected-version-format.js'

const entry = (name: string, message = 'no'): RejectedVersion => ({
  typeUrl: TYPE_URL.routeConfiguration,
  name,
  version: '1',
  message,
  origins: [],
  suspects: [{ group: 'g', kind: 'HTTPRoute', namespace: 'n', name, generation: 1 }],
  at: '2026-01-01T00:00:00.000Z',
})

describe('rejected versions in a text of bounded size', () => {
  it('are as they were, with the beginning of what the proxy said', () => {
    const [short, long] = parseRejectedVersions(boundedRejectedVersions([entry('a'), entry('b', 'x'.repeat(5_000))], 1_000_000))
    expect(short).toEqual(entry('a'))
    const byFleet = { ...entry('a'), by: { group: 'shop/web', image: 'envoy:v1' } }
    expect(parseRejectedVersions(boundedRejectedVersions([byFleet], 1_000))).toEqual([byFleet])
    expect(() => parseRejectedVersions(JSON.stringify([{ ...entry('a'), by: { group: 1 } }]))).toThrow('entry (number 1)')
    expect(long).toMatchObject({ name: 'b', message: expect.stringMatching(/^x{499}…$/) })
  })

  it('are the newest that fit', () => {
    const all = Array.from({ length: 1_000 }, (_, index) => entry(`t${index}`))
    const text = boundedRejectedVersions(all, 50_000)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(50_000)
    const kept = parseRejectedVersions(text).map(({ name }) => name)
    expect(kept.length).toBeGreaterThan(50)
    expect(kept).toEqual(all.slice(-kept.length).map(({ name }) => name))
  })
})
