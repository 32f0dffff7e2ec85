/** The whole controller against a real API server, without nodes: what it writes, how often, and what it survives. */

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { KubernetesConfig } from '../../src/config/config.js'
import { systemClock } from '../../src/k8s/clock.js'
import { CONTENT_TYPE } from '../../src/k8s/kube-client.js'
import { fieldAt, type JsonObject, listAt, stringAt } from '../../src/k8s/kube-json.js'
import { silentLog } from '../../src/k8s/log.js'
import { Reflector } from '../../src/k8s/reflector.js'
import { runKubernetes } from '../../src/pipeline/kubernetes.js'
import { createLogger } from '../../src/telemetry/logger.js'
import { eventually } from '../support/eventually.js'
import { controllerConfig } from './support/controller-config.js'
import { createGateway, createGatewayClass } from './support/gateways.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'
import { createRoute, isAccepted } from './support/routes.js'

const GROUP = 'gateway.networking.k8s.io'
const API = `/apis/${GROUP}/v1`

interface Replica {
  readonly name: string
  readonly adminPort: number
  readonly stop: () => Promise<void>
}

describe('the controller', () => {
  let api: KubeApiServer
  const replicas: Replica[] = []
  const watches = new AbortController()

  const startReplica = async (name: string, more: Partial<KubernetesConfig> = {}): Promise<void> => {
    const stop = new AbortController()
    const config = { ...(await controllerConfig(api)), replicaName: name, ...more }
    const ended = runKubernetes(config, createLogger(config.log), stop.signal)
    const end = async (): Promise<void> => {
      stop.abort()
      await ended
    }
    replicas.push({ name, adminPort: config.admin.port, stop: end })
  }
  const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(10_000))
  const leader = async (): Promise<string> =>
    stringAt(await read('/apis/coordination.k8s.io/v1/namespaces/default/leases/headgate-leader'), 'spec', 'holderIdentity')
  const attachedRoutes = (gateway: unknown): unknown => fieldAt(listAt(gateway, 'status', 'listeners')[0], 'attachedRoutes')
  const problemsOf = async (replica: Replica | undefined): Promise<readonly string[]> => {
    const report: unknown = await (await fetch(`http://127.0.0.1:${replica?.adminPort}/status`)).json()
    return listAt(report, 'problems').map((each) => `${stringAt(each, 'where')}: ${stringAt(each, 'message')}`)
  }
  /** Counts the versions of objects that appear from now on. */
  const countVersions = async (plural: string): Promise<() => number> => {
    let versions = 0
    const onChanges = (changed: readonly unknown[]): void => {
      versions += changed.length
    }
    const resource = { group: GROUP, version: 'v1', plural }
    const reflector = new Reflector({ client: api.client('admin'), clock: systemClock, log: silentLog, resource, onChanges })
    void reflector.start(watches.signal)
    await reflector.listed
    const before = versions
    return () => versions - before
  }

  beforeAll(async () => {
    api = await startKubeApiServer()
    await installGatewayApi(api.admin, 'experimental')
    await createGatewayClass(api)
    await createGateway(api, 'default', 'web')
  })

  afterEach(async () => {
    for (const replica of replicas.splice(0)) await replica.stop()
  })

  afterAll(async () => {
    watches.abort()
    await api.stop()
  })

  it('counts 1,000 routes that come one by one in at most 75 writes of the Gateway and one of each route', async () => {
    await startReplica('a')
    await eventually(async () => expect(attachedRoutes(await read(`${API}/namespaces/default/gateways/web`))).toBe(0), 20_000)
    const gatewayVersions = await countVersions('gateways')
    const routeVersions = await countVersions('httproutes')
    for (let i = 0; i < 1_000; i++) await createRoute(api, `r${i}`)
    const lastMs = performance.now()
    await eventually(async () => expect(attachedRoutes(await read(`${API}/namespaces/default/gateways/web`))).toBe(1_000), 20_000)
    const lateMs = performance.now() - lastMs
    await eventually(async () => expect(await isAccepted(api, 'r999')).toBe(true), 20_000)
    await sleep(2_000)
    process.stdout.write(`1,000 routes: ${gatewayVersions()} writes of the Gateway, right ${Math.round(lateMs)} ms after the last\n`)
    expect(gatewayVersions()).toBeLessThanOrEqual(75)
    // Each route: it was created, and its status was written once.
    expect(routeVersions()).toBe(2_000)
    // The budget is a second; a shared machine gets half a second more.
    expect(lateMs).toBeLessThan(1_500)
  }, 120_000)

  it('writes nothing more when everything is said, also after a restart', async () => {
    await startReplica('b')
    await eventually(async () => expect(await leader()).toContain('b'), 20_000)
    await sleep(3_000)
    const gatewayVersions = await countVersions('gateways')
    const routeVersions = await countVersions('httproutes')
    for (const replica of replicas.splice(0)) await replica.stop()
    await startReplica('c')
    await sleep(6_000)
    expect([gatewayVersions(), routeVersions()]).toEqual([0, 0])
  })

  it('goes on with another leader when the first one ends', async () => {
    await startReplica('first')
    await eventually(
      async () =>
        expect(
          stringAt(await read('/apis/coordination.k8s.io/v1/namespaces/default/leases/headgate-leader'), 'spec', 'holderIdentity'),
        ).toContain('first'),
      20_000,
    )
    await startReplica('second')
    await createRoute(api, 'before')
    await eventually(async () => expect(await isAccepted(api, 'before')).toBe(true), 10_000)
    await replicas.shift()?.stop()
    await createRoute(api, 'after')
    await eventually(async () => expect(await isAccepted(api, 'after')).toBe(true), 15_000)
  })

  it('tells of Gateways without a class and of routes without a Gateway, which get no status', async () => {
    const write = (kind: string, name: string, spec: object): Promise<JsonObject> =>
      create(api.admin, `${API}/namespaces/default/${kind.toLowerCase()}s`, { apiVersion: `${GROUP}/v1`, kind, metadata: { name }, spec })
    await write('Gateway', 'foreign', { gatewayClassName: 'nobody', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] })
    await write('HTTPRoute', 'lost', { parentRefs: [{ name: 'wbe' }] })
    await startReplica('tells')
    await eventually(
      async () =>
        expect(await problemsOf(replicas[0])).toEqual([
          'Gateway/default/foreign: spec.gatewayClassName: there is no GatewayClass "nobody": correct the name',
          'HTTPRoute/default/lost: spec.parentRefs[0]: there is no Gateway "default/wbe": correct the name',
        ]),
      20_000,
    )
    expect(fieldAt(await read(`${API}/namespaces/default/httproutes/lost`), 'status')).toBeUndefined()
    for (const path of ['gateways/foreign', 'httproutes/lost'])
      await api.admin.json({ method: 'DELETE', path: `${API}/namespaces/default/${path}` }, AbortSignal.timeout(5_000))
    await eventually(async () => expect(await problemsOf(replicas[0])).toEqual([]))
  })

  it('says on a replica that does not lead whom to ask about the proxies of others', async () => {
    await startReplica('leads')
    await eventually(async () => expect(await leader()).toMatch(/^leads@/), 20_000)
    await startReplica('follows')
    const [leads, follows] = replicas
    if (leads === undefined || follows === undefined) throw new Error('a replica is missing')
    await eventually(async () =>
      expect(await problemsOf(follows)).toEqual([expect.stringMatching(/^replica follows: .* exec .* leads -- /)]),
    )
    expect(await problemsOf(leads)).toEqual([])
  })

  it('makes nothing anew for a Gateway that is being deleted', async () => {
    const gateway = `${API}/namespaces/default/gateways/going`
    const service = '/api/v1/namespaces/default/services/headgate-going'
    const remove = (path: string): Promise<JsonObject> => api.admin.json({ method: 'DELETE', path }, AbortSignal.timeout(5_000))
    await create(api.admin, `${API}/namespaces/default/gateways`, {
      apiVersion: `${GROUP}/v1`,
      kind: 'Gateway',
      metadata: { name: 'going', finalizers: ['example.com/later'] },
      spec: { gatewayClassName: 'headgate', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
    })
    await startReplica('deleting')
    await eventually(async () => void (await read(service)), 20_000)
    await remove(service)
    await eventually(async () => void (await read(service)), 20_000)
    // As a deletion in the foreground does: what belongs to the Gateway goes first.
    await remove(gateway)
    await sleep(500)
    await remove(service)
    await sleep(1_500)
    await expect(read(service)).rejects.toThrow('404')
    const body = { metadata: { finalizers: null } }
    await api.admin.json({ method: 'PATCH', path: gateway, body, contentType: CONTENT_TYPE.mergePatch }, AbortSignal.timeout(5_000))
  })

  it('two installations in one namespace have a leader each', async () => {
    await create(api.admin, `${API}/gatewayclasses`, {
      apiVersion: `${GROUP}/v1`,
      kind: 'GatewayClass',
      metadata: { name: 'other' },
      spec: { controllerName: 'example.com/other' },
    })
    await startReplica('ours')
    await createRoute(api, 'two')
    await eventually(async () => expect(await isAccepted(api, 'two')).toBe(true), 20_000)
    await startReplica('theirs', { controllerName: 'example.com/other', xdsService: 'other-headgate' })
    await eventually(async () => {
      const [accepted] = listAt(await read(`${API}/gatewayclasses/other`), 'status', 'conditions')
      expect(accepted).toMatchObject({ type: 'Accepted', status: 'True' })
    }, 20_000)
  })

  it('survives that the API server is away for longer than its lease holds', async () => {
    await startReplica('patient')
    await createRoute(api, 'outage-before')
    await eventually(async () => expect(await isAccepted(api, 'outage-before')).toBe(true), 20_000)
    await api.restart(18_000)
    // CRDs are served a moment after the server says that it is ready.
    await eventually(async () => void (await createRoute(api, 'outage-after')), 20_000)
    await eventually(async () => expect(await isAccepted(api, 'outage-after')).toBe(true), 60_000)
  }, 120_000)
})
