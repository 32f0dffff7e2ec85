/**
 * Policies with a real API server: Secrets that they name are read, the controller asks for what they have fetched, statuses say what came of
 * it, and what no schema limits does no harm.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { KubernetesConfig } from '../../src/config/config.js'
import { CONTENT_TYPE } from '../../src/k8s/kube-client.js'
import { type JsonObject, listAt, stringAt } from '../../src/k8s/kube-json.js'
import { KINDS } from '../../src/kinds/index.js'
import { runKubernetes } from '../../src/pipeline/kubernetes.js'
import { customResourceDefinition } from '../../src/schema/crd.js'
import { createLogger } from '../../src/telemetry/logger.js'
import { eventually } from '../support/eventually.js'
import { CONTROLLER, controllerConfig } from './support/controller-config.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const GATEWAY_API = '/apis/gateway.networking.k8s.io/v1'
const OURS = '/apis/headgate.dev/v1alpha1/namespaces/default'

let api: KubeApiServer
let ended: Promise<void>
const stop = new AbortController()
const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(10_000))

beforeAll(async () => {
  api = await startKubeApiServer()
  await installGatewayApi(api.admin, 'experimental')
  for (const kind of KINDS.filter(({ kind: name }) => name === 'ExtensionPolicy' || name === 'SecurityPolicy')) {
    await create(api.admin, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', customResourceDefinition(kind))
  }
  await eventually(async () => {
    await Promise.all(['extensionpolicies', 'securitypolicies'].map((plural) => read(`${OURS}/${plural}`)))
  }, 30_000)
  const apiVersion = 'gateway.networking.k8s.io/v1'
  const add = (path: string, kind: string, name: string, spec: object) =>
    create(api.admin, `${GATEWAY_API}/${path}`, { apiVersion, kind, metadata: { name }, spec })
  await add('gatewayclasses', 'GatewayClass', 'headgate', { controllerName: CONTROLLER })
  await add('namespaces/default/gateways', 'Gateway', 'web', {
    gatewayClassName: 'headgate',
    listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }],
  })
  await add('namespaces/default/httproutes', 'HTTPRoute', 'shop', { parentRefs: [{ name: 'web' }] })
  const config: KubernetesConfig = { ...(await controllerConfig(api)), fetchHosts: ['127.0.0.1', '*.example.com'] }
  ended = runKubernetes(config, createLogger(config.log), stop.signal)
}, 120_000)

afterAll(async () => {
  stop.abort()
  await ended
  await api?.stop()
}, 60_000)

const target = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' }]
const apply = (plural: string, kind: string, name: string, spec: object): Promise<JsonObject> =>
  create(api.admin, `${OURS}/${plural}`, {
    apiVersion: 'headgate.dev/v1alpha1',
    kind,
    metadata: { name },
    spec: { targetRefs: target, ...spec },
  })

async function accepted(path: string): Promise<string> {
  const [ancestor] = listAt(await read(`${OURS}/${path}`), 'status', 'ancestors')
  const condition = listAt(ancestor, 'conditions').find((each) => stringAt(each, 'type') === 'Accepted')
  return `${stringAt(condition, 'reason')}: ${stringAt(condition, 'message')}`
}

it('a Secret that a policy names is read, and nobody on the own machine is asked', async () => {
  const image = { url: '127.0.0.1:1/team/module:v1', pullSecretRef: { name: 'login' } }
  await apply('extensionpolicies', 'ExtensionPolicy', 'module', { wasm: [{ code: { type: 'Image', image } }] })
  await eventually(async () => expect(await accepted('extensionpolicies/module')).toMatch(/^RefNotFound: .*default\/login/), 30_000)
  await create(api.admin, '/api/v1/namespaces/default/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/dockerconfigjson',
    metadata: { name: 'login' },
    stringData: { '.dockerconfigjson': JSON.stringify({ auths: { '127.0.0.1:1': { username: 'ann', password: 'open sesame' } } }) },
  })
  await eventually(
    async () => expect(await accepted('extensionpolicies/module')).toMatch(/^FetchFailed: .*an address of this machine/),
    30_000,
  )
}, 90_000)

it.each([
  ['nobody', 'https://id.example.org', /^FetchFailed: .*operator of Headgate allows/],
  ['link', 'http://169.254.169.254', /^FetchFailed: .*operator of Headgate allows/],
  ['plain', 'http://id.example.com', /^FetchFailed: .*only https/],
])(
  'an identity provider that may not be asked is not: %s',
  async (name, issuer, words) => {
    const oidc = { provider: { issuer }, clientID: 'shop', clientSecret: { name: 'client' } }
    await create(api.admin, '/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `client-${name}` },
      stringData: { 'client-secret': 'a secret of more than sixteen characters' },
    })
    await apply('securitypolicies', 'SecurityPolicy', name, { oidc: { ...oidc, clientSecret: { name: `client-${name}` } } })
    await eventually(async () => expect(await accepted(`securitypolicies/${name}`)).toMatch(words), 30_000)
  },
  90_000,
)

it('what is nested more deeply than anybody can follow is told, and stops nothing', async () => {
  const levels = 3_500
  const nested = (end: string): JsonObject => JSON.parse(`${'{"a":'.repeat(levels)}${end}${'}'.repeat(levels)}`) as JsonObject
  const script = (end: string) => ({
    lua: [{ type: 'Inline', inline: 'function envoy_on_request(handle) end', filterContext: nested(end) }],
  })
  await apply('extensionpolicies', 'ExtensionPolicy', 'deep', script('1'))
  await eventually(
    async () => expect(await accepted('extensionpolicies/deep')).toMatch(/^UnsupportedValue: .*is nested too deeply/),
    30_000,
  )
  await api.admin.json(
    { method: 'PATCH', path: `${OURS}/extensionpolicies/deep`, contentType: CONTENT_TYPE.mergePatch, body: { spec: script('2') } },
    AbortSignal.timeout(10_000),
  )
  await apply('extensionpolicies', 'ExtensionPolicy', 'next', { lua: [{ type: 'Inline', inline: 'nothing that is called' }] })
  await eventually(async () => expect(await accepted('extensionpolicies/next')).toMatch(/^UnsupportedValue: .*has neither/), 30_000)
}, 90_000)

it('the API server refuses what says too little or too much', async () => {
  const wrong = [
    { type: 'HTTP' },
    { type: 'HTTP', http: { url: 'ftp://example.com/x' } },
    { type: 'Image', image: { url: 'example.com/x', sha256: 'no digest' } },
    { type: 'HTTP', http: { url: 'https://example.com/x' }, image: { url: 'example.com/x' } },
  ]
  for (const [at, code] of wrong.entries()) {
    await expect(apply('extensionpolicies', 'ExtensionPolicy', `wrong-${at}`, { wasm: [{ code }] })).rejects.toThrow()
  }
  await expect(
    apply('securitypolicies', 'SecurityPolicy', 'wrong', { oidc: { provider: {}, clientID: 'shop', clientSecret: { name: 'client' } } }),
  ).rejects.toThrow(/set issuer/)
})
