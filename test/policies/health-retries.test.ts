/** BackendTrafficPolicy: which endpoints are well, and what is tried again. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { backend } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { createAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { startBackend } from '../support/http-backend.js'
import { GOOD, onRoute, routeTo, said, several, spread } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'
import { runningCluster, statistic } from './proxy.js'
import { startRawBackend } from './raw-backend.js'

const world = featureWorld(['a', 'b', 'c'])
const port = (name: string): number => world.backend(name).port
const WITHIN = 20_000

/** An active check of the backend `a`. */
const checked = (active: string): readonly string[] => [
  routeTo('a'),
  onRoute(`healthCheck: {panicThreshold: 0, active: {interval: 100ms, timeout: 2s, ${active}}}`),
]
const isUp = (): Promise<void> => eventually(async () => expect(await world.answerer()).toBe('a'), WITHIN)
const isDown = (): Promise<void> => eventually(async () => expect(await world.answerer()).toBe(503), WITHIN)

describe('healthCheck.active', () => {
  policyField(
    ['BackendTrafficPolicy healthCheck.active.http.{requestBody.text,expectedResponse.text}'],
    'a body is sent and expected',
    async () => {
      const answers = (text: string) =>
        checked(
          `type: HTTP, unhealthyThreshold: 1, http: {path: /body, method: POST, requestBody: {text: "are you well"}, expectedResponse: {text: ${text}}}`,
        )
      await world.write(...answers('are you well'))
      expect(said(world)).toEqual(GOOD)
      await isUp()
      expect(world.backend('a').requests.find(({ path }) => path === '/body')).toMatchObject({ method: 'POST', body: 'are you well' })
      await world.write(...answers('never said'))
      await isDown()
    },
  )

  policyField(
    ['BackendTrafficPolicy healthCheck.active.{http.requestBody.binary,http.expectedResponse.binary,tcp.send.binary,tcp.receive.binary}'],
    'bytes are sent and expected',
    async () => {
      const base64 = (text: string): string => Buffer.from(text).toString('base64')
      const body = `requestBody: {binary: "${base64('ping')}"}`
      await world.write(
        ...checked(
          `type: HTTP, unhealthyThreshold: 1, http: {path: /binary, method: PUT, ${body}, expectedResponse: {binary: "${base64('"body":"ping"')}"}}`,
        ),
      )
      await isUp()
      await world.write(
        ...checked(
          `type: HTTP, unhealthyThreshold: 1, http: {path: /binary, method: PUT, ${body}, expectedResponse: {binary: "${base64('pong')}"}}`,
        ),
      )
      await isDown()
      const bytes = await startRawBackend('bytes', (text) =>
        text.startsWith('\x00\x01ping') ? '\x02pong' : text.includes('HTTP/1.1') ? 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n' : '',
      )
      const tcp = (answer: string) =>
        onRoute(
          `healthCheck: {panicThreshold: 0, active: {interval: 100ms, timeout: 1s, unhealthyThreshold: 1, type: TCP, tcp: {send: {binary: "${base64('\x00\x01ping')}"}, receive: {binary: "${base64(answer)}"}}}}`,
        )
      try {
        await world.write(backend(bytes), routeTo('bytes'), tcp('\x02pong'))
        await eventually(async () => expect(await world.answerer()).toBe(200), WITHIN)
        await world.write(backend(bytes), routeTo('bytes'), tcp('\x03pong'))
        await eventually(async () => expect(await world.answerer()).toBe(503), WITHIN)
      } finally {
        await bytes.close()
      }
    },
  )

  policyField(
    ['BackendTrafficPolicy healthCheck.active.http.retriableStatuses'],
    'a bad answer takes out at once, one that may be better later does not',
    async () => {
      const asks = (more: string) => checked(`type: HTTP, unhealthyThreshold: 1000, http: {path: "/later?status=429"${more}}`)
      await world.write(...asks(', expectedStatuses: [429]'))
      await isUp()
      // With 429 among them it would take a thousand in a row, and 100 seconds.
      await world.write(...asks(', retriableStatuses: [429]'))
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      await world.write(...asks(', retriableStatuses: [430]'))
      await isDown()
    },
  )

  it.each<{ what: string; kind: 'h2c' | 'tls'; appProtocol: string; wanted: string }>([
    { what: 'HTTP/2', kind: 'h2c', appProtocol: 'kubernetes.io/h2c', wanted: '2.0' },
    { what: 'what TLS comes to', kind: 'tls', appProtocol: 'https', wanted: '1.1' },
  ])(
    'a backend that speaks $what is asked in words that it knows',
    async ({ kind, appProtocol, wanted }) => {
      const certificate = await (await createAuthority()).issue({ dns: ['other.example.com'] })
      const other = await startBackend('other', { kind, certificate })
      const asks = (more: string): readonly string[] => [
        backend(other, [appProtocol]),
        routeTo('other'),
        onRoute(
          `healthCheck: {panicThreshold: 0, active: {interval: 100ms, timeout: 2s, type: HTTP, unhealthyThreshold: 1, http: {path: "/well?status=${more}"}}}`,
        ),
      ]
      try {
        await world.write(...asks('200'))
        expect(said(world)).toEqual(GOOD)
        await eventually(async () => expect((await world.ask()).echo?.httpVersion).toBe('2.0'), WITHIN)
        expect(other.requests.find(({ path }) => path.startsWith('/well'))).toMatchObject({ httpVersion: wanted, host: 'other.default' })
        await world.write(...asks('500'))
        await isDown()
      } finally {
        await other.close()
      }
    },
    60_000,
  )

  policyField(['BackendTrafficPolicy healthCheck.active.healthyThreshold'], 'it takes so many good answers to be well again', async () => {
    // A cluster begins with what its first check says, so this one begins bad.
    const key = `healthy-${process.pid}`
    await world.write(
      ...checked(`type: HTTP, unhealthyThreshold: 1, healthyThreshold: 4, http: {path: "/again?failFirst=3&key=${key}&status=500"}`),
    )
    await isUp()
    const asked = world.backend('a').requests.filter(({ path }) => path.includes(key)).length
    expect(asked).toBeGreaterThanOrEqual(7)
  })

  policyField(['BackendTrafficPolicy healthCheck.active.overrides.port'], 'another port is asked', async () => {
    await world.write(...checked(`type: HTTP, unhealthyThreshold: 1, overrides: {port: ${port('b')}}, http: {path: /other-port}`))
    await isUp()
    expect(world.backend('b').requests.some(({ path }) => path === '/other-port')).toBe(true)
    expect(world.backend('a').requests.some(({ path }) => path === '/other-port')).toBe(false)
  })

  it('a Unix socket is asked where it is, whatever port is named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-socket-'))
    const path = join(folder, 's')
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(request.url)
      response.end('over a socket')
    })
    await new Promise<void>((resolve) => server.listen(path, resolve))
    const unix = `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: unix}
spec: {endpoints: [{unix: {path: ${path}}}]}
`
    try {
      await world.write(
        unix,
        routeTo('unix'),
        onRoute('healthCheck: {active: {interval: 100ms, type: HTTP, overrides: {port: 9}, http: {path: /well}}}'),
      )
      expect(said(world)).toEqual(GOOD)
      await eventually(() => expect(asked).toContain('/well'), WITHIN)
      expect((await world.ask()).body).toBe('over a socket')
    } finally {
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true })
    }
  }, 60_000)

  policyField(
    ['BackendTrafficPolicy healthCheck.active.{initialJitter,healthCheckLog.matches}'],
    'jitter and log are what Envoy runs with',
    async () => {
      await world.write(...checked('type: TCP, initialJitter: 250ms, healthCheckLog: {matches: [Failure, Success]}'))
      expect(said(world)).toEqual(GOOD)
      const text = JSON.stringify(await runningCluster(world, 'Backend/default/a'))
      expect(text).toContain('"initial_jitter":"0.250s"')
      expect(text).toContain('"always_log_health_check_failures":true')
      expect(text).toContain('"always_log_health_check_success":true')
      expect(text).toContain('"event_log_path":"/dev/stdout"')
    },
  )
})

