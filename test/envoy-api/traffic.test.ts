/** What the translation means, shown by requests through the real Envoy: the parts where only Envoy can say whether they are right. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { WebSocket } from 'ws'
import { findEnvoy } from '../../envoy/find-envoy.js'
import type { HeaderChanges } from '../../src/ir/headers.js'
import type { Cors, ExternalAuth, Route } from '../../src/ir/route.js'
import { freePort } from '../support/free-port.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { send, type TestAnswer, type TestRequest } from '../support/http-client.js'
import {
  cluster,
  endpoint,
  endpoints,
  forward,
  host,
  port,
  prefix,
  route,
  routeTable,
  translate,
  virtualHost,
  weighted,
} from './ir-fixtures.js'
import { runEnvoy } from './run-envoy.js'

const STREAM_IDLE_MS = 400
const backends = new Map<string, TestBackend>()
let gateway = 0
let stop = async (): Promise<void> => {}

const changes = (set: Readonly<Record<string, string>>, more: Partial<HeaderChanges> = {}): HeaderChanges => ({
  set: Object.entries(set).map(([name, value]) => ({ name, value })),
  add: [],
  remove: [],
  ...more,
})
const auth = (more: Partial<ExternalAuth>): ExternalAuth => ({
  protocol: 'HTTP',
  cluster: 'auth',
  pathPrefix: '/check',
  allowedRequestHeaders: ['x-sent'],
  allowedResponseHeaders: [],
  maxBodyBytes: 0,
  ...more,
})
const cors: Cors = {
  allowOrigins: ['https://a.com', 'https://*.b.com', 'http://c.com:*'],
  allowCredentials: true,
  allowMethods: ['*'],
  allowHeaders: ['*'],
  exposeHeaders: [],
  maxAgeSeconds: 7,
}
const to = (path: string, more: Parameters<typeof forward>[0] = {}, ofRoute: Partial<Route> = {}): Route =>
  route({ name: path, match: prefix(path), action: forward(more), ...ofRoute })

const ROUTES: readonly Route[] = [
  to('/shares', {
    clusters: [weighted('a', 50), weighted('b', 50)],
    invalidWeight: 100,
    mirrors: [{ cluster: 'mirror', numerator: 50, denominator: 100 }],
  }),
  to('/rewrites', {
    clusters: [weighted('a', 1, { pathRewrite: { kind: 'prefix', value: '/of-a' } }), weighted('b', 1)],
    invalidWeight: 2,
  }),
  to(
    '/headers',
    {
      clusters: [
        weighted('a', 1, {
          requestHeaders: changes({ 'x-both': 'backend' }, { remove: ['x-rule'], add: [{ name: 'x-removed', value: 'again' }] }),
          responseHeaders: changes({ 'x-answer': 'backend' }),
          hostRewrite: 'backend.com',
        }),
        weighted('a2', 1, {
          requestHeaders: changes({ 'x-both': 'backend' }, { remove: ['x-rule'], add: [{ name: 'x-removed', value: 'again' }] }),
          responseHeaders: changes({ 'x-answer': 'backend' }),
          hostRewrite: 'backend.com',
        }),
      ],
      hostRewrite: 'rule.com',
    },
    {
      requestHeaders: changes({ 'x-both': 'rule', 'x-rule': 'rule', 'x-literal': '100% %REQ(host)%' }, { remove: ['x-removed'] }),
      responseHeaders: changes({ 'x-answer': 'rule' }),
    },
  ),
  to('/invalid', { clusters: [] }),
  to('/grpc.Invalid', { clusters: [] }, { grpc: true }),
  to('/half-dead', { clusters: [weighted('half-dead')] }),
  to('/draining', { clusters: [weighted('draining')] }),
  to('/empty', { clusters: [weighted('empty')] }),
  to('/upgrade', { upgrades: ['websocket'] }),
  to('/once', { timeouts: { requestMs: 0, perTryMs: 150 } }),
  to('/tries', { timeouts: { requestMs: 0, perTryMs: 150 }, retry: { attempts: 2, statusCodes: [503], connectionErrors: true } }),
  to('/session', { clusters: [weighted('many')], sessionPersistence: { kind: 'cookie', name: 'sid', lifetimeSeconds: 0, strict: false } }),
  to('/auth', {}, { externalAuth: auth({}) }),
  to('/auth-body', {}, { externalAuth: auth({ maxBodyBytes: 10, allowedResponseHeaders: ['x-nothing'] }) }),
  to('/auth-nobody', {}, { externalAuth: auth({ cluster: undefined }) }),
  to('/auth-gone', {}, { externalAuth: auth({ cluster: 'missing', protocol: 'GRPC' }) }),
  to('/cors', {}, { cors, match: prefix('/cors', { method: 'PUT' }), externalAuth: auth({ cluster: undefined }) }),
  route({
    name: 'redirect',
    match: prefix('/redirect'),
    action: { kind: 'redirect', statusCode: 302, path: { kind: 'prefix', value: '/' } },
  }),
  to('/'),
]

beforeAll(async () => {
  const envoy = (await findEnvoy()).path
  for (const name of ['a', 'b', 'c', 'mirror', 'auth']) backends.set(name, await startBackend(name))
  const numberOf = (name: string): number => backends.get(name)?.port ?? 0
  const dead = await freePort()
  gateway = await freePort()
  const client = { ...port().client, streamIdleTimeoutMs: STREAM_IDLE_MS }
  stop = await runEnvoy(
    envoy,
    translate(
      {
        ports: [port({ boundPort: gateway, client })],
        routeTables: [routeTable()],
        virtualHosts: [
          virtualHost(ROUTES),
          virtualHost([route({ action: { kind: 'redirect', statusCode: 301, scheme: 'https' } })], { domain: host('exact.com') }),
          virtualHost([], { domain: host('*.elsewhere.com'), otherwise: 421 }),
          virtualHost([to('/only')], { domain: host('grpc.com') }),
        ],
        clusters: ['a', 'a2', 'b', 'mirror', 'auth', 'half-dead', 'draining', 'empty', 'many'].map((name) => cluster(name)),
        endpoints: [
          ...['a', 'b', 'mirror', 'auth'].map((name) => endpoints(name, endpoint(numberOf(name)))),
          endpoints('a2', endpoint(numberOf('a'))),
          endpoints('half-dead', endpoint(numberOf('a')), endpoint(dead)),
          endpoints('draining', endpoint(numberOf('a')), ...['b', 'c'].map((name) => endpoint(numberOf(name), { health: 'draining' }))),
          endpoints('many', ...['a', 'b', 'c'].map((name) => endpoint(numberOf(name)))),
        ],
      },
      { accessLog: 'off' },
    ),
  )
}, 300_000)

afterAll(async () => {
  await stop()
  for (const backend of backends.values()) await backend.close()
})

const ask = (path: string, more: Partial<TestRequest> = {}): Promise<TestAnswer> =>
  send({ address: '127.0.0.1', port: gateway, host: 'example.com', path, ...more })

/** How often each answer came, by status and backend. */
async function count(path: string, times: number): Promise<Readonly<Record<string, number>>> {
  const seen: Record<string, number> = {}
  for (let left = times; left > 0; left -= 20) {
    for (const { status, echo } of await Promise.all(Array.from({ length: 20 }, () => ask(path)))) {
      const key = echo === undefined ? String(status) : `${status} ${echo.backend} ${echo.path}`
      seen[key] = (seen[key] ?? 0) + 1
    }
  }
  return seen
}

