/** An extension server that changes what the real Envoy gets: away, slow, wrong, and poisoned. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerCredentials, status } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { StandaloneConfig } from '../../src/config/config.js'
import { createAuthority, issueCertificate } from '../../src/xds/server/tls/certificates.js'
import { backend, gateway, httpRoute, ref, to } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { changed, type HookServer, startHookServer, withHeader } from '../support/hook-server.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { customSection, wasmProgram } from '../support/wasm-program.js'
import { startWebServer } from '../support/web-server.js'

const PACKINGS: readonly StandaloneConfig['routePacking'][] = ['rds', 'scoped']

let hooks: HookServer
let app: TestBackend
let headgate: Standalone | undefined

beforeEach(async () => {
  hooks = await startHookServer()
  app = await startBackend('app')
}, 60_000)
afterEach(async () => {
  await headgate?.stop()
  headgate = undefined
  hooks.close()
  await app.close()
}, 60_000)

type Options = Partial<StandaloneConfig> & { readonly hook?: Partial<NonNullable<StandaloneConfig['extensionServer']>> }

async function start({ hook = {}, ...options }: Options = {}): Promise<Standalone> {
  const server = {
    address: `127.0.0.1:${hooks.port}`,
    timeoutMs: 5_000,
    tlsFolder: undefined,
    kinds: ['VirtualHost'],
    failurePolicy: 'Ignore',
  } as const
  headgate = await startTestStandalone(
    { extensionServer: { ...server, ...hook }, ...options },
    { base: [gateway('gw'), backend(app)].join('---') },
  )
  return headgate
}

const routeOf = (name: string, version = 'v0'): string =>
  httpRoute(
    name,
    `[{filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-version, value: ${version}}]}}], backendRefs: [{${ref('app')}}]}]`,
    `parentRefs: [{name: gw}]\n  hostnames: [${name}.test]`,
  )
const routes = (...names: readonly string[]): string => names.map((name) => routeOf(name)).join('---')

/** Status, what the route says, and what the extension server added. */
async function answer(world: Standalone, host: string): Promise<string> {
  const { status: code, headers } = await world.send('default/gw', 80, { host: `${host}.test` })
  return [code, headers['x-version'], headers['x-hook']].filter((each) => each !== undefined).join(' ')
}
/** What the route says of its delivery. */
function delivered(world: Standalone, name: string): string | undefined {
  const found = world.status(`HTTPRoute/default/${name}`)
  const conditions = found.shape === 'route' ? found.parents.flatMap((parent) => parent.conditions) : []
  const condition = conditions.find(({ type }) => type === 'headgate.dev/Delivered')
  return condition && `${condition.status}/${condition.reason}`
}
const problems = (world: Standalone): readonly string[] =>
  world.running.sources.problems().map(({ where, message }) => `${where}: ${message}`)
const askedAbout = (host: string): number => hooks.asked.filter(({ name }) => name.endsWith(` ${host}.test`)).length

