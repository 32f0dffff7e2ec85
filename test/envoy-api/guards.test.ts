/**
 * What routes guard stays guarded, by whatever way a request comes to its route: through the real Envoy, with filters that stand in the chain
 * where a route has them, with filters that are put together before the route is known, and with both while a table turns from one packing to the
 * other.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { JwtRequirement } from '../../src/ir/authentication.js'
import type { Extension } from '../../src/ir/extension.js'
import type { RateLimit, RequestTraffic } from '../../src/ir/request-traffic.js'
import type { ExternalAuth, Route, VirtualHost } from '../../src/ir/route.js'
import { Sensitive } from '../../src/ir/sensitive.js'
import type { EncodedResource } from '../../src/xds/resource.js'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { createIssuer } from '../policies/support/tokens.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { send, type TestRequest } from '../support/http-client.js'
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

const TABLE = 'ns/gw/::/80'
/** By the number of exact hosts in `DOMAINS`: the last two have both packings, and new connections take the one or the other. */
const PACKINGS: readonly (readonly [string, RoutePacking])[] = [
  ['rds', 'rds'],
  ['scopes', 'scoped'],
  ['both, and rds for new connections', { scopedAbove: 1 }],
  ['both, and scopes for new connections', { scopedAbove: 0.7 }],
]
const DOMAINS = ['exact.test', '*.wild.test', '*'] as const
const HOSTS = ['exact.test', 'EXACT.test', 'Exact.Test.:80', 'a.wild.test', 'A.B.Wild.test', 'unknown.test']

let fixture: Fixture
let envoy: RealEnvoy
let backend: TestBackend
let boundPort = 0
let applied: readonly EncodedResource[] = []
beforeAll(async () => {
  backend = await startBackend('a')
  boundPort = await freePort()
  fixture = await serve()
  envoy = await startEnvoy({ xds: { port: fixture.port } })
}, 300_000)
afterAll(async () => {
  await envoy[Symbol.asyncDispose]()
  await fixture[Symbol.asyncDispose]()
  await backend.close()
})

const auth = (cluster: string | undefined): ExternalAuth => ({
  protocol: 'HTTP',
  cluster,
  pathPrefix: '',
  allowedRequestHeaders: [],
  allowedResponseHeaders: [],
  maxBodyBytes: 0,
})
const never: RateLimit = {
  kind: 'local',
  policy: 'default/p',
  scope: 's',
  rules: [{ parts: [], requests: 0, unit: 'hour', isShared: false, isShadow: false }],
  headers: false,
  failOpen: false,
}
const always = { numerator: 1, denominator: 1 }
const traffic = (more: RequestTraffic): Partial<Route> => ({ traffic: more })
const script = (body: string): Extension => ({ kind: 'lua', script: `function envoy_on_request(request) ${body} end` })
const nothing = script('')
const requirement: JwtRequirement = {
  name: 'SecurityPolicy/default/p',
  providers: [
    {
      name: 'p',
      issuer: undefined,
      audiences: [],
      keys: { kind: 'inline', jwks: new Sensitive(createIssuer('https://issuer.test').jwks) },
      claimHeaders: [],
      from: { headers: [], params: [], cookies: [] },
    },
  ],
  tolerates: 'nothing',
  origins: [],
}