/** Within five standard deviations of a share of the requests. */
function expectShare(count: number | undefined, of: number, share: number): void {
  expect(Math.abs((count ?? 0) - of * share)).toBeLessThan(5 * Math.sqrt(of * share * (1 - share)))
}

describe('backends', () => {
  it('get their shares, invalid ones answer 500, and mirrors are drawn independently', async () => {
    const seen = await count('/shares', 400)
    expectShare(seen['200 a /shares'], 400, 0.25)
    expectShare(seen['200 b /shares'], 400, 0.25)
    expectShare(seen['500'], 400, 0.5)
    const mirrored = backends.get('mirror')?.requests ?? []
    expectShare(mirrored.length, 400, 0.25)
    expect(new Set(mirrored.map((request) => request.host))).toEqual(new Set(['example.com']))
  })

  it('get their shares where one rewrites the path', async () => {
    const seen = await count('/rewrites', 400)
    expectShare(seen['200 a /of-a'], 400, 0.25)
    expectShare(seen['200 b /rewrites'], 400, 0.25)
    expectShare(seen['500'], 400, 0.5)
  })

  it('have the last word about headers and host', async () => {
    const { echo, headers } = await ask('/headers', { headers: { 'x-removed': 'client' } })
    expect(echo?.host).toBe('backend.com')
    expect(echo?.headers).toMatchObject({ 'x-both': 'backend', 'x-removed': 'again', 'x-literal': '100% %REQ(host)%' })
    expect(echo?.headers).not.toHaveProperty('x-rule')
    expect(headers['x-answer']).toBe('backend')
  })

  it('that are dead are left out by a retry, and draining ones while others are there', async () => {
    expect((await count('/half-dead', 60))['200 a /half-dead']).toBeGreaterThanOrEqual(58)
    expect(await count('/draining', 60)).toEqual({ '200 a /draining': 60 })
    expect((await ask('/empty')).status).toBe(503)
  })

  it('that are slow end a try, also without a retry', async () => {
    expect((await ask('/once?delayMs=1000')).status).toBe(504)
  })

  it('that are slow or fail are tried again where the route asks for it, and all tries end in time', async () => {
    expect((await ask('/tries?failFirst=2&key=tries&status=503')).status).toBe(200)
    const before = backends.get('a')?.requests.length ?? 0
    const start = performance.now()
    expect((await ask('/tries?delayMs=3000')).status).toBe(504)
    expect(performance.now() - start).toBeLessThan(1500)
    expect((backends.get('a')?.requests.length ?? 0) - before).toBe(3)
  })

  it('keep their client in a session', async () => {
    const first = await ask('/session')
    const cookie = String(first.headers['set-cookie']).split(';')[0] ?? ''
    expect(cookie).toMatch(/^sid=/)
    const later = await Promise.all(Array.from({ length: 20 }, () => ask('/session', { headers: { cookie } })))
    expect(new Set(later.map(({ echo }) => echo?.backend))).toEqual(new Set([first.echo?.backend]))
  })
})

