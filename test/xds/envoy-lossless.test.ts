/**
 * No request is lost while configuration changes: a real Envoy, two closed-loop clients, every answer counted (A4 rows 4 to 8, 18).
 *
 * The numbers of rounds are small by default; with LONG=1 they are those of the issue.
 */
import { describe, expect, it } from '@jest/globals'
import { type EncodedResource, type ResourceChange, TYPE_URL } from '../../src/xds/resource.js'
import { createAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { send } from '../support/http-client.js'
import {
  edsCluster,
  hostScope,
  httpListener,
  routeTable,
  scopedListener,
  tlsListener,
  tlsSecret,
  toAnswer,
  toCluster,
} from './support/envoy-resources.js'
import { type Fixture, GROUP, serve } from './support/fixture.js'
import { type Load, startLoad } from './support/load.js'
import { type RealEnvoy, startEnvoy } from './support/real-envoy.js'
import { drop, endpoints } from './support/resources.js'

const IS_LONG = process.env.LONG === '1'
const FLIPS = IS_LONG ? 1_000 : 100
const ROLLS = IS_LONG ? 100 : 20
const ROUTES = IS_LONG ? 500 : 60
const INTERVAL_MS = 20
const TIMEOUT_MS = 120_000
const HOST = 'a.test'

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A gateway in front of two upstreams that are listeners of the same Envoy. */
interface Stage extends AsyncDisposable {
  readonly fixture: Fixture
  readonly envoy: RealEnvoy
  readonly port: number
  readonly upstreams: readonly [number, number]
  loads(): readonly Load[]
  /** Ends the clients; every answer was 200, on the connections that were made first. */
  expectNoLoss(): Promise<void>
  /** Resolves when the proxy runs the newest revision. */
  delivered(): Promise<void>
}

/** How the routes of the one host come to the proxy. */
interface Packing {
  readonly packing: string
  listener(port: number): EncodedResource
  route(to: string): EncodedResource
}

const PACKINGS: readonly Packing[] = [
  {
    packing: 'route configuration',
    listener: (port) => httpListener('edge', port, 'edge'),
    route: (to) => routeTable('edge', [toCluster(to)]),
  },
  { packing: 'scopes', listener: (port) => scopedListener('edge', port), route: (to) => hostScope(HOST, [toCluster(to)]) },
]

async function stage({ listener, route }: Packing): Promise<Stage> {
  const [port, one, two] = [await freePort(), await freePort(), await freePort()]
  const fixture = await serve([
    listener(port),
    route('c0'),
    edsCluster('c0'),
    endpoints('c0', one),
    ...[one, two].flatMap((upstream, index) => [
      httpListener(`up${index}`, upstream, `up${index}`),
      routeTable(`up${index}`, [toAnswer(`up${index}`)]),
    ]),
  ])
  const envoy = await startEnvoy({ xds: { port: fixture.port }, concurrency: 2 })
  await eventually(async () => expect((await send({ address: '127.0.0.1', port, host: HOST })).status).toBe(200), 20_000)
  const loads = [startLoad({ port, host: HOST }), startLoad({ port, host: HOST })]
  const delivered = () =>
    eventually(() => expect(fixture.server.tracker.acknowledgedRevision(GROUP)).toBe(fixture.cache.revision(GROUP)), 20_000)
  return {
    fixture,
    envoy,
    port,
    upstreams: [one, two],
    loads: () => loads,
    delivered,
    async expectNoLoss() {
      await delivered()
      await pause(50)
      const totals = loads.map((load) => load.total())
      const connections = loads.map((load) => load.connections())
      const answers = await Promise.all(loads.map((load) => load.end()))
      for (const seen of answers) expect(Object.keys(seen)).toEqual(['200'])
      for (const total of totals) expect(total).toBeGreaterThan(50)
      expect(connections).toEqual([1, 1])
      expect(fixture.server.rejected.list()).toEqual([])
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(loads.map((load) => load.end()))
      await envoy[Symbol.asyncDispose]()
      await fixture[Symbol.asyncDispose]()
    },
  }
}

describe.each(PACKINGS)('no request is lost, routes by $packing', (packing) => {
  it(
    `when the backend is replaced ${FLIPS} times, ${INTERVAL_MS} ms apart`,
    async () => {
      await using on = await stage(packing)
      for (let flip = 1; flip <= FLIPS; flip++) {
        const changes: (EncodedResource | ResourceChange)[] = [
          packing.route(`c${flip}`),
          edsCluster(`c${flip}`),
          endpoints(`c${flip}`, on.upstreams[flip % 2] ?? 0),
          drop(edsCluster(`c${flip - 1}`)),
          drop(endpoints(`c${flip - 1}`)),
        ]
        on.fixture.apply(...changes)
        await pause(INTERVAL_MS)
      }
      await on.expectNoLoss()
      await eventually(async () => expect(await clustersOf(on.envoy)).toEqual([`c${FLIPS}`]))
    },
    TIMEOUT_MS,
  )

  it(
    `when endpoints are rolled ${ROLLS} times and the cluster changes with them`,
    async () => {
      await using on = await stage(packing)
      for (let roll = 1; roll <= ROLLS; roll++) {
        on.fixture.apply(endpoints('c0', on.upstreams[roll % 2] ?? 0), ...(roll % 5 === 0 ? [edsCluster('c0', roll)] : []))
        await pause(INTERVAL_MS)
      }
      await on.expectNoLoss()
    },
    TIMEOUT_MS,
  )

  it(
    'when listeners come and go beside it',
    async () => {
      await using on = await stage(packing)
      const other = await freePort()
      for (let round = 0; round < 5; round++) {
        on.fixture.apply(httpListener('other', other, 'other'), routeTable('other', [toAnswer('other')]))
        await eventually(async () => expect((await send({ address: '127.0.0.1', port: other })).status).toBe(200))
        on.fixture.apply(drop({ typeUrl: TYPE_URL.listener, name: 'other' }), drop({ typeUrl: TYPE_URL.routeConfiguration, name: 'other' }))
        await on.delivered()
      }
      await on.expectNoLoss()
    },
    TIMEOUT_MS,
  )

  it(
    'when the control plane is restarted: the proxy goes on, and gets nothing that it has (A4 row 12)',
    async () => {
      await using on = await stage(packing)
      await on.fixture.server.close()
      await pause(100)
      await using again = await serve([], { cache: on.fixture.cache, port: on.fixture.port })
      await eventually(() => expect(again.server.tracker.acknowledgedRevision(GROUP)).toBe(again.cache.revision(GROUP)), 20_000)
      const { bytes } = again.server.counters
      expect(
        [TYPE_URL.cluster, TYPE_URL.listener, TYPE_URL.routeConfiguration, TYPE_URL.scopedRouteConfiguration].map(
          (type) => bytes.get(type) ?? 0,
        ),
      ).toEqual([0, 0, 0, 0])
      again.apply(packing.route('c1'), edsCluster('c1'), endpoints('c1', on.upstreams[1]), drop(edsCluster('c0')))
      await eventually(async () => expect((await send({ address: '127.0.0.1', port: on.port, host: HOST })).body).toBe('up1'))
      for (const load of on.loads()) expect(Object.keys(await load.end())).toEqual(['200'])
    },
    TIMEOUT_MS,
  )
})

describe('no request is lost', () => {
  it(
    'when certificates are rotated under a listener that is busy',
    async () => {
      const authority = await createAuthority()
      const [port, plain] = [await freePort(), await freePort()]
      const issue = () => authority.issue({ dns: [HOST] })
      await using fixture = await serve([
        tlsListener('secure', port, 'edge', 'certificate'),
        httpListener('plain', plain, 'edge'),
        routeTable('edge', [toAnswer('secure')]),
        tlsSecret('certificate', await issue()),
      ])
      await using envoy = await startEnvoy({ xds: { port: fixture.port } })
      const get = () => send({ address: '127.0.0.1', port, host: HOST, tls: { ca: authority.certificate } })
      await eventually(async () => expect(await get()).toMatchObject({ status: 200 }), 20_000)
      const load = startLoad({ port: plain, host: HOST })
      for (let round = 0; round < ROLLS; round++) {
        fixture.apply(tlsSecret('certificate', await issue()))
        expect(await get()).toMatchObject({ status: 200, body: 'secure' })
      }
      expect(Object.keys(await load.end())).toEqual(['200'])
      expect(await envoy.stat('listener_manager.listener_modified')).toBe(0)
      expect(fixture.server.counters.responses.get(TYPE_URL.listener)).toBe(1)
    },
    TIMEOUT_MS,
  )

  it(
    `when ${ROUTES} routes with new backends are added one by one: the first answer after 404 is 200`,
    async () => {
      await using on = await stage(PACKINGS[1] ?? raise())
      for (let index = 0; index < ROUTES; index++) {
        const host = `r${index}.test`
        const get = () => send({ address: '127.0.0.1', port: on.port, host })
        on.fixture.apply(hostScope(host, [toCluster(host)]), edsCluster(host), endpoints(host, on.upstreams[index % 2] ?? 0))
        const seen: number[] = []
        while (seen.at(-1) !== 200 && seen.length < 2_000) seen.push((await get()).status)
        expect([...new Set(seen)].filter((status) => status !== 404)).toEqual([200])
      }
      await on.expectNoLoss()
    },
    TIMEOUT_MS,
  )
})

async function clustersOf(envoy: RealEnvoy): Promise<string[]> {
  const { cluster_statuses: statuses = [] } = JSON.parse(await envoy.admin('/clusters?format=json')) as {
    cluster_statuses?: { name: string }[]
  }
  return statuses.map(({ name }) => name).filter((name) => name !== 'headgate_xds')
}

function raise(): never {
  throw new Error('no such packing')
}