/** A guard, and what it answers to an attacker. */
interface Guard {
  readonly name: string
  readonly guard: Partial<Route>
  readonly refused: number
  readonly attack?: Pick<TestRequest, 'method' | 'headers' | 'body'>
}
const OTHER_SITE = { method: 'POST', headers: { origin: 'https://evil.test' } }
const GUARDS: readonly Guard[] = [
  { name: 'external', guard: { externalAuth: auth(undefined) }, refused: 403 },
  { name: 'rules', guard: { authorization: { rules: [], otherwise: 'deny' } }, refused: 403 },
  { name: 'token', guard: { jwt: requirement.name }, refused: 401 },
  {
    name: 'key',
    guard: { apiKeyAuth: { credentials: [], places: [{ kind: 'header', name: 'x-key' }], clientHeader: undefined, hides: false } },
    refused: 401,
  },
  {
    name: 'password',
    guard: { basicAuth: { users: new Sensitive('ann:{SHA}kGByAB793z4R5tK1eC9Hd/4Dhzk='), nameHeader: undefined } },
    refused: 401,
  },
  { name: 'site', guard: { csrf: { additionalOrigins: [] } }, refused: 403, attack: OTHER_SITE },
  { name: 'limit', guard: traffic({ rateLimit: never }), refused: 429 },
  { name: 'size', guard: traffic({ maxBufferedBytes: 4 }), refused: 413, attack: { method: 'POST', body: 'too long' } },
  { name: 'fault', guard: traffic({ fault: { abort: { status: { http: 418 }, share: always } } }), refused: 418 },
  {
    name: 'answer',
    guard: traffic({
      overrides: [
        { statuses: [{ from: 200, to: 200 }], headers: [], source: 'any', answer: { kind: 'answer', statusCode: 299, set: [], add: [] } },
      ],
    }),
    refused: 299,
  },
  { name: 'program', guard: { extensions: [script('request:respond({[":status"] = "402"}, "")')] }, refused: 402 },
  {
    name: 'last-program',
    guard: { extensions: [...Array<Extension>(7).fill(nothing), script('request:respond({[":status"] = "402"}, "")')] },
    refused: 402,
  },
  // The one that is asked last, behind all others.
  {
    name: 'many',
    guard: {
      cors: { allowOrigins: ['*'], allowCredentials: false, allowMethods: [], allowHeaders: [], exposeHeaders: [], maxAgeSeconds: 5 },
      csrf: { additionalOrigins: [] },
      externalAuth: auth('a'),
      authorization: { rules: [], otherwise: 'allow' },
      traffic: { maxBufferedBytes: 1_000 },
      extensions: [nothing, script('request:respond({[":status"] = "402"}, "")')],
    },
    refused: 402,
  },
]
const ACTIONS: Readonly<Record<string, Partial<Route>>> = {
  forward: { action: forward({ upgrades: ['websocket'] }) },
  redirect: { action: { kind: 'redirect', statusCode: 302, hostname: host('elsewhere.test') } },
  answer: { action: { kind: 'directResponse', statusCode: 200 } },
}

async function run(packing: RoutePacking, hostOf: (domain: string) => VirtualHost): Promise<void> {
  const resources = translate(
    {
      ports: [port({ boundPort, chains: [httpChain({ routeTable: TABLE })] })],
      routeTables: [routeTable({ name: TABLE })],
      virtualHosts: DOMAINS.map((domain) => ({ ...hostOf(domain), routeTable: TABLE, domain: domain === '*' ? '*' : host(domain) })),
      clusters: [cluster('a')],
      endpoints: [endpoints('a', endpoint(backend.port))],
      jwtRequirements: [requirement],
    },
    { accessLog: 'off', packing },
  )
  const keep = new Set(resources.map(({ typeUrl, name }) => `${typeUrl} ${name}`))
  fixture.apply(...resources, ...applied.filter(({ typeUrl, name }) => !keep.has(`${typeUrl} ${name}`)).map(drop))
  applied = resources
  await eventually(() => expect(fixture.server.tracker.acknowledgedRevision(GROUP)).toBe(fixture.cache.revision(GROUP)), 20_000)
  expect(fixture.server.rejected.list()).toEqual([])
}

const ask = async (request: Omit<TestRequest, 'address' | 'port'>): Promise<number> =>
  (await send({ address: '127.0.0.1', port: boundPort, ...request })).status

/** What every host answers to every attack. */
async function answers(attacks: readonly (Omit<TestRequest, 'address' | 'port'> & { readonly name: string })[]): Promise<unknown> {
  const all: Record<string, Record<string, number>> = {}
  for (const { name, ...attack } of attacks) {
    for (const at of HOSTS) all[at] = { ...all[at], [name]: await ask({ ...attack, host: at }) }
  }
  return all
}
const everywhere = (of: Readonly<Record<string, number>>): unknown => Object.fromEntries(HOSTS.map((at) => [at, of]))