describe('healthCheck.passive', () => {
  const passive = (settings: string): string =>
    onRoute(
      `healthCheck: {panicThreshold: 0, passive: {interval: 200ms, baseEjectionTime: 60s, maxEjectionPercent: 100, consecutive5XxErrors: 0, ${settings}}}`,
    )
  const fails = async (query: string): Promise<void> => {
    await eventually(async () => {
      await spread(world, 10, { path: `/?${query}` })
      expect(await world.answerer()).toBe(503)
    }, WITHIN)
  }

  policyField(['BackendTrafficPolicy healthCheck.passive.consecutiveGatewayErrors'], 'answers of 502 in a row', async () => {
    await world.write(routeTo('a'), passive('consecutiveGatewayErrors: 3'))
    await spread(world, 10, { path: '/?status=500' })
    expect(await world.answerer()).toBe('a')
    await fails('status=502')
  })

  policyField(
    ['BackendTrafficPolicy healthCheck.passive.{consecutiveLocalOriginFailures,splitExternalLocalOriginErrors}'],
    'connections that fail count apart',
    async () => {
      await world.write(routeTo('a'), passive('splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 3'))
      await spread(world, 10, { path: '/?status=500' })
      expect(await world.answerer()).toBe('a')
      await fails('reset=1')
      await world.write(routeTo('a'), passive('splitExternalLocalOriginErrors: true'))
      expect(JSON.stringify(await runningCluster(world, 'Backend/default/a'))).toContain('"consecutive_local_origin_failure":5')
    },
  )

  policyField(['BackendTrafficPolicy healthCheck.passive.failurePercentageThreshold'], 'a share of failures', async () => {
    await world.write(routeTo('a'), passive('failurePercentageThreshold: 60'))
    await fails('status=500')
  })

  policyField(['BackendTrafficPolicy healthCheck.passive.alwaysEjectOneEndpoint'], 'not even one is left out', async () => {
    const one = (may: string): readonly string[] => [
      several('all', [{ port: port('a') }, { port: port('b') }]),
      routeTo('all'),
      onRoute(
        `retry: {numRetries: 0}, healthCheck: {panicThreshold: 0, passive: {interval: 100ms, baseEjectionTime: 60s, maxEjectionPercent: 1, consecutive5XxErrors: 1${may}}}`,
      ),
    ]
    // Left out it is true: with fewer endpoints than ten, ten percent are not even one.
    for (const may of ['', ', alwaysEjectOneEndpoint: true']) {
      await world.write(...one(may))
      await eventually(async () => {
        await spread(world, 10, { path: '/?status=500' })
        expect(Object.keys(await spread(world, 20))).toHaveLength(1)
      }, WITHIN)
      await world.write(...one(', alwaysEjectOneEndpoint: false'))
      await spread(world, 30, { path: '/?status=500' })
      expect(Object.keys(await spread(world, 40)).sort()).toEqual(['a', 'b'])
    }
  })
})

