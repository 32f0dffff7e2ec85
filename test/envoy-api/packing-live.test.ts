/** Scoped routes while they change: a real Envoy, clients that ask all the time, every answer counted. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Route } from '../../src/ir/route.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { parseResourceKey } from '../../src/xds/translate/resource-key.js'
import { SCOPE_HEADER } from '../../src/xds/translate/scopes/scope-key.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { send } from '../support/http-client.js'
import { type Fixture, GROUP, serve } from '../xds/support/fixture.js'
import { type Load, startLoad } from '../xds/support/load.js'
import { type RealEnvoy, startEnvoy } from '../xds/support/real-envoy.js'
import {
  cluster,
  endpoint,
  endpoints,
  forward,
  host,
  type IrValues,
  irGraph,
  port,
  route,
  routeTable,
  virtualHost,
  weighted,
} from './ir-fixtures.js'

const IS_LONG = process.env.LONG === '1'
const EDITS = IS_LONG ? 2_000 : 200
const HOSTS = IS_LONG ? 10_000 : 1_200
const INTERVAL_MS = 4
const TIMEOUT_MS = 120_000

let backends: readonly TestBackend[] = []
beforeAll(async () => {
  backends = [await startBackend('a'), await startBackend('b')]
}, 300_000)
afterAll(async () => {
  for (const backend of backends) await backend.close()
})

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const to = (name: string): Route => route({ action: forward({ clusters: [weighted(name)] }) })
const hostNamed = (name: string, backend = 'a') => virtualHost([to(backend)], { domain: name === '*' ? '*' : host(name) })

/** A gateway whose IR is changed and goes to a real Envoy, as the pipeline would bring it. */
interface Stage extends AsyncDisposable {
  readonly fixture: Fixture
  readonly envoy: RealEnvoy
  readonly port: number
  change(values: IrValues, gone?: readonly string[]): void
  delivered(): Promise<void>
  load(name: string): Load
}

async function stage(packing: RoutePacking, values: IrValues): Promise<Stage> {
  const boundPort = await freePort()
  const ir = irGraph({ accessLog: 'off', packing })
  const fixture = await serve()
  const loads: Load[] = []
  const change = (more: IrValues, gone: readonly string[] = []): void => {
    ir.set(more)
    for (const name of gone) ir.remove('virtualHosts', `t#${name}`)
    const [failure] = ir.graph.flush().failures
    if (failure !== undefined) throw failure.error
    const changes = [...ir.xds.resources.takeChanges()].flatMap(([key, resource]) => {
      const reference = parseResourceKey(key)?.reference
      return reference === undefined ? [] : [{ ...reference, resource }]
    })
    fixture.apply(...changes)
  }
  change({
    ports: [port({ boundPort })],
    routeTables: [routeTable()],
    clusters: [cluster('a'), cluster('b')],
    endpoints: ['a', 'b'].map((name, index) => endpoints(name, endpoint(backends[index]?.port ?? 0))),
    ...values,
  })
  const envoy = await startEnvoy({ xds: { port: fixture.port }, concurrency: 2 })
  return {
    fixture,
    envoy,
    port: boundPort,
    change,
    delivered: () =>
      eventually(() => expect(fixture.server.tracker.acknowledgedRevision(GROUP)).toBe(fixture.cache.revision(GROUP)), 20_000),
    load: (name) => {
      const load = startLoad({ port: boundPort, host: name })
      loads.push(load)
      return load
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(loads.map((load) => load.end()))
      await envoy[Symbol.asyncDispose]()
      await fixture[Symbol.asyncDispose]()
    },
  }
}

const many = (count: number) => Array.from({ length: count }, (_, index) => hostNamed(`h${index}.test`))

