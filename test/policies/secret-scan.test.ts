/** Secrets of every place that any kind has for one: nothing that people may look at tells them. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DUMP_SECTIONS } from '../../src/cli/commands/dump.js'
import { TRANSLATE_PARTS } from '../../src/cli/commands/translate.js'
import { OUTPUT_FORMATS } from '../../src/cli/output/print.js'
import { runGatewayctl } from '../../src/cli/run-gatewayctl.js'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import { askEnvoy } from '../../src/infra/host/envoy-admin.js'
import { LOCAL_GROUP } from '../../src/infra/host/local-placements.js'
import { nextStatus } from '../../src/status/next-status.js'
import { statusEvents } from '../../src/status/status-events.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import { NOW } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { startWebServer, type WebServer } from '../support/web-server.js'
import { findings } from './support/secret-findings.js'
import { MARKER, type SecretWorld, secretWorld } from './support/secret-world.js'
import { secret } from './support/secrets.js'

let open: TestBackend
let registry: WebServer
let world: SecretWorld
let headgate: Standalone
const lines: string[] = []

beforeAll(async () => {
  open = await startBackend('open')
  // It refuses the login and tells everything that it was asked with.
  registry = await startWebServer(({ headers: { authorization = 'nobody' } }) => ({
    status: authorization === 'nobody' ? 401 : 500,
    headers: { 'www-authenticate': 'Basic realm="x"', 'x-echo': authorization },
    body: authorization,
  }))
  world = await secretWorld({ backend: open.port, registry: registry.port })
  headgate = await startTestStandalone(
    { log: { level: 'debug', format: 'json' }, fetchPlainHosts: [registry.host], envoyPatches: true, routePacking: 'rds' },
    {},
    (line) => void lines.push(line),
  )
  await headgate.write('objects', world.yaml)
}, 60_000)

afterAll(async () => {
  await headgate?.stop()
  await Promise.all([open?.close(), registry?.close()])
})

/** What anybody may look at, by where it stands. */
async function everythingTold(commands: readonly (readonly string[])[]): Promise<ReadonlyMap<string, string>> {
  const { sources, adminPort } = headgate.running
  const url = `http://127.0.0.1:${adminPort}`
  const paths = (await (await fetch(url)).text()).split('\n').filter((line) => line.startsWith('/'))
  expect(paths.length).toBeGreaterThan(15)
  const told = new Map<string, string>([['log', lines.join('')]])
  for (const path of paths) told.set(path, await (await fetch(`${url}${path}`)).text())
  for (const status of sources.statuses()) {
    const written = nextStatus({}, status, CONTROLLER_NAME, NOW)?.merged ?? {}
    told.set(`status of ${status.object.kind} ${status.object.name}`, JSON.stringify([written, statusEvents({}, written, CONTROLLER_NAME)]))
  }
  for (const command of commands)
    for (const format of OUTPUT_FORMATS)
      told.set(`gatewayctl ${command.join(' ')} -o ${format}`, await gatewayctl(url, ...command, '-o', format))
  for (const file of await readdir(headgate.folders.state))
    if (file.endsWith('.json')) told.set(`state ${file}`, await readFile(join(headgate.folders.state, file), 'utf8'))
  return told
}

/** Every command that shows something. */
function commandsOfAllKinds(): readonly (readonly string[])[] {
  const { resources } = headgate.folders
  return [
    ['status'],
    ['history'],
    ['proxies'],
    ['version'],
    ['explain', 'http://example.com/injected'],
    ['get', 'policies', '--for', 'httproute/r'],
    ...DUMP_SECTIONS.map((section) => ['dump', section]),
    ...TRANSLATE_PARTS.map((part) => ['translate', '-f', resources, '--show', part]),
  ]
}

/** What Envoy tells through its own socket, by path: in a pod, to whoever runs something in it. */
async function everythingEnvoyTells(): Promise<ReadonlyMap<string, string>> {
  const state = headgate.running.localEnvoy()
  if (state?.kind !== 'running') throw new Error('no Envoy is running')
  const paths = ['/config_dump?include_eds', '/stats', '/clusters', '/listeners', '/certs', '/server_info']
  const answers = await Promise.all(paths.map((path) => askEnvoy(state.adminSocketPath, 'GET', path)))
  return new Map(paths.map((path, at) => [path, answers[at] ?? '']))
}

async function gatewayctl(server: string, ...args: readonly string[]): Promise<string> {
  const printed: string[] = []
  const print = (text: string): void => void printed.push(text)
  await runGatewayctl(args, {
    environment: { HEADGATE_SERVER: server },
    out: print,
    error: print,
    isTerminal: false,
    now: Date.now,
    workingFolder: '/',
  })
  expect(printed.join('').length).toBeGreaterThan(10)
  return printed.join('')
}

/** What proxies get and registries are asked, in the clear: here every secret stands. */
function everythingSent(): string {
  const { snapshots } = headgate.running.controlPlane
  const resources = Object.values(TYPE_URL).flatMap((typeUrl) => [...snapshots.resources(LOCAL_GROUP, typeUrl).values()])
  return [...resources.map(({ value }) => value.toString('latin1')), JSON.stringify(registry.questions)].join('\n')
}

