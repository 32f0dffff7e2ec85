/** WebAssembly modules that are fetched from web servers and registries, through the real Envoy. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { TYPE_URL } from '../../src/xds/resource.js'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { createAuthority, type PemPair, type TestAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { type RegistryAuth, startRegistry, type TestRegistry, tarOf } from '../support/registry-server.js'
import { customSection, wasmProgram } from '../support/wasm-program.js'
import { startWebServer, type WebAnswer, type WebServer } from '../support/web-server.js'
import { policyField } from './coverage/policy-field.js'

const world = featureWorld(['open', 'guarded'])
const ROUTE = httpRoute('r', `[${under('/x', `name: x, ${to('guarded')}`)}, {${to('open')}}]`)
const MODULE = wasmProgram()
const MODULE_LAYER = { mediaType: 'application/vnd.module.wasm.content.layer.v1+wasm', content: MODULE }
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

let authority: TestAuthority
let identity: PemPair
beforeAll(async () => {
  authority = await createAuthority()
  identity = await authority.issue({ ips: ['127.0.0.1'] })
})
const running: { close(): Promise<void> }[] = []
beforeEach(() => world.write(ROUTE))
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))
afterAll(() => Promise.all(running.splice(0).map((server) => server.close())))

async function serve(answer: () => WebAnswer | undefined, tls?: PemPair): Promise<WebServer> {
  const server = await startWebServer(answer, tls)
  running.push(server)
  return server
}
async function registry(options: { readonly auth?: RegistryAuth; readonly tls?: PemPair } = {}): Promise<TestRegistry> {
  const started = await startRegistry(options)
  running.push(started)
  return started
}

const policy = (code: string, more = '') => `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: x}]
  wasm: [{code: ${code}, config: a text${more}}]
`
const http = (url: string, more = '', policyMore = '') => policy(`{type: HTTP, http: {url: "${url}"${more}}}`, policyMore)
const image = (url: string, more = '', codeMore = '') => policy(`{type: Image, image: {url: "${url}"${more}}${codeMore}}`)
const trust = () =>
  `\n{apiVersion: v1, kind: Secret, metadata: {name: ca}, stringData: {ca.crt: ${JSON.stringify(authority.certificate)}}}\n`
const CA = ', tls: {caCertificateRef: {name: ca}}'
const login = (host: string, password: string) => `
apiVersion: v1
kind: Secret
type: kubernetes.io/dockerconfigjson
metadata: {name: login}
stringData: {.dockerconfigjson: '${JSON.stringify({ auths: { [host]: { auth: Buffer.from(`ann:${password}`).toString('base64') } } })}'}
`
const conditions = () => world.conditions('ExtensionPolicy/default/p')
const message = () => JSON.stringify(world.headgate.status('ExtensionPolicy/default/p'))

/** What the module says to the guarded backend, or the status of an answer by the proxy. */
async function seen(): Promise<unknown> {
  const { status, echo } = await world.ask({ path: '/x' })
  return echo === undefined ? status : (echo.headers['x-wasm'] ?? 'no module')
}
const runs = () => eventually(async () => expect(await seen()).toBe('a text'))
/** Closed, for a reason, and the neighbour is not. */
async function isClosed(reason: string, words: RegExp): Promise<void> {
  await eventually(() => expect([conditions(), message()]).toEqual([[`Accepted=False/${reason}`], expect.stringMatching(words)]))
  await eventually(async () => expect(await seen()).toBe(500))
  expect(await world.answerer({ path: '/' })).toBe('open')
}