describe('gRPC', () => {
  const grpc = { method: 'POST', headers: { 'content-type': 'application/grpc' } }

  it.each([
    { rule: 'UNAVAILABLE for an invalid backend', path: '/grpc.Invalid/Method', host: 'example.com', want: '14' },
    { rule: 'UNIMPLEMENTED for what no route matches', path: '/grpc.Other/Method', host: 'grpc.com', want: '12' },
  ])('$rule', async ({ path, host, want }) => {
    const { status, headers } = await ask(path, { ...grpc, host })
    expect([status, headers['grpc-status']]).toEqual([200, want])
  })

  it('is asked for: other requests do not match a GRPCRoute', async () => {
    expect((await ask('/grpc.Invalid/Method')).echo?.backend).toBe('a')
  })
})

describe('hosts', () => {
  it('match without their port, in any case, with a dot at the end; backends see port and case', async () => {
    expect((await ask('/', { host: 'A.Elsewhere.com:8080' })).status).toBe(421)
    expect((await ask('/', { host: 'a.elsewhere.com.' })).status).toBe(421)
    expect((await ask('/', { host: 'Example.com:8080' })).echo?.host).toBe('Example.com:8080')
  })

  it.each([
    { path: '/x', host: 'exact.com:8080', want: 'https://exact.com/x' },
    { path: '/redirect/x?q=1', host: 'example.com', want: 'http://example.com/x?q=1' },
    { path: '/redirect', host: 'example.com', want: 'http://example.com/' },
  ])('redirect $host$path to $want', async ({ path, host, want }) => {
    expect((await ask(path, { host })).headers.location).toBe(want)
  })
})

