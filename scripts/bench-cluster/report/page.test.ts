import { describe, expect, it } from '@jest/globals'
import type { PeerResult, ProbeResult } from '../result.js'
import { bulkPlot } from './bulk-plot.js'
import { duration, wrong } from './format.js'
import { excerpt, printTable, readme } from './page.js'
import { propagationPlot } from './propagation-plot.js'
import { simulatedProxies } from './simulated-proxies.js'

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

describe('the table of what some measure otherwise', () => {
  const churn = {
    routes: 3000,
    seconds: 61.3,
    routeChanges: 600,
    endpointChanges: 120,
    controllerCores: 0.5,
    controllerMbAtStart: 90,
    controllerMbAtEnd: 95,
    controllerMbPerMinute: 1,
  }
  const flip = { intervalMs: 20, isNewCluster: true, answers: { 200: 90, 503: 1 } }
  const both = [
    result('headgate', {
      flips: [
        { ...flip, flips: 50, seen: 50 },
        { ...flip, flips: 1000, isNewService: true, seen: 1000, answers: { 200: 9 } },
      ],
      bulk: [
        { from: 0, to: 1000, writeMs: 1, servingMs: 30, answers: { 200: 1000, 404: 5 } },
        { from: 3000, to: 5000, writeMs: 1, servingMs: 40, answers: { 200: 2000 } },
        { from: 0, to: 5000, writeMs: 1, servingMs: 50, answers: { 200: 5000, 503: 2 } },
      ],
      oneMore: [{ ...probe(5000, 50, 4), isChurning: true }],
      memory: [{ routes: 0, controllerMb: 110, proxyMb: 71 }],
      cost: [{ routes: 1000, changes: 40, controllerCpuMsPerChange: 3, proxyCpuMsPerChange: 1 }],
      churn: { ...churn, proxyCores: 0.1, proxyBytesPerChange: 1024 },
      restart: { routes: 5000, answers: { 200: 7 }, tookMs: 4000, isStalled: false },
      listenerSets: { sets: 150, routes: 2400, beside: 5000, writeMs: 1, servingMs: 450, controllerMb: 250 },
      attached: [{ way: 'one by one', routes: 500, lagMs: 700, gatewayWrites: 2 }],
    }),
    result('traefik', {
      probe: { ...probe(0, 75, 2000), wanted: 500 },
      flips: [{ ...flip, flips: 1000, isNewService: true, seen: 14, answers: { 200: 9 } }],
      memory: [{ routes: 0, controllerMb: 60 }],
      cost: [{ routes: 1000, changes: 40, controllerCpuMsPerChange: 30 }],
      churn,
      attached: [{ way: 'one by one', routes: 75, lagMs: 90, gatewayWrites: 75 }],
      listenerSets: 'not supported',
    }),
  ]
  const cellsOf = (work: string): readonly string[] | undefined =>
    printTable(both)
      .split('\n')
      .find((line) => line.startsWith(work))
      ?.slice(work.length)
      .trim()
      .split(/ {2,}/)

  it.each([
    ['50 backend flips 20 ms apart under load, to new clusters: not 200', ['1 × 503 of 91', '–', '0']],
    ['1,000 backend flips 20 ms apart under load, each to a Service made for it: not 200', ['0 of 9', '0 of 9 (14 flips seen)', '0']],
    ['1,000 routes at once: all serving after the last write', ['30 ms', '–', '≤ 1 s']],
    ['2,000 more at once, at 3,000: all serving after the last write', ['40 ms', '–']],
    ['5,000 routes at once: all serving after the last write', ['50 ms', '–']],
    ['wrong answers to one more and to routes at once, 404 aside', ['5 × 503 of 8,072', '–', '0']],
    ['one more at 5,000 while 10 of them change each second: mean / p99', ['4 ms / 8 ms', '–', 'as without']],
    ['controller replaced at 5,000 routes: a new route serves; not 200 meanwhile', ['4 s; 0 of 7', '–', '0']],
    ['memory at 0 routes: controller / Envoy', ['110 / 71 MB', '60 MB (one program)', '≤ 110 MB']],
    ['processor time of one changed route at 1,000: controller / Envoy', ['3 ms / 1 ms', '30 ms (one program)', '≤ 20 ms / –']],
    ['10 route changes a second at 3,000, for 60 s: cores of the controller / Envoy', ['0.500 / 0.100', '0.500 (one program)']],
    ['the same: bytes to each Envoy for one change', ['1.0 KiB', '–']],
    [
      '150 ListenerSets with HTTPS and 2,400 routes, beside 5,000: all serving; memory of the controller',
      ['450 ms; 250 MB', 'not supported'],
    ],
    [
      'attachedRoutes right after the last of 500 routes one by one; writes to the Gateway',
      ['700 ms; 2', '90 ms; 75 (75 routes)', '≤ 1 s; ≤ 75'],
    ],
    ['75 routes one by one: mean / p99', ['–', '2 s / 4 s, of the first 75', '≤ 15 / 50 ms']],
  ])('%s', (work, wanted) => {
    expect(cellsOf(work)).toEqual(wanted)
  })

  it('has a bar for each span that was written at once', () => {
    expect(bulkPlot(both)).toMatch(/1,000 at once.*5,000 at once.*2,000 more, at 3,000/s)
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
    expect(readme(results, [], [], '../../..')).toContain('](../../../conformance/')
  })
})