describe.each(PACKINGS)('with %s', (_, packing) => {
  it('each guard stands before its routes and before no other, for hosts in every way of writing', async () => {
    const guarded = GUARDS.flatMap(({ name, guard }) =>
      Object.entries(ACTIONS).map(([kind, action]) =>
        route({ ...action, ...guard, name: `${name}/${kind}`, match: prefix(`/${name}/${kind}`) }),
      ),
    )
    await run(packing, () => virtualHost([...guarded, route({ name: 'open', action: forward() })]))
    const attacks = GUARDS.flatMap(({ name, attack }) =>
      Object.keys(ACTIONS).map((kind) => ({ name: `${name}/${kind}`, path: `/${name}/${kind}`, ...attack })),
    )
    // A body is no business of what answers without looking at it, and another status than 200 is not replaced.
    const refused = GUARDS.flatMap(({ name, refused: status }) =>
      Object.keys(ACTIONS).map((kind) => [`${name}/${kind}`, name === 'answer' && kind === 'redirect' ? 302 : status] as const),
    )
    await eventually(async () => expect(await ask({ host: 'exact.test', path: '/rules/forward' })).toBe(403), 10_000)
    expect(await answers(attacks)).toEqual(everywhere(Object.fromEntries(refused)))
    expect(await answers([{ name: 'open', path: '/open' }])).toEqual(everywhere({ open: 200 }))
  }, 120_000)

  it('each guard stands before what upgrades', async () => {
    // What a backend answers to an upgrade is no business of this test, and nobody knows the end of a request that upgrades.
    const guards = GUARDS.filter(({ name, guard }) => name !== 'answer' && guard.traffic?.maxBufferedBytes === undefined)
    const guarded = guards.map(({ name, guard }) => route({ ...ACTIONS.forward, ...guard, name, match: prefix(`/${name}`) }))
    await run(packing, () => virtualHost(guarded))
    await eventually(async () => expect(await ask({ host: 'exact.test', path: '/rules' })).toBe(403), 10_000)
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket' }
    const attacks = guards.map(({ name, attack }) => ({ name, path: `/${name}`, ...attack, headers: { ...attack?.headers, ...upgrade } }))
    expect(await answers(attacks)).toEqual(everywhere(Object.fromEntries(guards.map(({ name, refused }) => [name, refused]))))
  }, 120_000)

  it('where a program leads a request to another route, the programs behind it are those of that route', async () => {
    const leads = script('request:headers():replace("x-to", request:headers():get("x-wish") or ""); request:clearRouteCache()')
    const led = (name: string, ...extensions: readonly Extension[]) =>
      route({ name, extensions, match: prefix('/', { headers: [{ name: 'x-to', kind: 'exact', value: name }] }) })
    const routes = [led('guarded', nothing, script('request:respond({[":status"] = "402"}, "")')), led('open', nothing, nothing)]
    await run(packing, () =>
      virtualHost([...routes, route({ name: 'first', extensions: [leads, script('request:respond({[":status"] = "418"}, "")')] })]),
    )
    await eventually(async () => expect(await ask({ host: 'exact.test' })).toBe(418), 10_000)
    const wishes = ['guarded', 'open', ''].map((name) => ({ name, path: '/', headers: { 'x-wish': name } }))
    expect(await answers(wishes)).toEqual(everywhere({ guarded: 402, open: 200, '': 418 }))
  }, 120_000)

  it('where a program leads a request from a route that has nothing else, what is behind it is that of the other route', async () => {
    const leads = script('request:headers():replace("x-to", request:headers():get("x-wish") or "")')
    const led = (place: number) =>
      route({
        name: `${place}`,
        extensions: [...Array<Extension>(place).fill(nothing), script('request:respond({[":status"] = "402"}, "")')],
        match: prefix('/', { headers: [{ name: 'x-to', kind: 'exact', value: `${place}` }] }),
      })
    const places = [1, 2, 3, 4, 7]
    await run(packing, () => virtualHost([...places.map(led), route({ name: 'first', action: forward(), extensions: [leads] })]))
    await eventually(async () => expect(await ask({ host: 'exact.test' })).toBe(200), 10_000)
    const wishes = [...places.map(String), ''].map((name) => ({ name, path: '/', headers: { 'x-wish': name } }))
    expect(await answers(wishes)).toEqual(everywhere({ ...Object.fromEntries(places.map((place) => [place, 402])), '': 200 }))
  }, 120_000)

  it('each guard stands before routes that a filter of the listener leads to', async () => {
    const guarded = GUARDS.map(({ name, guard }) =>
      route({ ...guard, name, match: prefix('/', { headers: [{ name: 'x-to', kind: 'exact', value: name }] }) }),
    )
    await run(packing, () => virtualHost([...guarded, route({ name: 'open', action: forward() })], { listenerFilters: [auth('a')] }))
    await eventually(async () => expect(await ask({ host: 'exact.test', path: '/?header=x-to:rules' })).toBe(403), 10_000)
    const attacks = GUARDS.map(({ name, attack }) => ({ name, path: `/?header=x-to:${name}`, ...attack }))
    expect(await answers(attacks)).toEqual(everywhere(Object.fromEntries(GUARDS.map(({ name, refused }) => [name, refused]))))
    expect(
      await answers([
        { name: 'open', path: '/' },
        { name: 'closed', path: '/?status=401' },
      ]),
    ).toEqual(everywhere({ open: 200, closed: 401 }))
  }, 120_000)
})
