/** Secrets of every place that any kind has for one: nothing that the cluster shows tells them, but the Secrets. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { findings, linesOf } from '../policies/support/secret-findings.js'
import { MARKER, type SecretPlace, secretWorld } from '../policies/support/secret-world.js'
import { secret } from '../policies/support/secrets.js'
import { eventually } from '../support/eventually.js'
import { get } from './support/http.js'
import { apply, kubectl, kubectlJson, type List } from './support/kubectl.js'
import { proxies } from './support/program.js'
import { backendYaml, namespaceYaml, readGateway } from './support/site.js'

const NAMESPACE = 'secrets'
const SYSTEM = 'headgate-system'
const LEAK = `${MARKER}broken`
/** Asks for everything at the admin port of the replica that runs it. */
const READ_ADMIN = `
const at = 'http://127.0.0.1:19000'
const paths = (await (await fetch(at)).text()).split('\\n').filter((line) => line.startsWith('/'))
const told = await Promise.all(paths.map(async (path) => [path, await (await fetch(at + path)).text()]))
console.log(JSON.stringify(told))`

let places: readonly SecretPlace[]

beforeAll(async () => {
  const world = await secretWorld({ backend: 80, registry: 5000 })
  places = world.places
  await apply([namespaceYaml(NAMESPACE), backendYaml(NAMESPACE), inCluster(world.yaml)].join('---'))
  await kubectl('rollout', 'status', 'deployment/echo', '--namespace', NAMESPACE, '--timeout=90s')
  await kubectl('wait', 'gateway/web', '--namespace', NAMESPACE, '--for=condition=Programmed', '--timeout=120s')
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
})

/** The objects of a folder in the namespace of this test, with pods in place of this machine. */
function inCluster(yaml: string): string {
  const objects = yaml
    .replaceAll('{ip: {address: 127.0.0.1, port: 80}}', `{fqdn: {hostname: echo.${NAMESPACE}.svc, port: 80}}`)
    .replaceAll('addresses: [127.0.0.1]', 'addresses: [192.0.2.1]')
    .replaceAll(`metadata: {name: gw}`, 'metadata: {name: web}')
    .replaceAll('parentRefs: [{name: gw}]', 'parentRefs: [{name: web}]')
  return objects
    .split('---\n')
    .map((each) => each.replace(/, namespace: default\b/, '').replace(/^metadata: \{name: /m, `metadata: {namespace: ${NAMESPACE}, name: `))
    .join('---\n')
}

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string }
}

/** What whoever may not read Secrets may look at, by where it stands. */
async function everythingTold(): Promise<ReadonlyMap<string, string>> {
  const kinds = (await kubectl('api-resources', '--verbs=list', '--output=name')).split('\n').filter(Boolean)
  expect(kinds).toEqual(expect.arrayContaining(['events.events.k8s.io', 'configmaps', 'gateways.gateway.networking.k8s.io']))
  const shown = kinds.filter((kind) => kind !== 'secrets' && !kind.startsWith('componentstatuses'))
  const told = new Map<string, string>()
  for (const kind of shown) told.set(kind, await kubectl('get', kind, '--all-namespaces', '--output', 'json'))
  const { items: pods } = await kubectlJson<List<Pod>>('get', 'pods', '--all-namespaces')
  for (const { metadata } of pods) {
    const { name, namespace } = metadata
    // One that ends meanwhile has nothing left to tell.
    told.set(`log of ${name}`, await kubectl('logs', name, '--namespace', namespace, '--all-containers', '--ignore-errors').catch(() => ''))
  }
  const selector = 'app.kubernetes.io/name=headgate,app.kubernetes.io/component=controller'
  const controllers = await kubectlJson<List<Pod & { readonly status: { readonly podIP: string } }>>(
    ...['get', 'pods', '--namespace', SYSTEM, '--selector', selector],
  )
  for (const { metadata, status } of controllers.items) {
    told.set(`metrics of ${metadata.name}`, (await get(status.podIP, 'metrics', '/metrics', {}, 19_002)).body)
    const admin = await kubectl('exec', metadata.name, '--namespace', SYSTEM, '--', 'node', '--input-type=module', '--eval', READ_ADMIN)
    for (const [path, text] of JSON.parse(admin) as readonly (readonly [string, string])[]) told.set(`${path} of ${metadata.name}`, text)
  }
  for (const { address } of await proxies(NAMESPACE, 80)) {
    told.set(`metrics of the Envoy at ${address}`, (await get(address, 'metrics', '/stats/prometheus', {}, 64_001)).body)
  }
  return told
}

