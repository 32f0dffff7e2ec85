/** Webhooks and policies of a cluster that refuse what the controller writes, or do not answer: who is told, and who does not notice. */
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fieldAt, type JsonObject, listAt, stringAt } from '../../src/k8s/kube-json.js'
import { runKubernetes } from '../../src/pipeline/kubernetes.js'
import { createLogger } from '../../src/telemetry/logger.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { controllerConfig } from './support/controller-config.js'
import { createGateway, createGatewayClass } from './support/gateways.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const GROUP = 'gateway.networking.k8s.io'
const API = `/apis/${GROUP}/v1`
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'
const WEBHOOKS = `${ADMISSION}/validatingwebhookconfigurations`
const POLICIES = `${ADMISSION}/validatingadmissionpolicies`
const BINDINGS = `${ADMISSION}/validatingadmissionpolicybindings`

/** What a webhook or a policy is asked about: one resource in one namespace. */
const asked = (namespace: string, apiGroup: string, resource: string) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  rules: [{ apiGroups: [apiGroup], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: [resource] }],
})

describe('the controller, where something of the cluster does not let it write', () => {
  let api: KubeApiServer
  let ended: Promise<void>
  /** Takes connections and says nothing. */
  let silence: Server
  const sockets = new Set<Socket>()
  const stop = new AbortController()

  const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(10_000))
  const remove = (path: string): Promise<JsonObject> => api.admin.json({ method: 'DELETE', path }, AbortSignal.timeout(10_000))
  const namespace = (name: string): Promise<JsonObject> => create(api.admin, '/api/v1/namespaces', { metadata: { name } })
  const gateway = (inNamespace: string, name: string): Promise<JsonObject> => createGateway(api, inNamespace, name)
  const programmed = async (inNamespace: string, name: string): Promise<string> => {
    const conditions = listAt(await read(`${API}/namespaces/${inNamespace}/gateways/${name}`), 'status', 'conditions')
    return stringAt(
      conditions.find((each) => stringAt(each, 'type') === 'Programmed'),
      'message',
    )
  }
  const deployment = (inNamespace: string, name: string): Promise<JsonObject> =>
    read(`/apis/apps/v1/namespaces/${inNamespace}/deployments/headgate-${name}`)
  const route = (inNamespace: string, name: string): Promise<JsonObject> =>
    create(api.admin, `${API}/namespaces/${inNamespace}/httproutes`, {
      apiVersion: `${GROUP}/v1`,
      kind: 'HTTPRoute',
      metadata: { name },
      spec: { parentRefs: [{ name: 'web' }] },
    })
  const parents = async (inNamespace: string, name: string): Promise<readonly unknown[]> =>
    listAt(await read(`${API}/namespaces/${inNamespace}/httproutes/${name}`), 'status', 'parents')
  const webhook = (name: string, port: number, more: JsonObject): Promise<JsonObject> =>
    create(api.admin, WEBHOOKS, {
      metadata: { name },
      webhooks: [
        {
          name: `${name}.example.com`,
          clientConfig: { url: `https://127.0.0.1:${port}/` },
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          ...more,
        },
      ],
    })

  beforeAll(async () => {
    api = await startKubeApiServer()
    await installGatewayApi(api.admin, 'experimental')
    await createGatewayClass(api)
    silence = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
    })
    await new Promise<void>((resolve) => silence.listen(0, '127.0.0.1', resolve))
    const config = await controllerConfig(api)
    ended = runKubernetes(config, createLogger(config.log), stop.signal)
  }, 120_000)

  afterAll(async () => {
    stop.abort()
    await ended
    for (const socket of sockets) socket.destroy()
    silence.close()
    await api.stop()
  })

  it('a Gateway says which webhook does not answer, others do not notice, and it is made when the webhook is gone', async () => {
    await namespace('hooked')
    await namespace('free')
    await webhook('away', await freePort(), { ...asked('hooked', 'apps', 'deployments'), failurePolicy: 'Fail' })
    await gateway('hooked', 'web')
    await gateway('free', 'web')
    await eventually(() => deployment('free', 'web').then(() => undefined))
    await eventually(async () => expect(await programmed('hooked', 'web')).toContain('failed calling webhook "away.example.com"'), 30_000)
    expect(await programmed('free', 'web')).not.toContain('webhook')
    const version = async (): Promise<unknown> =>
      fieldAt(await read(`${API}/namespaces/hooked/gateways/web`), 'metadata', 'resourceVersion')
    const before = await version()
    await new Promise((resolve) => setTimeout(resolve, 15_000))
    expect(await version()).toBe(before)
    await remove(`${WEBHOOKS}/away`)
    await eventually(() => deployment('hooked', 'web').then(() => undefined), 60_000)
    await eventually(async () => expect(await programmed('hooked', 'web')).not.toContain('webhook'))
  }, 150_000)

  it('a Gateway says what a policy of the cluster has against it', async () => {
    await namespace('strict')
    const { namespaceSelector, rules } = asked('strict', 'apps', 'deployments')
    await create(api.admin, POLICIES, {
      metadata: { name: 'owners' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { namespaceSelector, resourceRules: rules },
        validations: [
          { expression: "has(object.metadata.labels) && 'owner' in object.metadata.labels", message: 'every Deployment names its owner' },
        ],
      },
    })
    await create(api.admin, BINDINGS, { metadata: { name: 'owners' }, spec: { policyName: 'owners', validationActions: ['Deny'] } })
    // The API server takes a moment until it heeds a policy.
    await eventually(async () => {
      const probe = {
        metadata: { name: 'probe' },
        spec: {
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        },
      }
      const path = '/apis/apps/v1/namespaces/strict/deployments'
      await expect(
        api.admin.json({ method: 'POST', path, query: { dryRun: 'All' }, body: probe }, AbortSignal.timeout(5_000)),
      ).rejects.toThrow('owner')
    })
    await gateway('strict', 'web')
    await eventually(async () => expect(await programmed('strict', 'web')).toContain('every Deployment names its owner'))
    await remove(`${BINDINGS}/owners`)
    await eventually(() => deployment('strict', 'web').then(() => undefined), 60_000)
  }, 120_000)

  it('an Event tells of a status that is refused, while those of others are written', async () => {
    await namespace('frozen')
    const { namespaceSelector, rules } = asked('frozen', GROUP, 'httproutes/status')
    await create(api.admin, POLICIES, {
      metadata: { name: 'frozen' },
      spec: {
        matchConstraints: { namespaceSelector, resourceRules: rules },
        validations: [{ expression: 'false', message: 'nobody writes statuses here' }],
      },
    })
    await create(api.admin, BINDINGS, { metadata: { name: 'frozen' }, spec: { policyName: 'frozen', validationActions: ['Deny'] } })
    await gateway('frozen', 'web')
    let made = 0
    // The API server takes a moment until it heeds a policy: a route whose status was written came before.
    await eventually(async () => {
      await route('frozen', `r${++made}`)
      await eventually(async () => {
        const { items } = (await read('/apis/events.k8s.io/v1/namespaces/frozen/events')) as { items: readonly JsonObject[] }
        const refused = items.filter((each) => stringAt(each, 'reason') === 'StatusRefused')
        expect(refused.map((each) => stringAt(each, 'regarding', 'name'))).toContain(`r${made}`)
        expect(stringAt(refused[0], 'note')).toContain('nobody writes statuses here')
      }, 3_000)
    }, 30_000)
    expect(await parents('frozen', `r${made}`)).toEqual([])
    await route('free', 'r')
    await eventually(async () => expect(await parents('free', 'r')).toHaveLength(1))
  }, 90_000)

  it('Gateways elsewhere do not wait for a webhook that takes its time', async () => {
    await namespace('slow')
    const { port } = silence.address() as { readonly port: number }
    await webhook('silent', port, { ...asked('slow', '', 'serviceaccounts'), failurePolicy: 'Ignore', timeoutSeconds: 10 })
    const slow = Array.from({ length: 8 }, (_, at) => `web-${at}`)
    for (const name of slow) await gateway('slow', name)
    await eventually(() => expect(sockets.size).toBeGreaterThanOrEqual(4))
    await gateway('free', 'other')
    await eventually(() => deployment('free', 'other').then(() => undefined), 5_000)
    // Whoever may be passed over is, after its time.
    for (const name of slow) await eventually(() => deployment('slow', name).then(() => undefined), 60_000)
  }, 120_000)

  it('statuses elsewhere do not wait for a webhook that takes its time', async () => {
    await namespace('late')
    await gateway('late', 'web')
    const { port } = silence.address() as { readonly port: number }
    await webhook('late', port, { ...asked('late', GROUP, 'httproutes/status'), failurePolicy: 'Ignore', timeoutSeconds: 10 })
    const before = sockets.size
    let made = 0
    // The API server takes a moment until it heeds a webhook.
    await eventually(async () => {
      await route('late', `r${++made}`)
      await eventually(() => expect(sockets.size).toBeGreaterThan(before), 2_000)
    }, 30_000)
    for (let more = 0; more < 40; more++) await route('late', `more-${more}`)
    await route('free', 'meanwhile')
    await eventually(async () => expect(await parents('free', 'meanwhile')).toHaveLength(1), 5_000)
    expect(await parents('late', 'more-39')).toEqual([])
  }, 90_000)
})
