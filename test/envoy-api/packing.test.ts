/**
 * Both packings of virtual hosts mean the same: one real Envoy has every route table twice, by RDS and by scopes, and gets the same
 * requests at both. Tables change live from run to run.
 */
import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Route, VirtualHost } from '../../src/ir/route.js'
import type { EncodedResource } from '../../src/xds/resource.js'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { SCOPE_HEADER } from '../../src/xds/translate/scopes/scope-key.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { connectHttp2, send, type TestRequest } from '../support/http-client.js'
import { type Fixture, GROUP, serve } from '../xds/support/fixture.js'
import { type RealEnvoy, startEnvoy } from '../xds/support/real-envoy.js'
import { drop } from '../xds/support/resources.js'
import {
  cluster,
  endpoint,
  endpoints,
  forward,
  host,
  httpChain,
  port,
  prefix,
  route,
  routeTable,
  translate,
  virtualHost,
} from './ir-fixtures.js'

const RUNS = 25
const PACKINGS = ['rds', 'scoped'] as const

let fixture: Fixture
let envoy: RealEnvoy
let backend: TestBackend
let ports: Readonly<Record<'rds' | 'scoped' | 'other', number>>
let applied: readonly EncodedResource[] = []

beforeAll(async () => {
  backend = await startBackend('a')
  ports = { rds: await freePort(), scoped: await freePort(), other: await freePort() }
  fixture = await serve()
  envoy = await startEnvoy({ xds: { port: fixture.port } })
}, 300_000)

afterAll(async () => {
  await envoy[Symbol.asyncDispose]()
  await fixture[Symbol.asyncDispose]()
  await backend.close()
})

/** The resources of a listener whose table has these virtual hosts. */
function listen(at: keyof typeof ports, packing: RoutePacking, hosts: readonly VirtualHost[]): readonly EncodedResource[] {
  // Addresses of IPv6 are part of names.
  const name = `ns/gw/::/${at}`
  return translate(
    {
      ports: [port({ name, boundPort: ports[at], chains: [httpChain({ routeTable: name })] })],
      routeTables: [routeTable({ name, port: name })],
      virtualHosts: hosts.map((each) => ({ ...each, routeTable: name })),
      clusters: [cluster('a')],
      endpoints: [endpoints('a', endpoint(backend.port))],
    },
    { accessLog: 'off', packing },
  )
}

/** Brings Envoy to these resources and waits until it has acknowledged all of them. */
async function run(...lists: readonly (readonly EncodedResource[])[]): Promise<void> {
  const wanted = lists.flat()
  const keep = new Set(wanted.map(({ typeUrl, name }) => `${typeUrl} ${name}`))
  fixture.apply(...wanted, ...applied.filter(({ typeUrl, name }) => !keep.has(`${typeUrl} ${name}`)).map(drop))
  applied = wanted
  await eventually(() => expect(fixture.server.tracker.acknowledgedRevision(GROUP)).toBe(fixture.cache.revision(GROUP)), 20_000)
  // An acknowledged listener opens its socket, and workers take routes over, within the next moments.
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(fixture.server.rejected.list()).toEqual([])
}

const runBoth = (hosts: readonly VirtualHost[]): Promise<void> => run(...PACKINGS.map((packing) => listen(packing, packing, hosts)))

type Asked = Pick<TestRequest, 'host' | 'path' | 'method' | 'headers'>

/** Everything of an answer that a client or backend can see, but the time. */
async function ask(at: keyof typeof ports, request: Asked): Promise<unknown> {
  const { status, headers, body, echo } = await send({ address: '127.0.0.1', port: ports[at], ...request })
  const { date: _date, 'x-request-id': _id, ...stable } = headers
  if (echo === undefined) return { status, headers: stable, body }
  const { 'x-request-id': _own, ...seen } = echo.headers
  return { status, host: echo.host, path: echo.path, seen }
}

const answer = (name: string, path: string): Route =>
  route({ name, match: prefix(path), action: { kind: 'directResponse', statusCode: 200, body: name } })

