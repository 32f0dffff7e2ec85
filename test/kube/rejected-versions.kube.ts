/** The list of rejected versions in a ConfigMap of a real API server, with the rights that the chart gives. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { systemClock } from '../../src/k8s/clock.js'
import { CONTENT_TYPE } from '../../src/k8s/kube-client.js'
import { type JsonObject, stringAt } from '../../src/k8s/kube-json.js'
import { silentLog } from '../../src/k8s/log.js'
import { rejectedVersionConfigMap } from '../../src/pipeline/replicas/rejected-version-config-map.js'
import { keepRejectedVersions } from '../../src/xds/keep-rejected-versions.js'
import { type RejectedVersion, RejectedVersions } from '../../src/xds/rejected-versions.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import { eventually } from '../support/eventually.js'
import { create, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const NAMESPACE = 'default'
const NAME = 'headgate-rejected-versions'
const CONFIG_MAPS = `/api/v1/namespaces/${NAMESPACE}/configmaps`
const RBAC = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}`

const suspect = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name: 'cart', generation: 3 }
const entry = (name: string): RejectedVersion => ({
  typeUrl: TYPE_URL.routeConfiguration,
  name,
  version: 'v',
  message: 'missing ): (',
  origins: [],
  suspects: [suspect],
  at: '2026-01-01T00:00:00.000Z',
})
const names = (versions: readonly RejectedVersion[]) => versions.map(({ name }) => name)

describe('rejected versions in a ConfigMap', () => {
  let api: KubeApiServer
  const stop = new AbortController()
  const warnings: string[] = []

  /** What one replica of the control plane has. */
  const replica = async () => {
    const rejected = new RejectedVersions()
    const log = { ...silentLog, warn: (_fields: object, message: string) => warnings.push(message) }
    const store = rejectedVersionConfigMap({
      client: api.client('limited'),
      namespace: NAMESPACE,
      name: NAME,
      clock: systemClock,
      log,
      signal: stop.signal,
    })
    const keeper = await keepRejectedVersions(rejected, store, () => {})
    return { rejected, keeper }
  }
  const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(10_000))

  beforeAll(async () => {
    api = await startKubeApiServer()
    // charts/headgate/templates/_rbac.tpl, "headgate.rules.own".
    await create(api.admin, `${RBAC}/roles`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'own' },
      rules: [
        { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
        { apiGroups: [''], resources: ['configmaps'], resourceNames: [NAME], verbs: ['get', 'patch'] },
      ],
    })
    await create(api.admin, `${RBAC}/rolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'own' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'own' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'limited' }],
    })
  }, 60_000)

  afterAll(async () => {
    stop.abort()
    await api?.stop()
  })

  it('survive a restart of all replicas, which write at the same time', async () => {
    const replicas = [await replica(), await replica(), await replica()]
    for (const [index, { rejected }] of replicas.entries()) rejected.add(entry(`table-${index}`))
    await Promise.all(replicas.map(({ keeper }) => keeper.idle()))
    const { rejected } = await replica()
    expect(names(rejected.list()).sort()).toEqual(['table-0', 'table-1', 'table-2'])
    expect(rejected.get(entry('table-1'), 'v')).toEqual(entry('table-1'))
  }, 60_000)

  it('are written once: a replica that hears of what is stored already changes nothing', async () => {
    const before = stringAt(await read(`${CONFIG_MAPS}/${NAME}`), 'metadata', 'resourceVersion')
    const { rejected, keeper } = await replica()
    rejected.add({ ...entry('another'), name: 'table-1', at: '2026-02-02T00:00:00.000Z' })
    rejected.add(entry('table-2'))
    await keeper.idle()
    expect(stringAt(await read(`${CONFIG_MAPS}/${NAME}`), 'metadata', 'resourceVersion')).toBe(before)
  }, 60_000)

  it('are one for each image that rejected them', async () => {
    const { rejected, keeper } = await replica()
    const images = ['envoy:v1', 'envoy:v2'].map((image) => ({ group: 'shop/web', image }))
    for (const by of images) rejected.add({ ...entry('of-images'), by })
    await keeper.idle()
    const stored = (await replica()).rejected.list().filter(({ name }) => name === 'of-images')
    expect(stored.map(({ by }) => by)).toEqual(images)
  }, 60_000)

  it('are saved when the API server is back', async () => {
    const { rejected, keeper } = await replica()
    const away = api.restart(2_000)
    rejected.add(entry('while-away'))
    await away
    await keeper.idle()
    // An API server that has just started may not know the roles yet.
    await eventually(async () => expect(names((await replica()).rejected.list())).toContain('while-away'), 30_000)
  }, 120_000)

  it('are not needed to start: without the right to read them a warning is all', async () => {
    warnings.length = 0
    const log = { ...silentLog, warn: (_fields: object, message: string) => warnings.push(message) }
    const store = { client: api.client('limited'), namespace: NAMESPACE, name: 'another', clock: systemClock, log, signal: stop.signal }
    expect(await rejectedVersionConfigMap(store).load()).toEqual([])
    expect(warnings).toEqual(['the list of rejected versions may not be read; it lasts until the next restart'])
  }, 60_000)

  it('are begun anew where somebody wrote something else, with a warning', async () => {
    const body = { data: { 'rejected-versions.json': 'nonsense' } }
    await api.admin.json(
      { method: 'PATCH', path: `${CONFIG_MAPS}/${NAME}`, contentType: CONTENT_TYPE.mergePatch, body },
      AbortSignal.timeout(10_000),
    )
    warnings.length = 0
    const { rejected, keeper } = await replica()
    expect(rejected.list()).toEqual([])
    expect(warnings).toEqual(['the list of rejected versions cannot be read; a new one is begun'])
    rejected.add(entry('first'))
    await keeper.idle()
    expect(names((await replica()).rejected.list())).toEqual(['first'])
  }, 60_000)
})