describe.each(PACKINGS)('an extension server, with the packing %s', (routePacking) => {
  it('changes virtual hosts before anybody is served, and is asked about what changes alone', async () => {
    hooks.behave((asked) => withHeader(asked, 'yes'))
    const world = await start({ routePacking })
    await world.write('routes', routes('a', 'b', 'c'))
    for (const host of ['a', 'b', 'c']) expect(await answer(world, host)).toBe('200 v0 yes')
    expect(['a', 'b', 'c'].map(askedAbout)).toEqual([1, 1, 1])
    expect(hooks.asked.find(({ name }) => name.endsWith(' a.test'))?.objects).toContainEqual({
      group: 'gateway.networking.k8s.io',
      kind: 'HTTPRoute',
      namespace: 'default',
      name: 'a',
    })

    await world.write('routes', [routeOf('a'), routeOf('b', 'v1'), routeOf('c')].join('---'))
    expect([await answer(world, 'a'), await answer(world, 'b')]).toEqual(['200 v0 yes', '200 v1 yes'])
    expect(['a', 'b', 'c'].map(askedAbout)).toEqual([1, 2, 1])
    expect(problems(world)).toEqual([])
  }, 90_000)

  it('whose answer Envoy refuses is left out for that host, and neighbours and later versions are changed', async () => {
    const poison = { match: { safeRegex: { regex: '(' } }, directResponse: { status: 200 } }
    hooks.behave((asked) =>
      asked.name.endsWith(' b.test') && !asked.value.includes('v1')
        ? changed(asked, 'VirtualHost', (host) => ({ ...host, routes: [poison, ...(host.routes ?? [])] }))
        : withHeader(asked, 'yes'),
    )
    const world = await start({ routePacking })
    await world.write('routes', routes('a', 'b', 'c'))
    await eventually(async () => {
      for (const host of ['a', 'c']) expect(await answer(world, host)).toBe('200 v0 yes')
      expect(await answer(world, 'b')).toBe('200 v0')
    }, 60_000)
    expect(problems(world)).toEqual([
      expect.stringMatching(/^VirtualHost .* b\.test: Envoy refused the answer .* it is sent as it is: .*missing \)/),
    ])
    // The route is not to blame.
    await eventually(() => expect(delivered(world, 'b')).toBe('True/Delivered'))

    await world.write('routes', [routeOf('a'), routeOf('b', 'v1'), routeOf('c')].join('---'))
    await eventually(async () => expect(await answer(world, 'b')).toBe('200 v1 yes'), 60_000)
    expect(problems(world)).toEqual([])
  }, 120_000)
})