const label = fc.constantFrom('a', 'b', 'c-1')
const dns = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const domain = fc.oneof(
  { weight: 4, arbitrary: dns },
  { weight: 3, arbitrary: dns.map((name) => `*.${name}`) },
  { weight: 1, arbitrary: fc.constant('*') },
)
const hosts = fc.uniqueArray(
  fc.record({ domain, paths: fc.subarray(['/x', '/x/y', '/']), otherwise: fc.constantFrom<404 | 421>(404, 404, 404, 421) }),
  { minLength: 1, maxLength: 12, selector: (one) => one.domain },
)
/** How clients write a host, rightly and wrongly. */
const written = fc
  .record({
    below: fc.constantFrom('', '', 'a.', 'x.y.', '1.2.3.4.5.6.'),
    name: fc.oneof(
      { weight: 8, arbitrary: dns },
      fc.constantFrom('[::1]', '10.0.0.1', 'localhost', '~', 'other.test', '[::A]', 'a..b', '.a'),
    ),
    dot: fc.constantFrom('', '', '', '.', '..'),
    port: fc.constantFrom('', '', ':80', ':8080', ':65536', ':', ':x', ':80:80'),
    upper: fc.boolean(),
  })
  .map(({ below, name, dot, port, upper }) => `${upper ? (below + name).toUpperCase() : below + name}${dot}${port}`)
const requests = fc.array(fc.record({ host: written, path: fc.constantFrom('/', '/x', '/x/y', '/z') }), { minLength: 40, maxLength: 40 })

describe('both packings', () => {
  it('give the same answers for any table and any host', async () => {
    await fc.assert(
      fc.asyncProperty(hosts, requests, async (table, asked) => {
        await runBoth(
          table.map(({ domain, paths, otherwise }) =>
            virtualHost(
              paths.map((path) => answer(`${domain} ${path}`, path)),
              { domain: domain === '*' ? '*' : host(domain), otherwise },
            ),
          ),
        )
        for (const request of asked) {
          expect({ request, answer: await ask('scoped', request) }).toEqual({ request, answer: await ask('rds', request) })
        }
        // Several requests of one connection: what was found for one is nothing for the next.
        const clients = PACKINGS.map((packing) => connectHttp2({ address: '127.0.0.1', port: ports[packing] }))
        for (const request of asked) {
          const [rds, scoped] = await Promise.all(
            clients.map(async (client) => {
              const { status, body } = await client.send(request).catch((error: Error) => ({ status: 0, body: error.message }))
              return { request, status, body }
            }),
          )
          expect(scoped).toEqual(rds)
        }
        for (const client of clients) client.close()
      }),
      { numRuns: RUNS },
    )
  }, 180_000)
})

const toBackend = (more: Partial<Route> = {}): Route => route({ action: forward({ upgrades: ['websocket'] }), ...more })
const denied = toBackend({
  externalAuth: {
    protocol: 'HTTP',
    cluster: undefined,
    pathPrefix: '',
    allowedRequestHeaders: [],
    allowedResponseHeaders: [],
    maxBodyBytes: 0,
  },
})
/** Hosts of one table by every way to its scope: at once, by case, by wildcard, by nothing. */
const EVERY_WAY = [
  'exact.test',
  'EXACT.test',
  'exact.test:80',
  'Exact.Test.:80',
  'a.wild.test',
  'A.B.Wild.test',
  'unknown.test',
  '[::1]:1',
  '10.0.0.1',
]

