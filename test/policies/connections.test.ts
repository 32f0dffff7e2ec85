/** BackendTrafficPolicy: connections to backends, shown by what the backends see of them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { backend } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { GOOD, onRoute, routeTo, said } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'
import { runningCluster, statistic } from './proxy.js'
import { type RawBackend, startRawBackend } from './raw-backend.js'
import { fullListener } from './support/full-listener.js'
import { keepaliveTimer } from './support/keepalive-timer.js'

const world = featureWorld(['a'])
let h2: TestBackend
let raw: RawBackend
beforeAll(async () => {
  h2 = await startBackend('h2', { kind: 'h2c' })
})
afterAll(() => h2.close())

/** The route to a backend of the test whose connections are counted from here on. */
async function withRaw(settings: string, test: (backend: RawBackend) => Promise<void>): Promise<void> {
  raw = await startRawBackend('raw')
  try {
    await world.write(backend(raw), routeTo('raw'), onRoute(settings))
    expect(said(world)).toEqual(GOOD)
    await test(raw)
  } finally {
    await raw.close()
  }
}
const ask = async (path = '/'): Promise<number> => (await world.ask({ path })).status
const cluster = (): Promise<Readonly<Record<string, unknown>>> => runningCluster(world, 'Backend/default/raw')

describe('connections to backends', () => {
  for (const version of ['V1', 'V2']) {
    policyField(['BackendTrafficPolicy proxyProtocol.version'], `proxyProtocol ${version}`, async () => {
      await withRaw(`proxyProtocol: {version: ${version}}`, async ({ connections }) => {
        expect(await ask()).toBe(200)
        const first = connections[0]?.received() ?? Buffer.alloc(0)
        if (version === 'V1') expect(first.toString('latin1')).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.\d+ \d+ \d+\r\nGET /)
        else expect(first.subarray(0, 12).toString('hex')).toBe('0d0a0d0a000d0a515549540a')
      })
    })
  }

  policyField(['BackendTrafficPolicy timeouts.http.connectionIdleTimeout'], 'an idle connection is closed', async () => {
    await withRaw('timeouts: {http: {connectionIdleTimeout: 300ms}}', async ({ open }) => {
      expect(await ask()).toBe(200)
      await eventually(() => expect(open()).toBe(0), 20_000)
    })
    await withRaw('timeouts: {http: {connectionIdleTimeout: 10m}}', async ({ open }) => {
      expect(await ask()).toBe(200)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      expect(open()).toBe(1)
    })
  })

  it('an idle connection of HTTP/1 is closed before servers that do so after 5 s', async () => {
    await withRaw('connection: {bufferLimit: 32Ki}', async ({ open }) => {
      expect(await ask()).toBe(200)
      const answered = performance.now()
      await eventually(() => expect(open()).toBe(0), 20_000)
      expect(performance.now() - answered).toBeGreaterThan(3_000)
    })
  })

  policyField(['BackendTrafficPolicy timeouts.http.maxConnectionDuration'], 'an old connection takes no more requests', async () => {
    await withRaw('timeouts: {http: {maxConnectionDuration: 300ms}}', async ({ connections, open }) => {
      expect(await ask()).toBe(200)
      await eventually(() => expect(open()).toBe(0), 20_000)
      expect(await ask()).toBe(200)
      expect(connections).toHaveLength(2)
    })
  })

  policyField(['BackendTrafficPolicy circuitBreaker.maxRequestsPerConnection'], 'a connection takes so many requests', async () => {
    await withRaw('circuitBreaker: {maxRequestsPerConnection: 1}', async ({ connections }) => {
      for (let at = 0; at < 4; at++) expect(await ask()).toBe(200)
      expect(connections).toHaveLength(4)
    })
  })

  policyField(['BackendTrafficPolicy circuitBreaker.perEndpoint.maxConnections'], 'an endpoint has so many connections', async () => {
    await withRaw('circuitBreaker: {perEndpoint: {maxConnections: 2}}', async ({ connections }) => {
      await Promise.all(Array.from({ length: 24 }, () => ask('/?delayMs=100')))
      // Each thread of Envoy may have one in any case.
      expect(connections.length).toBeLessThan(20)
    })
    await withRaw('circuitBreaker: {maxConnections: 100}', async ({ connections }) => {
      await Promise.all(Array.from({ length: 24 }, () => ask('/?delayMs=1000')))
      expect(connections.length).toBeGreaterThan(20)
    })
  })

  policyField(
    ['BackendTrafficPolicy connection.preconnect.perEndpointPercent'],
    'connections are made before they are needed',
    async () => {
      await withRaw('connection: {preconnect: {perEndpointPercent: 300}}', async ({ connections }) => {
        const asked = ask('/?delayMs=500')
        await eventually(() => expect(connections.length).toBeGreaterThanOrEqual(3), 20_000)
        expect(await asked).toBe(200)
      })
    },
  )

  policyField(
    ['BackendTrafficPolicy connection.preconnect.predictivePercent', 'BackendTrafficPolicy connection.bufferLimit'],
    'predicted connections and the size of buffers are what Envoy runs with',
    async () => {
      await withRaw('loadBalancer: {type: RoundRobin}, connection: {bufferLimit: 64Ki, preconnect: {predictivePercent: 150}}', async () => {
        expect(await cluster()).toMatchObject({
          per_connection_buffer_limit_bytes: 65_536,
          preconnect_policy: { predictive_preconnect_ratio: 1.5 },
        })
        expect(await ask()).toBe(200)
      })
    },
  )

  policyField(['BackendTrafficPolicy tcpKeepalive.{probes,idleTime,interval}'], 'TCP keepalive is what Envoy runs with', async () => {
    await withRaw('tcpKeepalive: {probes: 4, idleTime: 20s, interval: 7s}', async () => {
      expect(await ask()).toBe(200)
      expect(await cluster()).toMatchObject({
        upstream_connection_options: { tcp_keepalive: { keepalive_probes: 4, keepalive_time: 20, keepalive_interval: 7 } },
      })
    })
  })

  it('asks backends that are silent for a minute whether they are there', async () => {
    raw = await startRawBackend('raw')
    try {
      await world.write(backend(raw), routeTo('raw'))
      expect(await ask()).toBe(200)
      const timer = () => keepaliveTimer(raw.connections[0]?.remotePort, raw.port)
      await eventually(() => expect(timer()).toBeGreaterThan(3_000))
      expect(timer()).toBeLessThanOrEqual(6_000)
    } finally {
      await raw.close()
    }
  })

  policyField(['BackendTrafficPolicy timeouts.tcp.connectTimeout'], 'a backend that takes no connection is given up', async () => {
    // Nobody accepts: the queue of the kernel is full after a few connections, and it answers no more.
    const { full, port, close } = await fullListener()
    try {
      await world.write(
        backend({ name: 'raw', port }),
        routeTo('raw'),
        onRoute('retry: {numRetries: 0}, timeouts: {tcp: {connectTimeout: 300ms}, http: {requestTimeout: 8s}}'),
      )
      await full()
      expect(await ask()).toBe(503)
      expect(await statistic(world, 'cluster.Backend/default/raw~default/p.upstream_cx_connect_timeout')).toBeGreaterThan(0)
    } finally {
      await close()
    }
  })

  policyField(['BackendTrafficPolicy timeouts.http.maxStreamDuration'], 'a request ends in time, although bytes flow', async () => {
    await world.write(routeTo('a'), onRoute('timeouts: {http: {maxStreamDuration: 300ms}}'))
    expect(await ask('/?delayMs=3000')).toBe(504)
    expect(await ask()).toBe(200)
  })
})