describe('scoped routes', () => {
  it(
    `of ${HOSTS} hosts are there when the listener opens: nothing but 200 from the first connection on`,
    async () => {
      await using on = await stage('scoped', { virtualHosts: many(HOSTS) })
      const seen = new Set<number | string>()
      const deadline = performance.now() + 30_000
      for (let answers = 0; answers < 50 && performance.now() < deadline; ) {
        const name = `h${HOSTS - 1 - (answers % 3)}.test`
        const status = await send({ address: '127.0.0.1', port: on.port, host: name }).then(
          (answer) => answer.status,
          (error: NodeJS.ErrnoException) => error.code ?? error.message,
        )
        if (status !== 'ECONNREFUSED') answers += 1
        seen.add(status)
      }
      expect(seen).toEqual(new Set(['ECONNREFUSED', 200]))
      await on.delivered()
    },
    TIMEOUT_MS,
  )

  it(
    `lose no request in ${EDITS} edits: their own, those of others, of wildcards, hosts that come and go`,
    async () => {
      await using on = await stage('scoped', { virtualHosts: [...many(50), hostNamed('*.wild.test'), hostNamed('*')] })
      await eventually(async () => expect((await send({ address: '127.0.0.1', port: on.port, host: 'h0.test' })).status).toBe(200), 20_000)
      const loads = ['h0.test', 'H1.Test:80', 'a.b.wild.test', 'nobody.test'].map(on.load)
      for (let edit = 0; edit < EDITS; edit++) {
        const backend = edit % 2 === 0 ? 'b' : 'a'
        on.change({ virtualHosts: [hostNamed('h0.test', backend), hostNamed(`h${1 + (edit % 40)}.test`, backend)] })
        if (edit % 5 === 0) on.change({ virtualHosts: [hostNamed('*.wild.test', backend), hostNamed('*', backend)] })
        if (edit % 7 === 0) on.change({ virtualHosts: [hostNamed('new.test')] }, ['h49.test'])
        else if (edit % 7 === 3) on.change({ virtualHosts: [hostNamed('h49.test')] }, ['new.test'])
        await pause(INTERVAL_MS)
      }
      await on.delivered()
      const connections = loads.map((load) => load.connections())
      for (const load of loads) {
        expect(load.total()).toBeGreaterThan(50)
        expect(Object.keys(await load.end())).toEqual(['200'])
      }
      expect(connections).toEqual([1, 1, 1, 1])
      expect(on.fixture.server.rejected.list()).toEqual([])
      expect(await on.envoy.stat('listener_manager.listener_modified')).toBe(0)
    },
    TIMEOUT_MS,
  )

  it(
    'a listener is added while scopes change without a pause',
    async () => {
      await using on = await stage('scoped', { virtualHosts: many(50) })
      await eventually(async () => expect((await send({ address: '127.0.0.1', port: on.port, host: 'h0.test' })).status).toBe(200), 20_000)
      const second = await freePort()
      let isOpen = false
      const churn = (async () => {
        for (let edit = 0; !isOpen && edit < 5_000; edit++) {
          on.change({ virtualHosts: many(50).map((each) => ({ ...each, routes: [to(edit % 2 === 0 ? 'b' : 'a')] })) })
          await pause(0)
        }
      })()
      on.change({ ports: [port({ name: 'q', boundPort: second })] })
      await eventually(async () => expect((await send({ address: '127.0.0.1', port: second, host: 'h0.test' })).status).toBe(200), 10_000)
      isOpen = true
      await churn
    },
    TIMEOUT_MS,
  )
})

describe('a control plane that comes back', () => {
  it(
    'finds scopes where it left them: no wrong answer, and what changed meanwhile arrives',
    async () => {
      await using on = await stage('scoped', { virtualHosts: [...many(50), hostNamed('*.wild.test')] })
      await eventually(async () => expect((await send({ address: '127.0.0.1', port: on.port, host: 'h0.test' })).status).toBe(200), 20_000)
      await on.delivered()
      const loads = ['h0.test', 'H1.Test:80', 'a.b.wild.test'].map(on.load)
      for (let turn = 0; turn < 2; turn++) {
        await on.fixture.server.close()
        await pause(100)
        on.change({ virtualHosts: [hostNamed(`new${turn}.test`)] }, [`h${49 - turn}.test`])
        await using again = await serve([], { cache: on.fixture.cache, port: on.fixture.port })
        await eventually(
          async () => expect((await send({ address: '127.0.0.1', port: on.port, host: `new${turn}.test` })).status).toBe(200),
          30_000,
        )
        await eventually(async () =>
          expect((await send({ address: '127.0.0.1', port: on.port, host: `h${49 - turn}.test` })).status).toBe(404),
        )
        expect(again.server.rejected.list()).toEqual([])
        // Scopes that did not change are not sent again.
        expect(again.server.counters.bytes.get(TYPE_URL.scopedRouteConfiguration) ?? 0).toBeLessThan(5_000)
        expect(await on.envoy.stat('listener_manager.listener_modified')).toBe(0)
      }
      for (const load of loads) {
        const before = load.total()
        await eventually(() => expect(load.total()).toBeGreaterThan(before + 5))
        expect(load.connections()).toBe(1)
        expect(Object.keys(await load.end())).toEqual(['200'])
      }
    },
    TIMEOUT_MS,
  )
})