describe.each(PACKINGS)('with packing %s', (packing) => {
  const serveHosts = (make: (name: string) => readonly Route[]) => {
    const table = (['exact.test', '*.wild.test', '*'] as const).map((domain) =>
      virtualHost(make(domain), { domain: domain === '*' ? '*' : host(domain) }),
    )
    return run(listen(packing, packing, table))
  }

  describe('every request is authorized, whatever its host looks like', () => {
    beforeEach(() => serveHosts(() => [denied]))
    it.each(EVERY_WAY)('%s', async (name) => {
      expect(await ask(packing, { host: name })).toMatchObject({ status: 403 })
      const client = connectHttp2({ address: '127.0.0.1', port: ports[packing] })
      expect((await client.send({ host: name })).status).toBe(403)
      client.close()
    })
  })

  it('only the route that asks for authorization has it', async () => {
    await serveHosts(() => [{ ...denied, match: prefix('/secret') }, toBackend()])
    for (const name of EVERY_WAY) {
      expect(await ask(packing, { host: name, path: '/secret' })).toMatchObject({ status: 403 })
      expect(await ask(packing, { host: name, path: '/open' })).toMatchObject({ status: 200 })
    }
  })

  it('preflight requests are answered for every host', async () => {
    const cors = {
      allowOrigins: ['https://o.test'],
      allowCredentials: true,
      allowMethods: ['*'],
      allowHeaders: [],
      exposeHeaders: [],
      maxAgeSeconds: 5,
    }
    await serveHosts(() => [toBackend({ cors })])
    const headers = { origin: 'https://o.test', 'access-control-request-method': 'PUT' }
    for (const name of EVERY_WAY) {
      const seen = await ask(packing, { host: name, method: 'OPTIONS', headers })
      expect(seen).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': 'https://o.test' } })
    }
  })

  it('sessions are kept for every host', async () => {
    const action = forward({ sessionPersistence: { kind: 'cookie', name: 'sid', lifetimeSeconds: 0, strict: false } })
    await serveHosts(() => [route({ action })])
    for (const name of EVERY_WAY) {
      const { headers } = await send({ address: '127.0.0.1', port: ports[packing], host: name })
      expect(String(headers['set-cookie'])).toMatch(/^sid=/)
    }
  })

  it('WebSockets are taken for every host, and no other upgrade', async () => {
    await serveHosts(() => [toBackend()])
    const statusOf = (name: string, protocol: string, connection = 'upgrade') =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = {
          host: name,
          connection,
          upgrade: protocol,
          'sec-websocket-version': '13',
          'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        }
        const asked = request({ host: '127.0.0.1', port: ports[packing], headers })
        asked.on('upgrade', (response, socket) => {
          socket.destroy()
          resolve(response.statusCode)
        })
        asked.on('response', (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        asked.on('error', reject)
        asked.end()
      })
    for (const name of EVERY_WAY) {
      expect([name, await statusOf(name, 'websocket')]).toEqual([name, 101])
      expect([name, await statusOf(name, 'chat2')]).toEqual([name, 403])
      expect([name, await statusOf(name, 'chat2', 'close')]).toEqual([name, 200])
    }
  })

  it('gRPC requests that no route matches are UNIMPLEMENTED', async () => {
    await serveHosts(() => [toBackend({ match: prefix('/only') })])
    for (const name of EVERY_WAY) {
      const { status, headers } = await send({
        address: '127.0.0.1',
        port: ports[packing],
        host: name,
        path: '/other.Service/Method',
        method: 'POST',
        headers: { 'content-type': 'application/grpc' },
      })
      expect([name, status, headers['grpc-status']]).toEqual([name, 200, '12'])
    }
  })

  it('backends see the host as it was written, and nothing of ours', async () => {
    await serveHosts(() => [toBackend()])
    for (const name of EVERY_WAY.filter((each) => !each.includes('.:'))) {
      const { echo } = await send({ address: '127.0.0.1', port: ports[packing], host: name, headers: { [SCOPE_HEADER]: 'mine' } })
      expect(echo?.host).toBe(name)
      // With RDS the header is just one that a client sent.
      if (packing === 'scoped') expect(echo?.headers).not.toHaveProperty(SCOPE_HEADER)
    }
  })
})

describe('listeners with scopes', () => {
  const on = (at: 'scoped' | 'other', domains: readonly string[]) =>
    listen(
      at,
      'scoped',
      domains.map((name) => virtualHost([answer(`${at} ${name}`, '/')], { domain: name === '*' ? '*' : host(name) })),
    )

  it('never see the scopes of each other, whatever a client sends', async () => {
    await run(on('scoped', ['same.test', '*.wild.test']), on('other', ['same.test', 'only-other.test', '*']))
    expect(await ask('scoped', { host: 'same.test' })).toMatchObject({ body: 'scoped same.test' })
    expect(await ask('other', { host: 'same.test' })).toMatchObject({ body: 'other same.test' })
    expect(await ask('scoped', { host: 'only-other.test' })).toMatchObject({ status: 404 })
    const key = 'ns/gw/__/other#only-other.test'
    for (const value of [key, [key, key], `${key}:80`, 'ns/gw/__/other#*', '']) {
      for (const name of ['same.test', 'SAME.test', 'unknown.test', 'a.wild.test']) {
        const plain = await ask('scoped', { host: name })
        expect(await ask('scoped', { host: name, headers: { [SCOPE_HEADER]: value } as Record<string, string | string[]> })).toEqual(plain)
      }
    }
    for (const name of ['x#ns/gw/__/other#only-other.test', '#only-other.test', '__/other#same.test', 'ns/gw/__/other#*']) {
      expect([400, 404]).toContain((await send({ address: '127.0.0.1', port: ports.scoped, host: name })).status)
    }
  })
})