describe('HTTP/2 to backends', () => {
  const route = (settings: string): readonly string[] => [backend(h2, ['kubernetes.io/h2c']), routeTo('h2'), onRoute(settings)]
  const running = () => runningCluster(world, 'Backend/default/h2')

  policyField(['BackendTrafficPolicy http2.maxConcurrentStreams'], 'more streams need more connections', async () => {
    const connections = async (): Promise<number> =>
      (await statistic(world, 'cluster.Backend/default/h2~default/p.upstream_cx_active')) ?? 0
    await world.write(...route('http2: {maxConcurrentStreams: 1}'))
    expect(await Promise.all(Array.from({ length: 4 }, () => ask('/?delayMs=300')))).toEqual([200, 200, 200, 200])
    expect(await connections()).toBe(4)
  })

  policyField(
    [
      'BackendTrafficPolicy http2.{initialStreamWindowSize,initialConnectionWindowSize,onInvalidMessage}',
      'BackendTrafficPolicy http2.connectionKeepalive.{interval,timeout,intervalJitter,idleInterval}',
    ],
    'windows, probes and what ends after a mistake are what Envoy runs with',
    async () => {
      const keepalive = 'connectionKeepalive: {interval: 200ms, timeout: 5s, intervalJitter: 10, idleInterval: 1s}'
      await world.write(
        ...route(
          `http2: {initialStreamWindowSize: 70000, initialConnectionWindowSize: 80000, onInvalidMessage: TerminateStream, ${keepalive}}`,
        ),
      )
      expect(said(world)).toEqual(GOOD)
      expect(await ask()).toBe(200)
      const text = JSON.stringify(await running())
      expect(text).toContain('"initial_stream_window_size":70000')
      expect(text).toContain('"initial_connection_window_size":80000')
      expect(text).toContain('"override_stream_error_on_invalid_http_message":true')
      expect(text).toMatch(
        /"connection_keepalive":\{"interval":"0.200s","timeout":"5s","interval_jitter":\{"value":10\},"connection_idle_interval":"1s"\}/,
      )
    },
  )

  policyField(['BackendTrafficPolicy useClientProtocol'], 'the version of the client is spoken', async () => {
    await world.write(routeTo('a'), onRoute('useClientProtocol: true'))
    expect(said(world)).toEqual(GOOD)
    expect((await world.ask()).echo?.httpVersion).toBe('1.1')
    await world.write(backend(h2), routeTo('h2'), onRoute('useClientProtocol: true'))
    const client = world.headgate.http2('default/gw', 80)
    try {
      const answer = await client.send({ host: 'example.com' })
      expect(answer.status).toBe(200)
      expect(answer.echo?.httpVersion).toBe('2.0')
    } finally {
      client.close()
    }
  })
})