policyField(['ExtensionPolicy wasm.code.http.{url,sha256}'], 'runs a module of a web server, and no other than it should be', async () => {
  const server = await serve(() => ({ status: 200, body: MODULE }))
  const url = `http://${server.host}/module.wasm`
  await world.write(ROUTE, http(url, `, sha256: ${sha256(MODULE)}`))
  await runs()
  await eventually(() => expect(conditions()).toEqual(['Accepted=True/Accepted']))
  await world.write(ROUTE, http(url, `, sha256: ${sha256(Buffer.from('another'))}`))
  await isClosed('FetchFailed', /another SHA-256/)
  // What was fetched once is not fetched for every route and every proxy.
  await world.write(ROUTE, http(url))
  await runs()
  const { length } = server.questions
  await world.write(ROUTE, http(url, '', ', failOpen: true'))
  await runs()
  expect(server.questions).toHaveLength(length)
})

policyField(['ExtensionPolicy wasm.code.http.tls.caCertificateRef'], 'believes servers that the authorities vouch for', async () => {
  const server = await serve(() => ({ status: 200, body: MODULE }), identity)
  const url = `https://${server.host}/module.wasm`
  await world.write(ROUTE, http(url))
  await isClosed('FetchFailed', /its certificate is not good/)
  await world.write(ROUTE, http(url, CA))
  await isClosed('RefNotFound', /Secret .*default\/ca.* does not exist/)
  await world.write(ROUTE, http(url, CA), trust())
  await runs()
})

policyField(['ExtensionPolicy wasm.code.image.{url,sha256}'], 'runs a module of an image, and no other than it should be', async () => {
  const server = await registry()
  const digest = server.push('team/module', 'v1', [MODULE_LAYER])
  await world.write(ROUTE, image(`oci://${server.host}/team/module:v1`, `, sha256: ${digest.replace('sha256:', '')}`))
  await runs()
  await world.write(ROUTE, image(`${server.host}/team/module@${digest}`))
  await runs()
  await world.write(ROUTE, image(`${server.host}/team/module:v1`, `, sha256: ${sha256(MODULE)}`))
  await isClosed('FetchFailed', /another SHA-256/)
  await world.write(ROUTE, image(`${server.host}/team/module:v2`))
  await isClosed('FetchFailed', /no such image/)
})

policyField(['ExtensionPolicy wasm.code.image.pullSecretRef'], 'logs in at a registry with tokens, or with a password', async () => {
  for (const kind of ['token', 'basic'] as const) {
    const server = await registry({ auth: { kind, username: 'ann', password: 'open sesame' } })
    server.push('team/module', 'v1', [MODULE_LAYER])
    const url = `${server.host}/team/module:v1`
    await world.write(ROUTE, image(url))
    await isClosed('FetchFailed', /wants a login|refuses/)
    await world.write(ROUTE, image(url, ', pullSecretRef: {name: login}'), login(server.host, 'wrong'))
    await isClosed('FetchFailed', /refuses the login/)
    // The name of the Secret is the same: what it holds is taken up at once.
    await world.write(ROUTE, image(url, ', pullSecretRef: {name: login}'), login(server.host, 'open sesame'))
    await runs()
    expect(message()).not.toContain('sesame')
  }
})

policyField(['ExtensionPolicy wasm.code.image.tls.caCertificateRef'], 'believes registries that the authorities vouch for', async () => {
  const server = await registry({ tls: identity })
  server.push('team/module', 'v1', [MODULE_LAYER])
  await world.write(ROUTE, image(`${server.host}/team/module:v1`, CA), trust())
  await runs()
})

policyField(['ExtensionPolicy wasm.code.pullPolicy'], 'asks once, or again when the policy wants what is newest', async () => {
  const server = await registry()
  server.push('team/module', 'latest', [MODULE_LAYER])
  const url = `${server.host}/team/module`
  await world.write(ROUTE, image(url, '', ', pullPolicy: IfNotPresent'))
  await runs()
  server.push('team/module', 'latest', [{ ...MODULE_LAYER, content: Buffer.from('no module') }])
  await world.write(ROUTE, image(url, '', ', pullPolicy: IfNotPresent').replace('a text', 'b text'))
  await eventually(async () => expect(await seen()).toBe('b text'))
  // Whoever wants the newest goes on with the module of before while there is nothing better.
  const asked = server.questions.length
  await world.write(ROUTE, image(url, '', ', pullPolicy: Always').replace('a text', 'c text'))
  await eventually(async () => expect(await seen()).toBe('c text'))
  await eventually(() => expect(server.questions.length).toBeGreaterThan(asked))
  expect([await seen(), conditions()]).toEqual(['c text', ['Accepted=True/Accepted']])
})