describe('secrets', () => {
  it('are told by nothing that people may look at', async () => {
    const sent = new Map([['proxies', everythingSent()]])
    expect(findings(sent, world.places)).toEqual(world.places.map(({ where }) => `proxies tells ${where}`))
    expect(await headgate.send('default/gw', 80, { host: 'example.com', path: '/injected' })).toMatchObject({ status: 200 })
    expect(open.requests.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${MARKER}-injected` })
    expect(findings(await everythingTold(commandsOfAllKinds()), world.places)).toEqual([])
    // See docs/security.md: who is in the pod of an Envoy has what it has.
    const ofEnvoy = ['jwt', 'headers of collectors'].map((place) => `/config_dump?include_eds tells ${place}`)
    expect(findings(await everythingEnvoyTells(), world.places)).toEqual(ofEnvoy)
  }, 120_000)

  it('are not told with what Envoy says of a route that it refuses', async () => {
    const patch = `
apiVersion: headgate.dev/v1alpha1
kind: EnvoyPatchPolicy
metadata: {name: bad}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: gw}
  jsonPatches:
    - type: type.googleapis.com/envoy.config.route.v3.RouteConfiguration
      name: default/gw/127.0.0.1/80/tcp
      operation: {op: add, path: /virtual_hosts/0/request_headers_to_add, value: [{header: {key: ""}}]}
`
    await headgate.write('objects', [world.yaml, patch].join('---'))
    await eventually(() => expect(JSON.stringify(headgate.status('EnvoyPatchPolicy/default/bad'))).toContain('constraint'))
    expect(findings(await everythingTold([['status'], ['proxies'], ['history']]), world.places)).toEqual([])
  }, 120_000)

  // Where one is broken, somebody has to be told, and it is not said what stands there.
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const yaml = (name: string, content: string): string => `
apiVersion: v1
kind: Secret
metadata: {name: ${name}}
${content}
`
  const written = (text: string): string => yaml('new', `stringData:\n  password: ${text}\n  other: x`)
  const LEAK = `${MARKER}broken`
  it.each([
    {
      what: 'a private key without its dashes',
      objects: yaml('cert', `data: {tls.crt: ${base64(`-----BEGIN ${LEAK}\n-----END`)}, tls.key: ${base64(`-----BEGIN ${LEAK}`)}}`),
    },
    {
      what: 'a private key in the place of a certificate',
      objects: yaml('cert', `data: {tls.crt: ${base64(`-----BEGIN PRIVATE KEY\n${LEAK}\n-----END PRIVATE KEY-----`)}, tls.key: ""}`),
    },
    { what: 'passwords that are not hashed', objects: secret('users', { '.htpasswd': `ann:${LEAK}` }) },
    { what: 'a key of a client with a blank', objects: secret('keys', { shop: `${LEAK} x` }) },
    { what: 'one key of two clients', objects: secret('keys', { shop: LEAK, other: LEAK }) },
    { what: 'a client secret with line breaks', objects: secret('login', { 'client-secret': `${LEAK}\nx\u0000`, 'client-id': 'shop' }) },
    { what: 'a client secret that is short', objects: secret('login', { 'client-secret': MARKER, 'client-id': 'shop' }) },
    { what: 'keys of tokens that are no JSON', objects: secret('jwks', { jwks: `{"keys": [${LEAK}` }) },
    {
      what: 'keys of tokens that Envoy cannot read',
      objects: secret('jwks', { jwks: `{"keys": [{"kty": "RSA", "n": "${LEAK}!", "e": "${LEAK}!"}]}` }),
    },
    { what: 'a credential with line breaks', objects: secret('injected', { credential: `${LEAK}\nx` }) },
    { what: 'logins of registries that are no JSON', objects: secret('registry', { '.dockerconfigjson': `{"auths": ${LEAK}` }) },
    { what: 'a text that is not in base64', objects: yaml('new', `data: {password: "${LEAK}!"}`) },
    { what: 'a text that is a list', objects: written(`[${LEAK}]`) },
    { what: 'a text where a map should be', objects: yaml('new', `stringData: ${LEAK}`) },
    { what: 'a text that looks like an alias of YAML', objects: written(`*${LEAK}`) },
    { what: 'a text that looks like a block of YAML', objects: written(`|${LEAK}`) },
    { what: 'a text that looks like the end of a list', objects: written(`]${LEAK}`) },
    { what: 'a text that stands there twice', objects: written(`x\n  password: ${LEAK}`) },
    { what: 'a text as a key', objects: written(`{? [${LEAK}] : x}`) },
  ])(
    'are not told where they are broken: $what',
    async ({ objects }) => {
      const own = /name: (\w+)/.exec(objects)?.[1] ?? ''
      const others = world.yaml.split('---').filter((each) => !new RegExp(`kind: Secret\\nmetadata: {name: ${own}[,}]`).test(each))
      lines.length = 0
      await headgate.writeRefused('objects', [...others, objects].join('---'))
      const told = await everythingTold([['status'], ['translate', '-f', headgate.folders.resources, '--show', 'all']])
      expect(told.get('/status')).toMatch(/"severity": "error"|"reason": "(UnsupportedValue|Invalid\w*|RefNotFound|FetchFailed)"/)
      expect([...told].flatMap(([where, text]) => (text.includes(LEAK) ? [where] : []))).toEqual([])
      expect(findings(told, [{ where: 'it', secrets: [LEAK] }])).toEqual([])
    },
    120_000,
  )
})