describe('retries', () => {
  policyField(['BackendTrafficPolicy retry.perRetry.idleTimeout'], 'a try ends when nothing comes', async () => {
    await world.write(routeTo('a'), onRoute('retry: {numRetries: 0, perRetry: {idleTimeout: 300ms}}'))
    expect(await world.answerer({ path: '/?delayMs=3000' })).toBe(504)
    expect(await world.answerer()).toBe('a')
  })

  policyField(['BackendTrafficPolicy retry.numAttemptsPerPriority'], 'the next priority is tried although the first is well', async () => {
    const failover = several('all', [{ port: port('a') }, { port: port('b'), more: 'priority: 1' }])
    const retried = (more: string) => onRoute(`retry: {numRetries: 3${more}, retryOn: {httpStatusCodes: [503]}}`)
    const tried = async (): Promise<readonly string[]> => {
      const path = `/?status=503&id=${Math.random()}`
      await world.ask({ path })
      return ['a', 'b'].filter((name) => world.backend(name).requests.some((each) => each.path === path))
    }
    await world.write(failover, routeTo('all'), retried(''))
    expect(await tried()).toEqual(['a'])
    await world.write(failover, routeTo('all'), retried(', numAttemptsPerPriority: 1'))
    expect(await tried()).toEqual(['a', 'b'])
  })

  policyField(['BackendTrafficPolicy circuitBreaker.maxParallelRetries'], 'only so many retries at once', async () => {
    const limited = (more: string) => onRoute(`retry: {numRetries: 1, retryOn: {httpStatusCodes: [503]}}${more}`)
    const overflows = async (): Promise<number> =>
      (await statistic(world, 'cluster.Backend/default/a~default/p.upstream_rq_retry_overflow')) ?? 0
    await world.write(routeTo('a'), limited(', circuitBreaker: {maxParallelRetries: 1}'))
    const before = await overflows()
    await spread(world, 20, { path: '/?status=503&delayMs=300' })
    expect(await overflows()).toBeGreaterThan(before)
  })

  policyField(
    ['BackendTrafficPolicy circuitBreaker.retryBudget.{percent.numerator,percent.denominator,minRetryConcurrency}'],
    'retries are a share of the requests',
    async () => {
      const budget = (percent: string, least: number) =>
        onRoute(
          `retry: {numRetries: 1, retryOn: {httpStatusCodes: [503]}}, circuitBreaker: {retryBudget: {percent: ${percent}, minRetryConcurrency: ${least}}}`,
        )
      const retries = async (): Promise<number> => {
        const path = `/?status=503&delayMs=300&id=${Math.random()}`
        await spread(world, 20, { path })
        return world.backend('a').requests.filter((each) => each.path === path).length - 20
      }
      await world.write(routeTo('a'), budget('{numerator: 1, denominator: 1000}', 0))
      expect(await retries()).toBeLessThan(10)
      await world.write(routeTo('a'), budget('{numerator: 100}', 100))
      expect(await retries()).toBe(20)
    },
  )
})