/** What nobody chose: keys that the controllers made, and tokens of ServiceAccounts. */
async function madeSecrets(): Promise<readonly SecretPlace[]> {
  const { items } = await kubectlJson<List<Pod & { readonly data?: Readonly<Record<string, string>> }>>(
    'get',
    'secrets',
    '--namespace',
    SYSTEM,
  )
  const keys = items.flatMap(({ metadata, data = {} }) =>
    Object.entries(data).flatMap(([name, value]) => {
      const lines = linesOf(Buffer.from(value, 'base64').toString())
      return name === 'tls.key' ? [{ where: `${metadata.name} in ${SYSTEM}`, secrets: lines }] : []
    }),
  )
  expect(keys.length).toBeGreaterThan(1)
  return [...keys, { where: 'a token', secrets: [Buffer.from('{"alg":"RS256"').toString('base64url')] }]
}

describe('secrets', () => {
  it('are told by nothing that the cluster shows, while they are in use', async () => {
    const address = (await readGateway(NAMESPACE)).status?.addresses?.[0]?.value ?? ''
    await eventually(async () => {
      const { status, body } = await get(address, 'example.com', '/injected')
      expect([status, body]).toEqual([200, expect.stringContaining(`Bearer ${MARKER}-injected`)])
      expect((await get(address, 'example.com', '/keyed', { 'x-key': `${MARKER}-api-key` })).status).toBe(200)
      const ann = Buffer.from(`ann:${MARKER}-password`).toString('base64')
      expect((await get(address, 'example.com', '/basic', { authorization: `Basic ${ann}` })).status).toBe(200)
    }, 60_000)
    const told = await everythingTold()
    expect(told.size).toBeGreaterThan(100)
    // That one stands in an object that is no Secret: docs/security.md.
    const headers = 'gatewayconfigs.headgate.dev tells headers of collectors'
    expect(findings(told, [...places, ...(await madeSecrets())])).toEqual([headers])
  }, 300_000)

  it('are not told where they are broken', async () => {
    const broken = [
      secret('users', { '.htpasswd': `ann:${LEAK}` }, NAMESPACE),
      secret('keys', { shop: LEAK, other: LEAK }, NAMESPACE),
      secret('jwks', { jwks: `{"keys": [{"kty": "RSA", "n": "${LEAK}!", "e": "${LEAK}!"}]}` }, NAMESPACE),
      secret('injected', { credential: `${LEAK}\nx` }, NAMESPACE),
      secret('registry', { '.dockerconfigjson': JSON.stringify({ auths: { [LEAK]: LEAK } }) }, NAMESPACE),
    ]
    await apply(broken.join('---'))
    await eventually(async () => {
      const policies = await kubectlJson<List<{ readonly metadata: { readonly name: string }; readonly status?: object }>>(
        ...['get', 'securitypolicies', '--namespace', NAMESPACE],
      )
      const wrong = policies.items
        .filter(({ status }) => /"status":"False"/.test(JSON.stringify(status)))
        .map(({ metadata }) => metadata.name)
      expect(wrong.toSorted()).toEqual(['basic', 'jwt', 'keyed'])
    }, 60_000)
    expect(findings(await everythingTold(), [{ where: 'it', secrets: [LEAK] }])).toEqual([])
  }, 300_000)
})