describe('the part about simulated proxies', () => {
  it('tells how long they take to connect, to learn of a change and to come back', () => {
    const part = simulatedProxies({
      commit: '493da60d6b0a6869b541138dfdcb8b9795d04479',
      date: '2026-01-02',
      command: 'npm run bench:ads',
      figures: {
        streams: 1000,
        resources: 10_000,
        connectSeconds: 40.2,
        connectRssMib: 1249,
        connectEventLoopP99Ms: 16,
        changeP50Ms: 30,
        changeP99Ms: 86,
        changesRssMib: 1252,
        changesEventLoopP99Ms: 24,
        bytesPerClientAndChange: 196,
        encodesPerChange: 1,
        reconnectSeconds: 6.5,
        reconnectRssMib: 1022,
        reconnectEventLoopP99Ms: 46,
        bytesSentAgain: 0,
      },
    })
    expect(part).toMatch(/^## 1,000 simulated proxies\n/)
    expect(part).toContain('with 10,000 resources, and so many proxies on the same cores: 2026-01-02, 493da60d6b0a, `npm run bench:ads`.')
    expect(part).toContain('| all connect and get everything | 40 s | 1,249 MiB | 16 ms |')
    expect(part).toContain('(196 bytes to each, encoded once) | 30 ms / 86 ms | 1,252 MiB | 24 ms |')
    expect(part).toContain('| all connect again (0 bytes of resources sent again) | 6.5 s | 1,022 MiB | 46 ms |')
    expect(readme(results, [], [part])).toContain(part)
  })
})

describe('the excerpt', () => {
  it('tells the command, and who has no Envoy', () => {
    const one = result('traefik', { memory: [{ routes: 0, controllerMb: 60 }] })
    expect(excerpt(results)).toContain('Measured 2026-01-02 by `npm run bench:cluster` on 2 cores;')
    expect(excerpt(results)).not.toContain('one program')
    expect(excerpt([...results, one])).toContain('traefik is one program, which answers requests itself without an Envoy.')
  })

  it('says at how many routes a controller was replaced that did not come as far as the others', () => {
    const restart = { answers: { 200: 7 }, tookMs: 4000, isStalled: false }
    const both = [
      result('headgate', { restart: { ...restart, routes: 3000 } }),
      result('contour', { restart: { ...restart, routes: 1000 } }),
    ]
    expect(excerpt(both)).toContain('| 4 s; 0 of 7 | 4 s; 0 of 7 (at 1,000) |')
  })

  it('warns of comparing what was measured at different loads', () => {
    expect(excerpt(results)).not.toContain('do not compare')
    // What the peer before leaves behind.
    expect(excerpt([...results, result('envoy-gateway', { loadBefore: 3.5 })])).not.toContain('do not compare')
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