it('images of other makers hold the module in a file', async () => {
  const server = await registry()
  const archive = gzipSync(tarOf('./plugin.wasm', MODULE))
  server.push('team/docker', 'v1', [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', content: archive }])
  const wasm = server.push('team/index', 'wasm', [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', content: archive }])
  const other = server.push('team/index', 'arm64', [
    { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', content: gzipSync(tarOf('sh', MODULE)) },
  ])
  server.pushIndex('team/index', 'v1', [
    { digest: other, architecture: 'arm64' },
    { digest: wasm, architecture: 'wasm' },
  ])
  for (const name of ['docker', 'index']) {
    await world.write(ROUTE, image(`${server.host}/team/${name}:v1`))
    await runs()
  }
  await world.write(ROUTE, image(`${server.host}/team/index@${other}`))
  await isClosed('FetchFailed', /neither a layer with a module nor a file/)
})

it('a layer that is not what its manifest says is refused', async () => {
  const server = await registry()
  server.push('team/module', 'v1', [MODULE_LAYER])
  server.spoil(`sha256:${sha256(MODULE)}`, wasmProgram({ crashes: true }))
  await world.write(ROUTE, image(`${server.host}/team/module:v1`))
  await isClosed('FetchFailed', /another layer/)
})

it.each([
  { what: 'a server that fails', answer: { status: 503 }, words: /answers 503/ },
  {
    what: 'a server that leads elsewhere',
    answer: { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
    words: /leads elsewhere/,
  },
  { what: 'what is no module', answer: { status: 200, body: '<html>' }, words: /no WebAssembly module/ },
])(
  '$what closes the rule, or with failOpen it goes on without',
  async ({ answer, words }) => {
    const server = await serve(() => answer)
    const url = `http://${server.host}/module.wasm`
    await world.write(ROUTE, http(url))
    await isClosed('FetchFailed', words)
    await world.write(ROUTE, http(url, '', ', failOpen: true'))
    await eventually(async () => expect(await seen()).toBe('no module'))
    expect(conditions()).toEqual(['Accepted=True/Accepted', 'ResolvedRefs=False/FetchFailed'])
  },
  60_000,
)

it('a server that says nothing keeps the rule closed, and nobody else waits for it', async () => {
  const state = { answers: false }
  const server = await serve(() => (state.answers ? { status: 200, body: MODULE } : undefined))
  await world.write(ROUTE, http(`http://${server.host}/module.wasm`))
  await isClosed('Pending', /has not been fetched yet/)
  await eventually(() => expect(server.questions).toHaveLength(1))
}, 60_000)

it('a server that comes back opens the rule', async () => {
  const state = { answers: false }
  const server = await serve(() => (state.answers ? { status: 200, body: MODULE } : { status: 500 }))
  await world.write(ROUTE, http(`http://${server.host}/module.wasm`))
  await isClosed('FetchFailed', /answers 500/)
  state.answers = true
  await runs()
}, 60_000)

it.each([
  { what: 'a login in the address', url: 'http://ann:secret@127.0.0.1:1/x', reason: 'UnsupportedValue' },
  { what: 'http to another machine', url: 'http://192.0.2.1/x', reason: 'FetchFailed' },
  { what: 'the credentials of a cloud', url: 'https://169.254.169.254/latest/meta-data', reason: 'FetchFailed' },
  { what: 'the same, written otherwise', url: 'https://[::ffff:a9fe:a9fe]/latest/meta-data', reason: 'FetchFailed' },
  { what: 'the same as a number', url: 'https://2852039166/latest/meta-data', reason: 'FetchFailed' },
])(
  '$what is never asked for',
  async ({ url, reason }) => {
    await world.write(ROUTE, http(url))
    await isClosed(reason, /login|only https|never asked/)
    expect(message()).not.toContain('secret')
  },
  60_000,
)

it('a module that several rules of a host have goes to the proxy once, and to no rule that has none', async () => {
  const large = Buffer.concat([MODULE, customSection(200_000)])
  const server = await serve(() => ({ status: 200, body: large }))
  const rules = Array.from({ length: 16 }, (_, at) => under(`/x${at}`, `name: x${at}, ${to('guarded')}`))
  const route = httpRoute('r', `[${rules.join(', ')}]`)
  const free = httpRoute('free', `[${under('/free', to('open'))}]`)
  const whole = http(`http://${server.host}/module.wasm`).replace(', sectionName: x', '')
  await world.write(route, free, whole)
  const says = async (path: string) => (await world.ask({ path })).echo?.headers['x-wasm']
  await eventually(async () => expect([await says('/x0'), await says('/x15')]).toEqual(['a text', 'a text']))
  expect([await world.answerer({ path: '/free' }), await says('/free')]).toEqual(['open', undefined])
  const { snapshots } = world.headgate.running.sources
  const bytes = Object.values(TYPE_URL)
    .flatMap((typeUrl) => snapshots.groups().flatMap((group) => [...snapshots.resources(group, typeUrl).values()]))
    .reduce((sum, { value }) => sum + value.length, 0)
  expect(bytes).toBeLessThan(2 * large.length)
}, 60_000)

it('a module that breaks off is not handed to any proxy, and one that refuses its configuration closes its rule', async () => {
  const modules = new Map([
    ['/broken.wasm', MODULE.subarray(0, 60)],
    ['/refusing.wasm', wasmProgram({ refusesConfig: true })],
    ['/good.wasm', MODULE],
  ])
  const server = await startWebServer(({ path }) => ({ status: 200, body: modules.get(path) ?? '' }))
  running.push(server)
  await world.write(ROUTE, http(`http://${server.host}/broken.wasm`))
  await isClosed('FetchFailed', /no well-formed WebAssembly module/)
  await world.write(ROUTE, http(`http://${server.host}/refusing.wasm`))
  await isClosed('Invalid', /refused.*Unable to create Wasm plugin/)
  await world.write(ROUTE, http(`http://${server.host}/good.wasm`))
  await runs()
}, 60_000)

it.each(['', ', failOpen: true'])(
  'a module that comes late and is refused by the proxy keeps no change of its neighbours back%s',
  async (more) => {
    const state = { content: undefined as Buffer | undefined }
    const server = await serve(() => (state.content === undefined ? { status: 500 } : { status: 200, body: state.content }))
    const module = http(`http://${server.host}/module.wasm`, '', more)
    // What proxies were sent without the module is acknowledged: nothing but the module changes then.
    await world.write(ROUTE, module)
    await eventually(async () => expect(await seen()).toBe(more === '' ? 500 : 'no module'))
    state.content = wasmProgram({ refusesConfig: true })
    const neighbour = httpRoute('neighbour', `[${under('/neighbour', to('guarded'))}]`)
    await eventually(() => expect(message()).toMatch(/refused by Envoy: .*Unable to create Wasm plugin/), 20_000)
    expect(conditions()).toEqual(more === '' ? ['Accepted=False/Invalid'] : ['Accepted=True/Accepted', 'ResolvedRefs=False/Invalid'])
    await world.write(ROUTE, module, neighbour)
    expect(await world.answerer({ path: '/neighbour' })).toBe('guarded')
    await eventually(async () => expect(await seen()).toBe(more === '' ? 500 : 'no module'))
    // Another module under another name is another one.
    state.content = MODULE
    await world.write(ROUTE, module.replace('module.wasm', 'better.wasm'), neighbour)
    await runs()
    await eventually(() => expect(conditions()).toEqual(['Accepted=True/Accepted']))
  },
  60_000,
)