describe('clients', () => {
  it('do not steer the proxy', async () => {
    const headers = { 'x-envoy-upstream-rq-timeout-ms': '1', 'x-envoy-retry-on': '5xx', 'x-forwarded-for': '203.0.113.9' }
    const { status, echo } = await ask('/?delayMs=50', { headers })
    expect(status).toBe(200)
    expect(Object.keys(echo?.headers ?? {}).filter((name) => /^x-envoy-(upstream|retry|internal|expected)/.test(name))).toEqual([])
  })

  it.each([
    { rule: 'an escaped slash is redirected', path: '/a%2Fb', want: [307, '/a/b'] },
    { rule: 'slashes are merged', path: '//a///b', want: [200, '/a/b'] },
    { rule: 'dots are resolved', path: '/a/../b', want: [200, '/b'] },
  ])('$rule', async ({ path, want }) => {
    const { status, echo, headers } = await ask(path)
    expect([status, echo?.path ?? headers.location]).toEqual(want)
  })

  it('may not send headers with underscores', async () => {
    expect((await ask('/', { headers: { x_user: 'a' } })).status).toBe(400)
  })

  it('may upgrade where the route says so, and be silent longer than others', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway}/upgrade`, { headers: { host: 'example.com' } })
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
    await new Promise((resolve) => setTimeout(resolve, 2 * STREAM_IDLE_MS))
    const echoed = new Promise((resolve) => socket.on('message', (data) => resolve(String(data))))
    socket.send('still here')
    expect(await echoed).toMatch('still here')
    socket.terminate()
    expect((await ask(`/upgrade?delayMs=${2 * STREAM_IDLE_MS}`)).status).toBe(504)
  })
})

describe('external authorization', () => {
  it('lets through, tells the service what it may know, and passes on what it says', async () => {
    const { echo } = await ask('/auth?header=x-user:bob', { headers: { 'x-sent': '1', cookie: 'secret', authorization: 'Basic z' } })
    expect(echo?.headers).toMatchObject({ 'x-user': 'bob', cookie: 'secret' })
    const seen = backends.get('auth')?.requests.at(-1)
    expect(seen?.path).toMatch('/check/auth')
    expect(seen?.headers).toMatchObject({ 'x-sent': '1', authorization: 'Basic z' })
    expect(seen?.host).toBe('example.com')
    expect(seen?.headers).not.toHaveProperty('cookie')
  })

  it('denies with the answer of the service', async () => {
    const { status, headers } = await ask('/auth?status=401&header=www-authenticate:Basic')
    expect([status, headers['www-authenticate']]).toEqual([401, 'Basic'])
  })

  it('sends no more of a body than it may', async () => {
    expect((await ask('/auth-body', { method: 'POST', body: 'short' })).status).toBe(200)
    expect((await ask('/auth-body', { method: 'POST', body: 'longer than ten' })).status).toBe(413)
  })

  it.each([{ path: '/auth-nobody' }, { path: '/auth-gone' }])('denies when nobody can be asked: $path', async ({ path }) => {
    expect((await ask(path)).status).toBe(403)
  })
})

describe('cross-origin requests', () => {
  const preflight = (origin: string, method = 'PUT') =>
    ask('/cors', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'x-a' },
    })

  it.each([{ origin: 'https://a.com' }, { origin: 'https://x.y.b.com' }, { origin: 'http://c.com:81' }])(
    'from $origin are allowed before anybody is asked to authorize',
    async ({ origin }) => {
      const { status, headers, echo } = await preflight(origin)
      expect([status, echo]).toEqual([200, undefined])
      expect(headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'PUT',
        'access-control-allow-headers': 'x-a',
        'access-control-allow-credentials': 'true',
        'access-control-max-age': '7',
      })
    },
  )

  it.each([{ origin: 'https://b.com' }, { origin: 'https://a.com.evil.com' }, { origin: 'https://evil.com' }, { origin: 'http://c.com' }])(
    'from $origin are answered without permission',
    async ({ origin }) => {
      const { headers, echo } = await preflight(origin)
      expect(echo).toBeUndefined()
      expect(headers).not.toHaveProperty('access-control-allow-origin')
    },
  )

  it('with a method that the rule does not match belong to other rules', async () => {
    expect((await preflight('https://a.com', 'DELETE')).echo?.backend).toBe('a')
  })
})