describe('names of endpoints', () => {
  const named = (): string => `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: named}
spec: {endpoints: [{fqdn: {hostname: localhost, port: ${world.backend('a').port}}}]}
`

  policyField(['BackendTrafficPolicy dns.lookupFamily'], 'only addresses of the family are used', async () => {
    await world.write(named(), routeTo('named'), onRoute('dns: {lookupFamily: IPv4}'))
    await eventually(async () => expect(await world.answerer()).toBe('a'), 20_000)
    // Nobody listens on ::1.
    await world.write(named(), routeTo('named'), onRoute('dns: {lookupFamily: IPv6}'))
    await eventually(async () => expect(await world.answerer()).toBe(503), 20_000)
    for (const family of ['IPv4Preferred', 'IPv6Preferred', 'IPv4AndIPv6']) {
      await world.write(named(), routeTo('named'), onRoute(`dns: {lookupFamily: ${family}}`))
      expect(said(world)).toEqual(GOOD)
    }
  })

  policyField(['BackendTrafficPolicy dns.{dnsRefreshRate,respectDnsTtl}'], 'names are looked up again as often', async () => {
    await world.write(named(), routeTo('named'), onRoute('dns: {dnsRefreshRate: 100ms, respectDnsTtl: false}'))
    expect(await runningCluster(world, 'Backend/default/named')).toMatchObject({
      cluster_type: { typed_config: { dns_refresh_rate: '0.100s' } },
    })
    await eventually(async () => expect(await world.answerer()).toBe('a'), 20_000)
    await world.write(named(), routeTo('named'), onRoute('dns: {dnsRefreshRate: 0s}'))
    expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
  })
})

it('what the settings refuse', async () => {
  const wrong = ['connection: {bufferLimit: "0"}', 'http2: {connectionKeepalive: {timeout: 0s}}', 'retry: {perRetry: {idleTimeout: 0s}}']
  for (const settings of wrong) {
    await world.write(routeTo('a'), onRoute(settings))
    expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
    expect(await world.answerer()).toBe('a')
  }
})