describe('an extension server', () => {
  it('that is away keeps nobody from being served, and changes what it did not see when it is back', async () => {
    hooks.behave((asked) => withHeader(asked, 'yes'))
    const world = await start()
    await world.write('routes', routes('a'))
    expect(await answer(world, 'a')).toBe('200 v0 yes')

    const { port } = hooks
    hooks.close()
    await world.write('routes', [routeOf('a'), routeOf('b')].join('---'))
    expect([await answer(world, 'a'), await answer(world, 'b')]).toEqual(['200 v0 yes', '200 v0'])
    expect(problems(world)).toEqual([
      expect.stringMatching(/^VirtualHost .* b\.test: the extension server .* gave no answer, so it is sent as it is/),
    ])

    hooks = await startHookServer(port)
    hooks.behave((asked) => withHeader(asked, 'again'))
    // Another server may answer otherwise: it is asked about everything.
    await eventually(
      async () => expect([await answer(world, 'a'), await answer(world, 'b')]).toEqual(['200 v0 again', '200 v0 again']),
      60_000,
    )
    expect(problems(world)).toEqual([])
  }, 120_000)

  it('that was never there keeps nobody from being served', async () => {
    const world = await start({ hook: { address: `127.0.0.1:${await freePort()}`, timeoutMs: 100 } })
    await world.write('routes', routes('a'))
    expect(await answer(world, 'a')).toBe('200 v0')
  }, 90_000)

  it('that is slow is waited for once, and what it says late still counts', async () => {
    hooks.behave(() => 'never')
    const world = await start({ hook: { timeoutMs: 300 } })
    await world.write('routes', routes('a', 'b'))
    expect([await answer(world, 'a'), await answer(world, 'b')]).toEqual(['200 v0', '200 v0'])
    hooks.behave((asked) => (asked.name.endsWith(' b.test') ? 'never' : withHeader(asked, 'late')))
    await eventually(async () => expect(await answer(world, 'a')).toBe('200 v0 late'), 60_000)
    // One question that nobody answers does not keep the others from being asked.
    await world.write('more', routes('c'))
    await eventually(async () => expect(await answer(world, 'c')).toBe('200 v0 late'), 60_000)
    expect(await answer(world, 'b')).toBe('200 v0')
  }, 120_000)

  it.each([
    { what: 'another name', behaviour: renamed, words: /names, domains and addresses stay/ },
    {
      what: 'another type',
      behaviour: () => ({ typeUrl: 'type.googleapis.com/google.protobuf.Empty', value: Buffer.alloc(0) }),
      words: /is of the type/,
    },
    { what: 'no message', behaviour: garbage, words: /is no VirtualHost/ },
    { what: 'an error', behaviour: () => status.INTERNAL, words: /INTERNAL/ },
  ])(
    'that answers $what changes nothing',
    async ({ behaviour, words }) => {
      hooks.behave((asked) => (asked.name.endsWith(' b.test') ? behaviour(asked) : withHeader(asked, 'yes')))
      const world = await start()
      await world.write('routes', routes('a', 'b'))
      expect([await answer(world, 'a'), await answer(world, 'b')]).toEqual(['200 v0 yes', '200 v0'])
      expect(problems(world)).toEqual([expect.stringMatching(words)])
    },
    90_000,
  )

  it('without the method changes nothing, and that is no problem', async () => {
    hooks.behave(() => status.UNIMPLEMENTED)
    const world = await start()
    await world.write('routes', routes('a'))
    expect(await answer(world, 'a')).toBe('200 v0')
    expect(problems(world)).toEqual([])
  }, 90_000)

  it('with the failure policy Fail closes what it has not seen, and nothing else', async () => {
    hooks.behave((asked) => (asked.name.endsWith(' b.test') ? status.INTERNAL : withHeader(asked, 'yes')))
    const world = await start({ hook: { failurePolicy: 'Fail' } })
    await world.write('routes', routes('a', 'b'))
    expect([await answer(world, 'a'), await answer(world, 'b')]).toEqual(['200 v0 yes', '500'])
    expect([delivered(world, 'a'), delivered(world, 'b')]).toEqual(['True/Delivered', 'False/Withheld'])
    hooks.behave((asked) => withHeader(asked, 'yes'))
    await eventually(async () => expect(await answer(world, 'b')).toBe('200 v0 yes'), 60_000)
    await eventually(() => expect(delivered(world, 'b')).toBe('True/Delivered'))

    // What Envoy refuses is no answer.
    const poison = { match: { safeRegex: { regex: '(' } }, directResponse: { status: 200 } }
    hooks.behave((asked) =>
      asked.name.endsWith(' b.test')
        ? changed(asked, 'VirtualHost', (host) => ({ ...host, routes: [poison, ...(host.routes ?? [])] }))
        : withHeader(asked, 'yes'),
    )
    await world.write('routes', [routeOf('a', 'v1'), routeOf('b', 'v1')].join('---'))
    await eventually(async () => expect([await answer(world, 'a'), await answer(world, 'b')]).toEqual(['200 v1 yes', '500']), 60_000)
    await eventually(() => expect([delivered(world, 'a'), delivered(world, 'b')]).toEqual(['True/Delivered', 'False/Withheld']))
    await world.write('routes', [routeOf('a', 'v1'), routeOf('b', 'v1').replace('b.test', 'other.test')].join('---'))
    await eventually(async () => expect(await answer(world, 'other')).toBe('200 v1 yes'), 60_000)
    await eventually(() => expect(delivered(world, 'b')).toBe('True/Delivered'))
    expect(problems(world)).toEqual([])
  }, 120_000)

  it('with the failure policy Fail is waited for at the start: proxies go on with what they have', async () => {
    const port = await freePort()
    let isServing = false
    const starting = start({ hook: { failurePolicy: 'Fail', address: `127.0.0.1:${port}`, timeoutMs: 100 } }).then((world) => {
      isServing = true
      return world
    })
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    expect(isServing).toBe(false)
    hooks.close()
    hooks = await startHookServer(port)
    hooks.behave((asked) => withHeader(asked, 'yes'))
    const world = await starting
    await world.write('routes', routes('a'))
    expect(await answer(world, 'a')).toBe('200 v0 yes')
  }, 90_000)

  it('whose cluster Envoy refuses is left out for that cluster', async () => {
    hooks.behave((asked) => changed(asked, 'Cluster', (cluster) => ({ ...cluster, connectTimeout: { seconds: -1 } })))
    const world = await start({ hook: { kinds: ['Cluster'] } })
    await world.write('routes', routes('a'))
    await eventually(async () => expect(await answer(world, 'a')).toBe('200 v0'), 60_000)
    expect(hooks.asked.map(({ name }) => name)).toEqual(['Backend/default/app'])
    expect(problems(world)).toEqual([expect.stringMatching(/^Cluster Backend\/default\/app: Envoy refused/)])
  }, 90_000)

  it('changes virtual hosts with modules of any size, and makes none larger than proxies can bear', async () => {
    const large = Buffer.concat([wasmProgram(), customSection(6 * 1024 * 1024)])
    const modules = await startWebServer(() => ({ status: 200, body: large }))
    const module = `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: large}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: a}]
  wasm: [{code: {type: HTTP, http: {url: "http://${modules.host}/large.wasm"}}}]
`
    try {
      hooks.behave((asked) => withHeader(asked, asked.name.endsWith(' b.test') ? 'x'.repeat(5 * 1024 * 1024) : 'yes'))
      const world = await start()
      await world.write('routes', [routes('a', 'b'), module].join('---'))
      await eventually(async () => expect(await answer(world, 'a')).toBe('200 v0 yes'), 60_000)
      expect(await answer(world, 'b')).toBe('200 v0')
      expect(problems(world)).toEqual([expect.stringMatching(/b\.test.*the answer has \d+ bytes/)])
    } finally {
      await modules.close()
    }
  }, 120_000)

  it('is talked to over TLS, and may ask who calls', async () => {
    const authority = createAuthority('hooks', new Date(), 3_600_000)
    const issue = (usage: 'server' | 'client') =>
      issueCertificate(authority, { commonName: 'hooks', addresses: ['127.0.0.1'], usage, lifetimeMs: 3_600_000 }, new Date())
    const [own, callers] = [issue('server'), issue('client')]
    const pair = { private_key: Buffer.from(own.privateKey), cert_chain: Buffer.from(own.certificate) }
    hooks.close()
    hooks = await startHookServer(0, ServerCredentials.createSsl(Buffer.from(authority.certificate), [pair], true))
    hooks.behave((asked) => withHeader(asked, 'yes'))
    const tlsFolder = await mkdtemp(join(tmpdir(), 'headgate-hooks-'))
    try {
      await writeFile(join(tlsFolder, 'ca.crt'), authority.certificate)
      const world = await start({ hook: { tlsFolder, timeoutMs: 200 } })
      await world.write('routes', routes('a'))
      // Nobody is told without a certificate.
      expect(await answer(world, 'a')).toBe('200 v0')
      await writeFile(join(tlsFolder, 'tls.crt'), callers.certificate)
      await writeFile(join(tlsFolder, 'tls.key'), callers.privateKey)
      await eventually(async () => expect(await answer(world, 'a')).toBe('200 v0 yes'), 60_000)
    } finally {
      await rm(tlsFolder, { recursive: true })
    }
  }, 120_000)

  it('changes clusters and listeners where it is asked about them', async () => {
    hooks.behave(
      (asked) =>
        changed(asked, 'Cluster', (cluster) => ({ ...cluster, altStatName: 'hooked' })) ??
        changed(asked, 'Listener', (listener) => ({ ...listener, statPrefix: 'hooked' })),
    )
    const world = await start({ hook: { kinds: ['Cluster', 'Listener'] } })
    await world.write('routes', httpRoute('a', `[{${to('app')}}]`))
    expect((await world.send('default/gw', 80, { host: 'a.test' })).status).toBe(200)
    expect(new Set(hooks.asked.map(({ kind }) => kind))).toEqual(new Set(['Cluster', 'Listener']))
    const dump = await (await fetch(`http://127.0.0.1:${world.running.adminPort}/dump/clusters`)).text()
    expect(dump).toContain('"altStatName":"hooked"')
    expect(dump).toContain('ExtensionHook/Cluster ')
  }, 90_000)
})

function renamed(asked: Parameters<typeof withHeader>[0]): ReturnType<typeof withHeader> {
  return changed(asked, 'VirtualHost', (host) => ({ ...host, domains: ['other.test'] }))
}

function garbage(asked: Parameters<typeof withHeader>[0]): ReturnType<typeof withHeader> {
  const answer = withHeader(asked, 'x')
  return answer && { ...answer, value: Buffer.from([0xff, 0xff, 0xff]) }
}
