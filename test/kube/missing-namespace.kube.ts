/** An installation for some namespaces, of which one is not there: its team has deleted it, and the Roles of the controller went with it. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type JsonObject, listAt, stringAt } from '../../src/k8s/kube-json.js'
import { runKubernetes } from '../../src/pipeline/kubernetes.js'
import { createLogger } from '../../src/telemetry/logger.js'
import { eventually } from '../support/eventually.js'
import { controllerConfig } from './support/controller-config.js'
import { createGateway, createGatewayClass } from './support/gateways.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const NAMESPACES = '/api/v1/namespaces'
const ALL = ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete']
const SUBJECTS = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'limited' }]

let api: KubeApiServer
let adminPort = 0
const stop = new AbortController()
let ended: Promise<void> = Promise.resolve()

const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(10_000))

/** Everything within a namespace. */
const allowIn = (namespace: string): Promise<JsonObject> =>
  create(api.admin, `${RBAC}/namespaces/${namespace}/rolebindings`, {
    metadata: { name: 'headgate' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: SUBJECTS,
  })

const conditionsIn = async (namespace: string): Promise<readonly string[]> => {
  const gateway = await read(`/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/gateways/web`)
  return listAt(gateway, 'status', 'conditions').map((each) => `${stringAt(each, 'type')}=${stringAt(each, 'status')}`)
}

const problems = async (): Promise<readonly unknown[]> => {
  const report: unknown = await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()
  return listAt(report, 'problems')
}

beforeAll(async () => {
  api = await startKubeApiServer()
  await installGatewayApi(api.admin, 'experimental')
  await createGatewayClass(api)
  await create(api.admin, NAMESPACES, { metadata: { name: 'here' } })
  const rules = [
    { apiGroups: ['gateway.networking.k8s.io'], resources: ['gatewayclasses', 'gatewayclasses/status'], verbs: ALL },
    {
      apiGroups: ['certificates.k8s.io', 'apiextensions.k8s.io', ''],
      resources: ['clustertrustbundles', 'customresourcedefinitions'],
      verbs: ALL,
    },
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] },
  ]
  await create(api.admin, `${RBAC}/clusterroles`, { metadata: { name: 'headgate' }, rules })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'headgate' }
  await create(api.admin, `${RBAC}/clusterrolebindings`, { metadata: { name: 'headgate' }, roleRef, subjects: SUBJECTS })
  for (const namespace of ['default', 'here']) await allowIn(namespace)
  await createGateway(api, 'here', 'web')
  const kubeconfig = join(dirname(api.kubeconfig), 'limited')
  writeFileSync(kubeconfig, readFileSync(api.kubeconfig, 'utf8').replace('admin-token', 'limited-token'))
  const config = {
    ...(await controllerConfig({ kubeconfig })),
    watch: { kind: 'namespaces', namespaces: ['here', 'gone', 'default'] },
  } as const
  adminPort = config.admin.port
  ended = runKubernetes(config, createLogger(config.log), stop.signal)
}, 120_000)

afterAll(async () => {
  stop.abort()
  await ended
  await api.stop()
})

describe('a namespace that is to be watched and is not there', () => {
  it('keeps nobody from leading, and others from nothing', async () => {
    await eventually(async () => expect(await conditionsIn('here')).toContain('Accepted=True'), 30_000)
    await eventually(async () => void (await read(`${NAMESPACES}/here/services/headgate-web`)), 10_000)
    expect(await problems()).toEqual([])
  }, 60_000)

  it('is served as soon as it comes, and may be read', async () => {
    await create(api.admin, NAMESPACES, { metadata: { name: 'gone' } })
    await createGateway(api, 'gone', 'web')
    await allowIn('gone')
    await eventually(async () => expect(await conditionsIn('gone')).toContain('Accepted=True'), 40_000)
    await eventually(async () => void (await read(`${NAMESPACES}/gone/services/headgate-web`)), 40_000)
    expect(await conditionsIn('here')).toContain('Accepted=True')
  }, 100_000)

  it('takes along what was there when it goes', async () => {
    await api.admin.json({ method: 'DELETE', path: `${RBAC}/namespaces/gone/rolebindings/headgate` }, AbortSignal.timeout(5_000))
    const namespace = await api.admin.json({ method: 'DELETE', path: `${NAMESPACES}/gone` }, AbortSignal.timeout(5_000))
    // That is for a controller of Kubernetes to do, which does not run here.
    const body = { ...namespace, spec: { finalizers: [] } }
    await api.admin.json({ method: 'PUT', path: `${NAMESPACES}/gone/finalize`, body }, AbortSignal.timeout(5_000))
    await eventually(async () => {
      const report: unknown = await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()
      expect(listAt(report, 'objects').map((each) => stringAt(each, 'object', 'namespace'))).not.toContain('gone')
    }, 20_000)
    expect(await problems()).toEqual([])
  }, 60_000)
})
