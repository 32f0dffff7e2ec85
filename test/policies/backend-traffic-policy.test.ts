/** BackendTrafficPolicy through the real Envoy: each setting is shown by what requests get. */
import { describe, expect, it } from '@jest/globals'
import { backend, httpRoute, to } from '../features/manifests.js'
import { answerers, featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { policyField } from './coverage/policy-field.js'
import { startGrpcHealthServer } from './grpc-health-server.js'

const world = featureWorld(['a', 'b'])

const ABOUT_ROUTE = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]'
const ABOUT_GATEWAY = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'

function policy(spec: string, name = 'p'): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: ${name}}
spec: {${spec}}
`
}

/** One Backend with both servers as endpoints. */
function both(): string {
  const endpoints = ['a', 'b'].map((name) => `{ip: {address: 127.0.0.1, port: ${world.backend(name).port}}}`)
  return `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: both}
spec: {endpoints: [${endpoints.join(', ')}]}
`
}

const ROUTE = httpRoute('r', `[{${to('a')}}]`)
const ROUTE_TO_BOTH = httpRoute('r', `[{${to('both')}}]`)
let keys = 0

async function tries(query: string): Promise<{ readonly status: number; readonly tries: number }> {
  const path = `/?key=p${++keys}&${query}`
  const { status } = await world.ask({ path, timeoutMs: 15_000 })
  return { status, tries: world.backend('a').requests.filter((each) => each.path === path).length }
}

describe('BackendTrafficPolicy', () => {
  policyField(
    ['BackendTrafficPolicy timeouts.http.requestTimeout', 'BackendTrafficPolicy targetRefs'],
    'timeouts.http.requestTimeout',
    async () => {
      await world.write(ROUTE, policy(`${ABOUT_ROUTE}, timeouts: {http: {requestTimeout: 200ms}}`))
      expect(world.conditions('BackendTrafficPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
      expect(await tries('delayMs=1000')).toMatchObject({ status: 504 })
      await world.write(ROUTE)
      expect(await tries('delayMs=400')).toMatchObject({ status: 200 })
    },
    30_000,
  )

  policyField(
    ['BackendTrafficPolicy timeouts.http.streamIdleTimeout'],
    'timeouts.http.streamIdleTimeout',
    async () => {
      await world.write(ROUTE, policy(`${ABOUT_ROUTE}, timeouts: {http: {streamIdleTimeout: 200ms}}`))
      expect(await tries('delayMs=1000')).toMatchObject({ status: 504 })
    },
    30_000,
  )

  policyField(
    ['BackendTrafficPolicy retry.{numRetries,retryOn.httpStatusCodes}'],
    'retry.numRetries, retry.retryOn.httpStatusCodes',
    async () => {
      await world.write(ROUTE, policy(`${ABOUT_GATEWAY}, retry: {numRetries: 3, retryOn: {httpStatusCodes: [503]}}`))
      expect(await tries('failFirst=3&status=503')).toEqual({ status: 200, tries: 4 })
      expect(await tries('failFirst=4&status=503')).toEqual({ status: 503, tries: 4 })
      expect(await tries('failFirst=1&status=502')).toEqual({ status: 502, tries: 1 })
    },
    30_000,
  )

  policyField(
    ['BackendTrafficPolicy retry.{retryOn.triggers,perRetry.timeout,perRetry.backOff.baseInterval,perRetry.backOff.maxInterval}'],
    'retry.retryOn.triggers, retry.perRetry.{timeout,backOff}',
    async () => {
      const backOff = 'backOff: {baseInterval: 1ms, maxInterval: 2ms}'
      await world.write(ROUTE, policy(`${ABOUT_ROUTE}, retry: {retryOn: {triggers: [gateway-error]}, perRetry: {timeout: 2s, ${backOff}}}`))
      expect(await tries('failFirst=1&status=502')).toEqual({ status: 200, tries: 2 })
      expect(await tries('failFirst=1&status=500')).toEqual({ status: 500, tries: 1 })
      await world.write(ROUTE, policy(`${ABOUT_ROUTE}, retry: {numRetries: 0, perRetry: {timeout: 200ms}}`))
      expect(await tries('delayMs=1000')).toEqual({ status: 504, tries: 1 })
    },
    30_000,
  )

  it('the rule itself counts before a policy, and after an override', async () => {
    const patient = httpRoute('r', `[{timeouts: {request: 3s}, ${to('a')}}]`)
    const short = 'timeouts: {http: {requestTimeout: 200ms}}'
    await world.write(patient, policy(`${ABOUT_GATEWAY}, ${short}`))
    expect(await tries('delayMs=500')).toMatchObject({ status: 200 })
    await world.write(patient, policy(`${ABOUT_GATEWAY}, overrides: {${short}}`))
    expect(await tries('delayMs=500')).toMatchObject({ status: 504 })
  }, 30_000)

  policyField(
    ['BackendTrafficPolicy loadBalancer.consistentHash.{type,header,queryParameter,cookie.name}'],
    'loadBalancer ConsistentHash by header, query parameter, cookie and address',
    async () => {
      const users = Array.from({ length: 40 }, (_, i) => `user-${i}`)
      const hash = (rest: string) => policy(`${ABOUT_ROUTE}, loadBalancer: {type: ConsistentHash, consistentHash: {${rest}}}`)
      const ways = [
        { rest: 'type: Header, header: X-User', ask: (user: string) => ({ headers: { 'x-user': user } }) },
        { rest: 'type: QueryParameter, queryParameter: user', ask: (user: string) => ({ path: `/?user=${user}` }) },
        { rest: 'type: Cookie, cookie: {name: user}', ask: (user: string) => ({ headers: { cookie: `user=${user}` } }) },
      ]
      for (const { rest, ask } of ways) {
        await world.write(both(), ROUTE_TO_BOTH, hash(rest))
        const first = await Promise.all(users.map((user) => world.answerer(ask(user))))
        const second = await Promise.all(users.map((user) => world.answerer(ask(user))))
        expect(second).toEqual(first)
        expect(new Set(first)).toEqual(new Set(['a', 'b']))
      }
      await world.write(both(), ROUTE_TO_BOTH, hash('type: SourceIP'))
      expect((await answerers(40, () => world.answerer())).size).toBe(1)
    },
    60_000,
  )

  policyField(
    ['BackendTrafficPolicy loadBalancer.consistentHash.cookie.ttl'],
    'loadBalancer ConsistentHash sets a cookie with a time to live',
    async () => {
      const cookie = 'type: Cookie, cookie: {name: user, ttl: 1h}'
      await world.write(both(), ROUTE_TO_BOTH, policy(`${ABOUT_ROUTE}, loadBalancer: {type: ConsistentHash, consistentHash: {${cookie}}}`))
      const answer = await world.ask()
      expect(String(answer.headers['set-cookie'])).toMatch(/^user=.*Max-Age=3600/)
    },
    30_000,
  )

  for (const type of ['RoundRobin', 'Random', 'LeastRequest']) {
    policyField(['BackendTrafficPolicy loadBalancer.type'], `loadBalancer ${type}`, async () => {
      await world.write(both(), ROUTE_TO_BOTH, policy(`${ABOUT_ROUTE}, loadBalancer: {type: ${type}}`))
      const found = await answerers(60, () => world.answerer())
      expect([...found.keys()].sort()).toEqual(['a', 'b'])
    })
  }

  policyField(
    ['BackendTrafficPolicy circuitBreaker.maxParallelRequests'],
    'circuitBreaker.maxParallelRequests',
    async () => {
      await world.write(ROUTE, policy(`${ABOUT_ROUTE}, circuitBreaker: {maxParallelRequests: 1}`))
      const answers = await Promise.all(Array.from({ length: 5 }, () => world.answerer({ path: '/?delayMs=500' })))
      expect(answers.filter((each) => each === 'a')).toHaveLength(1)
      expect(answers.filter((each) => each === 503)).toHaveLength(4)
      await world.write(ROUTE)
      const open = await Promise.all(Array.from({ length: 5 }, () => world.answerer({ path: '/?delayMs=500' })))
      expect(open).toEqual(['a', 'a', 'a', 'a', 'a'])
    },
    30_000,
  )

  policyField(
    ['BackendTrafficPolicy circuitBreaker.{maxConnections,maxPendingRequests}'],
    'circuitBreaker.maxConnections and maxPendingRequests',
    async () => {
      await world.write(ROUTE, policy(`${ABOUT_ROUTE}, circuitBreaker: {maxConnections: 1, maxPendingRequests: 1}`))
      const answers = await Promise.all(Array.from({ length: 8 }, () => world.answerer({ path: '/?delayMs=300' })))
      expect(answers).toContain(503)
      expect(answers).toContain('a')
    },
    30_000,
  )

  policyField(
    [
      'BackendTrafficPolicy healthCheck.active.{type,interval,unhealthyThreshold}',
      'BackendTrafficPolicy healthCheck.active.http.{path,hostname,method,expectedStatuses}',
      'BackendTrafficPolicy healthCheck.panicThreshold',
    ],
    'healthCheck.active over HTTP, with a host, a method and expected statuses',
    async () => {
      const check = (path: string, more = '') =>
        policy(`${ABOUT_ROUTE}, healthCheck: {panicThreshold: 0, active: {type: HTTP, interval: 100ms, unhealthyThreshold: 1,
        http: {path: "${path}", hostname: checks.example.com, method: HEAD${more}}}}`)
      await world.write(ROUTE, check('/check?status=418'))
      await eventually(async () => expect(await world.answerer()).toBe(503))
      const asked = world.backend('a').requests.find((each) => each.path.startsWith('/check'))
      expect(asked).toMatchObject({ method: 'HEAD', host: 'checks.example.com' })
      await world.write(ROUTE, check('/check?status=418', ', expectedStatuses: [418]'))
      await eventually(async () => expect(await world.answerer()).toBe('a'))
    },
    30_000,
  )

  policyField(
    ['BackendTrafficPolicy healthCheck.active.{timeout,tcp.send.text,tcp.receive.text}'],
    'healthCheck.active over TCP',
    async () => {
      const check = (rest: string) =>
        policy(
          `${ABOUT_ROUTE}, healthCheck: {panicThreshold: 0, active: {interval: 100ms, unhealthyThreshold: 1, timeout: 500ms, ${rest}}}`,
        )
      await world.write(ROUTE, check('type: TCP'))
      await eventually(async () => expect(await world.answerer()).toBe('a'))
      await world.write(
        ROUTE,
        check('type: TCP, tcp: {send: {text: "GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n"}, receive: {text: "never said"}}'),
      )
      await eventually(async () => expect(await world.answerer()).toBe(503))
    },
    30_000,
  )

  policyField(
    ['BackendTrafficPolicy healthCheck.active.grpc.service'],
    'healthCheck.active over gRPC, where HTTP/2 is spoken',
    async () => {
      const check = policy(
        `${ABOUT_GATEWAY}, healthCheck: {panicThreshold: 0, active: {type: GRPC, interval: 100ms, unhealthyThreshold: 1, grpc: {service: x}}}`,
      )
      await world.write(ROUTE, check)
      expect(world.conditions('BackendTrafficPolicy/default/p')).toEqual([
        'Accepted=True/Accepted',
        'PartiallyInvalid=True/UnsupportedValue',
      ])
      expect(await world.answerer()).toBe('a')
      const server = await startGrpcHealthServer('h2')
      try {
        await world.write(httpRoute('r', `[{${to('h2')}}]`), backend(server, ['kubernetes.io/h2c']), check)
        await eventually(async () => expect(await world.answerer()).toBe(200))
        expect(world.conditions('BackendTrafficPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
        expect(server.asked()).toBeGreaterThan(0)
        server.set('NOT_SERVING')
        await eventually(async () => expect(await world.answerer()).toBe(503))
        server.set('SERVING')
        await eventually(async () => expect(await world.answerer()).toBe(200))
      } finally {
        await server.close()
      }
    },
    30_000,
  )

  policyField(
    ['BackendTrafficPolicy healthCheck.passive.{interval,baseEjectionTime,maxEjectionPercent,consecutive5XxErrors}'],
    'healthCheck.passive leaves out who fails',
    async () => {
      const passive = 'consecutive5XxErrors: 2, maxEjectionPercent: 100, interval: 100ms, baseEjectionTime: 60s'
      await world.write(ROUTE, policy(`${ABOUT_ROUTE}, healthCheck: {panicThreshold: 0, passive: {${passive}}}`))
      expect(await world.answerer()).toBe('a')
      for (let i = 0; i < 2; i++) await tries('status=500')
      await eventually(async () => expect(await tries('')).toEqual({ status: 503, tries: 0 }))
    },
    30_000,
  )

  it('a policy of the Gateway is overridden by one of the route, and said to be', async () => {
    const limit = (milliseconds: number) => `timeouts: {http: {requestTimeout: ${milliseconds}ms}}`
    await world.write(ROUTE, policy(`${ABOUT_GATEWAY}, ${limit(200)}`, 'wide'), policy(`${ABOUT_ROUTE}, ${limit(3000)}`, 'narrow'))
    expect(await tries('delayMs=500')).toMatchObject({ status: 200 })
    expect(world.conditions('BackendTrafficPolicy/default/wide')).toEqual(['Accepted=True/Accepted', 'Overridden=True/Overridden'])
    expect(world.conditions('BackendTrafficPolicy/default/narrow')).toEqual(['Accepted=True/Accepted'])
  }, 30_000)

  it('the other settings are taken by Envoy', async () => {
    const settings = `timeouts: {tcp: {connectTimeout: 1s}, http: {connectionIdleTimeout: 10s, maxConnectionDuration: 1m}},
      circuitBreaker: {maxParallelRetries: 1, maxRequestsPerConnection: 1}, tcpKeepalive: {probes: 3, idleTime: 10s, interval: 5s},
      http2: {initialStreamWindowSize: 65535, initialConnectionWindowSize: 65535, maxConcurrentStreams: 10},
      loadBalancer: {type: LeastRequest, slowStart: {window: 10s}}`
    await world.write(ROUTE, policy(`${ABOUT_ROUTE}, ${settings}`))
    expect(world.conditions('BackendTrafficPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
    expect(await world.answerer()).toBe('a')
  }, 30_000)

  policyField(
    ['BackendTrafficPolicy targetSelectors.{group,kind,matchLabels}'],
    'a policy selects its targets by their labels',
    async () => {
      const labelled = ROUTE.replace('metadata: {name: r}', 'metadata: {name: r, labels: {tier: web}}')
      const about = (tier: string) =>
        `targetSelectors: [{group: gateway.networking.k8s.io, kind: HTTPRoute, matchLabels: {tier: ${tier}}}], timeouts: {http: {requestTimeout: 200ms}}`
      await world.write(labelled, policy(about('web')))
      expect(await tries('delayMs=1000')).toMatchObject({ status: 504 })
      await world.write(labelled, policy(about('db')))
      expect(await tries('delayMs=400')).toMatchObject({ status: 200 })
    },
  )

  policyField(['BackendTrafficPolicy mergeType'], 'a policy that replaces hides what wider ones say', async () => {
    const wide = policy(`${ABOUT_GATEWAY}, timeouts: {http: {requestTimeout: 200ms}}`, 'wide')
    const narrow = (type: string) => policy(`${ABOUT_ROUTE}, mergeType: ${type}, retry: {numRetries: 0}`, 'narrow')
    await world.write(ROUTE, wide, narrow('Merge'))
    expect(await tries('delayMs=1000')).toMatchObject({ status: 504 })
    await world.write(ROUTE, wide, narrow('Replace'))
    expect(await tries('delayMs=400')).toMatchObject({ status: 200 })
  })
})