describe('a table that passes the limit', () => {
  const LIMIT = 20
  /** Hosts of which a tenth of the limit, the limit, and one and a half of it lie between two of them. */
  const SIZES = [2, 15, 25, 40] as const

  /** Brings the table to that many exact hosts, and waits until Envoy has it. */
  async function grow(on: Stage, from: number, to: number): Promise<void> {
    const names = (first: number, end: number) => Array.from({ length: end - first }, (_, index) => `h${first + index}.test`)
    if (to > from) on.change({ virtualHosts: names(from, to).map((name) => hostNamed(name)) })
    else on.change({}, names(to, from))
    await on.delivered()
    const last = Math.max(from, to) - 1
    const wanted = to > from ? 200 : 404
    await eventually(async () => expect((await send({ address: '127.0.0.1', port: on.port, host: `h${last}.test` })).status).toBe(wanted))
    await pause(200)
  }

  /** Which packing a new connection gets: backends see the header of scopes only where it means nothing. */
  async function packingOfNewConnections(on: Stage): Promise<'rds' | 'scoped'> {
    const headers = { [SCOPE_HEADER]: 'mine' }
    const { echo } = await send({ address: '127.0.0.1', port: on.port, host: 'h0.test', headers })
    return echo?.headers[SCOPE_HEADER] === 'mine' ? 'rds' : 'scoped'
  }

  it(
    'changes what new connections get and drains none that is open, in both directions',
    async () => {
      const [few, below, above, many40] = SIZES
      await using on = await stage({ scopedAbove: LIMIT }, { virtualHosts: [...many(few), hostNamed('*.wild.test')] })
      await eventually(async () => expect((await send({ address: '127.0.0.1', port: on.port, host: 'h0.test' })).status).toBe(200), 20_000)
      const isKept = (loads: readonly Load[]) => {
        for (const load of loads) expect([load.total() > 20, load.connections()]).toEqual([true, 1])
      }
      const early = ['h0.test', 'H1.Test:80', 'a.wild.test'].map(on.load)
      expect(await packingOfNewConnections(on)).toBe('rds')
      await grow(on, few, below)
      expect(await packingOfNewConnections(on)).toBe('rds')
      await grow(on, below, above)
      expect(await packingOfNewConnections(on)).toBe('scoped')
      const late = ['h0.test', 'H1.Test:80', 'a.wild.test'].map(on.load)
      await grow(on, above, below)
      expect(await packingOfNewConnections(on)).toBe('rds')
      await grow(on, below, above)
      isKept([...early, ...late])
      expect(await on.envoy.admin('/config_dump?resource=dynamic_listeners')).toContain('filter_chain_matcher')
      // Only now the route configuration goes, and with it connections that are older than the scopes.
      await grow(on, above, many40)
      await grow(on, many40, above)
      await grow(on, above, below)
      isKept(late)
      for (const load of [...early, ...late]) expect(Object.keys(await load.end())).toEqual(['200'])
      await grow(on, below, few)
      expect(await packingOfNewConnections(on)).toBe('rds')
      expect(await on.envoy.admin('/config_dump?resource=dynamic_listeners')).not.toContain('filter_chain_matcher')
      expect(on.fixture.server.rejected.list()).toEqual([])
      // Never a listener anew: chains were added and taken away.
      expect(await on.envoy.stat('listener_manager.listener_in_place_updated')).toBeGreaterThanOrEqual(7)
    },
    TIMEOUT_MS,
  )
})
