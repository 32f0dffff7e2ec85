import { connect, type Socket } from 'node:net'
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { askEnvoy } from '../src/infra/host/envoy-admin.js'
import { EnvoyProcess } from '../src/infra/host/envoy-process.js'
import { createLogger } from '../src/telemetry/logger.js'
import { eventually } from '../test/support/eventually.js'
import { freePort } from '../test/support/free-port.js'
import { startTelemetryCollector } from '../test/support/telemetry-collector.js'
import { printBootstrap } from './bootstrap.js'
import { type BootstrapChanges, changeBootstrap } from './bootstrap-changes.js'
import { type EnvoyBinary, findEnvoy } from './find-envoy.js'
import { DEFAULT_METRICS, type ProxyMetrics, SINK_TRAFFIC } from './metrics.js'

const WITHIN_MS = 20_000
const KEY = 'of-the-kubelet'
const SHOWN = { headers: { 'x-headgate-drain-key': KEY } }
let envoy: EnvoyBinary
const stops: (() => Promise<void>)[] = []
beforeAll(async () => {
  envoy = await findEnvoy()
}, 120_000)
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** An Envoy with the pod's listener and a data listener that answers 200, without a control plane. */
async function start(metrics: ProxyMetrics = DEFAULT_METRICS, changes: BootstrapChanges = { operations: [] }) {
  const [pod, data] = [await freePort(), await freePort()]
  const bootstrap = (paths: { readonly adminSocketPath: string }): string => {
    const node = { id: 'pod', cluster: 'test' }
    const text = printBootstrap({
      node,
      xds: { host: '127.0.0.1', port: 9 },
      podListener: { addresses: ['127.0.0.1'], port: pod, drainKey: KEY },
      metrics,
      ...paths,
    })
    const { dynamicResources: _dropped, staticResources, ...rest } = JSON.parse(changeBootstrap(text, changes).text)
    return JSON.stringify({
      ...rest,
      staticResources: { ...staticResources, listeners: [...staticResources.listeners, dataListener(data)] },
    })
  }
  const logger = createLogger({ level: 'silent', format: 'json' })
  const process = new EnvoyProcess({ path: envoy.path, bootstrap, logger, logLevel: 'error', concurrency: 1, drainMilliseconds: 0 })
  const abort = new AbortController()
  const done = process.start(abort.signal)
  stops.push(async () => {
    abort.abort()
    await done
  })
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${pod}${path}`, init)
    return { status: response.status, text: await response.text(), encoding: response.headers.get('content-encoding') }
  }
  await eventually(async () => expect((await get('/ready')).status).toBe(200), WITHIN_MS)
  const admin = (path: string) => {
    if (process.state.kind !== 'running') throw new Error(process.state.kind)
    return askEnvoy(process.state.adminSocketPath, 'GET', path)
  }
  return { get, admin, data }
}

const dataListener = (port: number) => ({
  name: 'data',
  address: { socketAddress: { address: '127.0.0.1', portValue: port } },
  filterChains: [
    {
      filters: [
        {
          name: 'envoy.filters.network.http_connection_manager',
          typedConfig: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
            statPrefix: 'data',
            routeConfig: {
              virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, directResponse: { status: 200 } }] }],
            },
            httpFilters: [
              { name: 'router', typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' } },
            ],
          },
        },
      ],
    },
  ],
})

/** A client that keeps its connection; answers with the head of each answer. */
async function keepAliveClient(port: number) {
  const socket: Socket = connect(port, '127.0.0.1')
  const request = (): Promise<string> =>
    new Promise((resolve, reject) => {
      socket.once('data', (bytes) => resolve(bytes.toString()))
      socket.once('error', reject)
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    })
  return { request, close: () => void socket.destroy() }
}

describe("the pod's listener", () => {
  it(
    'passes on readiness and metrics, and nothing else of the admin interface',
    async () => {
      const { get } = await start()
      expect((await get('/stats/prometheus')).text).toContain('envoy_server_live')
      for (const path of [
        '/',
        '/quitquitquit',
        '/config_dump',
        '/certs',
        '/healthcheck/fail',
        '/ready/../config_dump',
        '/ready%2f..%2fconfig_dump',
      ]) {
        expect([path, (await get(path)).status]).toEqual([path, 404])
      }
      expect((await get('/drain', { method: 'POST', ...SHOWN })).status).toBe(404)
      expect((await get('/ready', { method: 'POST' })).status).toBe(404)
    },
    WITHIN_MS,
  )

  it(
    'drains for nobody who does not show the key, as backends of routes and other pods reach it as well',
    async () => {
      const { get } = await start()
      const headers = { 'x-headgate-drain-key': 'guessed' }
      for (const init of [{}, { headers }]) expect((await get('/drain?minimum=0&maximum=1', init)).status).toBe(404)
      expect((await get('/ready')).status).toBe(200)
    },
    WITHIN_MS,
  )

  it(
    'drains: unready at once, clients are asked to leave, and the answer comes when the last has left',
    async () => {
      const { get, data } = await start()
      const client = await keepAliveClient(data)
      expect(await client.request()).not.toMatch(/connection: close/i)
      const began = performance.now()
      const drained = get('/drain?minimum=0&maximum=15', SHOWN).then((response) => response.status)
      await eventually(async () => expect((await get('/ready')).status).toBe(503), WITHIN_MS)
      // The client sits idle for a while: the drain waits for it.
      await new Promise((resolve) => setTimeout(resolve, 700))
      expect(await Promise.race([drained, 'waiting'])).toBe('waiting')
      expect(await client.request()).toMatch(/^HTTP\/1.1 200[\s\S]*connection: close/i)
      // As HTTP clients do. Envoy itself would close 5 s later.
      client.close()
      expect(await drained).toBe(200)
      expect(performance.now() - began).toBeGreaterThan(700)
    },
    WITHIN_MS,
  )

  it(
    'stays ready for a while where that is asked for, while clients are already asked to leave',
    async () => {
      const { get, data } = await start()
      const client = await keepAliveClient(data)
      await client.request()
      const began = performance.now()
      const drained = get('/drain?minimum=0&maximum=60&unready=8', SHOWN).then((response) => response.status)
      await eventually(async () => expect(await client.request()).toMatch(/connection: close/i), WITHIN_MS)
      expect((await get('/ready')).status).toBe(200)
      client.close()
      await eventually(async () => expect((await get('/ready')).status).toBe(503), WITHIN_MS)
      expect(await drained).toBe(200)
      expect(performance.now() - began).toBeGreaterThan(7_900)
    },
    2 * WITHIN_MS,
  )

  it(
    'waits at least the minimum and at most the maximum',
    async () => {
      const { get, data } = await start()
      const stubborn = await keepAliveClient(data)
      await stubborn.request()
      const began = performance.now()
      expect((await get('/drain?minimum=0&maximum=1', SHOWN)).status).toBe(200)
      const impatient = performance.now() - began
      stubborn.close()
      expect(impatient).toBeGreaterThanOrEqual(1_000)
      expect(impatient).toBeLessThan(4_000)
      const again = performance.now()
      expect((await get('/drain?minimum=1&maximum=10', SHOWN)).status).toBe(200)
      expect(performance.now() - again).toBeGreaterThanOrEqual(1_000)
      expect(performance.now() - again).toBeLessThan(4_000)
    },
    WITHIN_MS,
  )
})

it(
  'keeps few statistics',
  async () => {
    const { admin, data } = await start()
    const client = await keepAliveClient(data)
    await client.request()
    const names = (await admin('/stats')).split('\n').map((line) => line.split(':')[0] ?? '')
    client.close()
    expect(names).toContain('http.data.downstream_rq_2xx')
    expect(names.filter((name) => name.startsWith('cluster.headgate_admin.')).length).toBeLessThan(25)
    expect(names.length).toBeLessThan(250)
  },
  WITHIN_MS,
)

it(
  'starts with a bootstrap that was changed',
  async () => {
    const { admin } = await start(DEFAULT_METRICS, {
      merge: { layeredRuntime: { layers: [{ name: 'mine', staticLayer: { 'my.flag': 7 } }] } },
      operations: [{ op: 'replace', path: '/layeredRuntime/layers/1/staticLayer/my.flag', value: 8 }],
    })
    expect(JSON.parse(await admin('/runtime')).entries['my.flag']).toMatchObject({ final_value: '8' })
  },
  WITHIN_MS,
)

describe('metrics', () => {
  it(
    'are not there for Prometheus when nobody wants them',
    async () => {
      const { get } = await start({ ...DEFAULT_METRICS, prometheus: false })
      expect((await get('/stats/prometheus')).status).toBe(404)
    },
    WITHIN_MS,
  )

  it.each(['gzip', 'brotli'] as const)(
    'are compressed with %s for who accepts it',
    async (compression) => {
      const { get } = await start({ ...DEFAULT_METRICS, compression })
      const accept = { gzip: 'gzip', brotli: 'br' }[compression]
      const answer = await get('/stats/prometheus', { headers: { 'accept-encoding': accept } })
      expect(answer.encoding).toBe(accept)
      expect(answer.text).toContain('envoy_server_live')
      expect((await get('/stats/prometheus', { headers: { 'accept-encoding': 'identity' } })).encoding).toBeNull()
    },
    WITHIN_MS,
  )

  it(
    'are kept beside the usual ones where they are asked for, and sent to a collector',
    async () => {
      const collector = await startTelemetryCollector('metrics')
      stops.push(async () => collector.close())
      const include = [{ by: 'regex', value: 'http\\.data\\.downstream_cx_rx_bytes.*' } as const]
      const told = { headers: [{ name: 'X-Key', value: 'k3y' }], resourceAttributes: { 'service.name': 'edge' } }
      const traffic = { ...SINK_TRAFFIC, tcpKeepalive: { probes: 3 }, dns: { respectsTtl: false, refreshMs: 60_000 } }
      const sinks = [{ host: 'localhost', port: collector.port, countersAsDeltas: true, histogramsAsDeltas: true, ...told, traffic }]
      const { admin, data } = await start({ ...DEFAULT_METRICS, include, sinks })
      const client = await keepAliveClient(data)
      await client.request()
      await eventually(async () => expect(await admin('/stats')).toContain('http.data.downstream_cx_rx_bytes_total'), WITHIN_MS)
      await eventually(() => expect([...collector.metricNames].join()).toContain('downstream_cx_rx_bytes_total'), WITHIN_MS)
      expect(collector.metadata).toContainEqual(expect.objectContaining({ 'x-key': 'k3y' }))
      expect(collector.metricResources).toContainEqual(expect.objectContaining({ 'service.name': 'edge' }))
      const clusters = await admin('/config_dump?resource=static_clusters')
      expect(clusters).toMatch(/"keepalive_probes": 3/)
      expect(clusters).toMatch(/"dns_refresh_rate": "60s"/)
      client.close()
    },
    3 * WITHIN_MS,
  )
})
