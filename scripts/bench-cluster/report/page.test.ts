import { describe, expect, it } from '@jest/globals'
import type { PeerResult, ProbeResult } from '../result.js'
import { bulkPlot } from './bulk-plot.js'
import { duration, wrong } from './format.js'
import { excerpt, printTable, readme } from './page.js'
import { propagationPlot } from './propagation-plot.js'

const figures = (count: number, mean: number) => ({ count, mean, p50: mean, p99: mean * 2, max: mean * 3 })

const probe = (from: number, count: number, mean: number, stalledAt?: number): ProbeResult => ({
  from,
  figures: figures(count, mean),
  points: [100, 200].map((routes) => ({ routes, ...figures(100, mean) })),
  answers: { 200: count, 404: 12, 503: 3 },
  ...(stalledAt === undefined ? {} : { stalledAt }),
})

const result = (peer: string, more: Partial<PeerResult>): PeerResult => ({
  peer,
  title: peer,
  version: 'v1',
  date: '2026-01-02T03:04:05.000Z',
  command: 'npm run bench:cluster',
  cores: 2,
  loadBefore: 0.4,
  tookSeconds: 61,
  oneMore: [],
  bulk: [],
  attached: [],
  memory: [],
  cost: [],
  missing: [],
  ...more,
})

const results = [
  result('headgate', { probe: probe(0, 200, 9), bulk: [{ from: 0, to: 1000, writeMs: 5000, servingMs: 412 }] }),
  result('contour', {
    probe: probe(0, 200, 190),
    bulk: [{ from: 0, to: 1000, writeMs: 5000, stalledAt: 640 }],
    oneMore: [{ ...probe(1000, 0, 0, 1000), isChurning: false }],
    missing: [{ row: 'restart', reason: 'no time was left' }],
  }),
]

const rowOf = (work: string): string | undefined =>
  printTable(results)
    .split('\n')
    .find((line) => line.startsWith(work))

describe('the table', () => {
  it('states mean and p99 of each, beside the goal', () => {
    expect(rowOf('200 routes one by one')).toMatch(/9 ms \/ 18 ms\s+190 ms \/ 380 ms\s+≤ 15 \/ 50 ms$/)
  })

  it('says where something stalled, and has a dash for what was not measured', () => {
    expect(rowOf('1,000 routes at once')).toMatch(/412 ms\s+stalled at 640/)
    expect(rowOf('one more route at 1,000')).toMatch(/–\s+stalled at 1,000/)
  })

  it('counts waiting for a route not as wrong', () => {
    expect(rowOf('wrong answers meanwhile')).toMatch(/3 × 503 of 215/)
  })

  it('has no row of which nobody measured anything', () => {
    expect(rowOf('backend rolled')).toBeUndefined()
  })
})

describe('the page', () => {
  it('says of each run when, for how long, at which load, by which command, and what is missing', () => {
    const page = readme(results, ['bulk.svg'])
    expect(page).toContain('2026-01-02 03:04 UTC, 61 s on 2 cores, load of the machine in the minute before 0.4; `npm run bench:cluster`')
    expect(page).toContain('Missing: restart (no time was left).')
    expect(page).toContain('![bulk](bulk.svg)')
  })

  it('links into the repository from wherever it is', () => {
    expect(readme(results, [])).toContain('](../../conformance/')
    expect(readme(results, [], '../../..')).toContain('](../../../conformance/')
  })
})

describe('the excerpt', () => {
  it('warns of comparing what was measured at different loads', () => {
    expect(excerpt(results)).not.toContain('do not compare')
    expect(excerpt([...results, result('envoy-gateway', { loadBefore: 12 })])).toContain('do not compare')
  })
})

describe('the plots', () => {
  it('name every curve and bar', () => {
    expect(propagationPlot(results)).toContain('contour, stalled at 1,000')
    expect(bulkPlot(results)).toMatch(/412 ms.*stalled at 640/s)
  })

  it('are left out when nothing was measured', () => {
    const nothing = [result('headgate', {})]
    expect([propagationPlot(nothing), bulkPlot(nothing)]).toEqual([undefined, undefined])
  })
})

describe('numbers', () => {
  it.each([
    [0.32, '0.3 ms'],
    [9.04, '9 ms'],
    [94.6, '95 ms'],
    [1252, '1.3 s'],
    [2000, '2 s'],
    [32_400, '32 s'],
  ])('%p milliseconds are %p', (ms, text) => {
    expect(duration(ms)).toBe(text)
  })

  it('of wrong answers tell broken connections from statuses', () => {
    expect(wrong({ 0: 2, 200: 9_000, 503: 1 })).toBe('2 × broken connection, 1 × 503 of 9,003')
    expect(wrong({ 200: 5 })).toBe('0 of 5')
  })
})
