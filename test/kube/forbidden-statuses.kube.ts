/** A controller whose right to write the statuses of one kind is taken away, as by rules that somebody keeps by hand: who is told, and how often. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { CONTENT_TYPE } from '../../src/k8s/kube-client.js'
import { listAt, stringAt } from '../../src/k8s/kube-json.js'
import { runKubernetes } from '../../src/pipeline/kubernetes.js'
import { createLogger } from '../../src/telemetry/logger.js'
import { eventually } from '../support/eventually.js'
import { controllerConfig } from './support/controller-config.js'
import { createGateway, createGatewayClass } from './support/gateways.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'
import { createRoute, isAccepted } from './support/routes.js'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const GROUP = 'gateway.networking.k8s.io'
const ROUTES = Array.from({ length: 30 }, (_, at) => `r${at}`)

let api: KubeApiServer
let adminPort = 0
let ended: Promise<void> = Promise.resolve()
const stop = new AbortController()
const warnings: string[] = []

const rule = (apiGroups: readonly string[], resources: readonly string[], verbs: readonly string[] = ['*']) => ({
  apiGroups,
  resources,
  verbs,
})
/** Everything but the statuses of HTTPRoutes. */
const BUT_STATUSES = [
  rule(['', 'apps', 'autoscaling', 'policy', 'discovery.k8s.io', 'certificates.k8s.io', 'apiextensions.k8s.io'], ['*']),
  rule(['coordination.k8s.io', 'events.k8s.io', 'headgate.dev', 'gateway.networking.x-k8s.io'], ['*']),
  rule([GROUP], ['*'], ['get', 'list', 'watch']),
  rule([GROUP], ['gatewayclasses', 'gatewayclasses/status', 'gateways/status']),
]
const ALL = [...BUT_STATUSES, rule([GROUP], ['httproutes/status'])]

const problems = async (): Promise<readonly string[]> => {
  const report: unknown = await (await fetch(`http://127.0.0.1:${adminPort}/status`)).json()
  return listAt(report, 'problems').map((each) => `${stringAt(each, 'where')}: ${stringAt(each, 'message')}`)
}

beforeAll(async () => {
  api = await startKubeApiServer()
  await installGatewayApi(api.admin, 'experimental')
  await createGatewayClass(api)
  await createGateway(api, 'default', 'web')
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'headgate' }
  const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'limited' }]
  await create(api.admin, `${RBAC}/clusterroles`, { metadata: { name: 'headgate' }, rules: BUT_STATUSES })
  await create(api.admin, `${RBAC}/clusterrolebindings`, { metadata: { name: 'headgate' }, roleRef, subjects })
  const kubeconfig = join(dirname(api.kubeconfig), 'limited')
  writeFileSync(kubeconfig, readFileSync(api.kubeconfig, 'utf8').replace('admin-token', 'limited-token'))
  const config = await controllerConfig({ kubeconfig })
  adminPort = config.admin.port
  const write = (line: string): void => void warnings.push(line)
  ended = runKubernetes(config, createLogger({ level: 'warn', format: 'json', write }), stop.signal)
}, 120_000)

afterAll(async () => {
  stop.abort()
  await ended
  await api.stop()
})

it('tells it once for all, to the log and to who asks for the status, until the right is there, and then writes all at once', async () => {
  for (const name of ROUTES) await createRoute(api, name)
  const missing = /^status of HTTPRoute: 30 statuses are not written: .*cannot patch .*grant this verb/
  await eventually(async () => expect(await problems()).toEqual([expect.stringMatching(missing)]), 20_000)
  // Each was tried three or four times by then.
  await new Promise((resolve) => setTimeout(resolve, 5_000))
  expect(warnings.filter((line) => line.includes('httproutes')).length).toBeLessThan(10)
  const body = { rules: ALL }
  const path = `${RBAC}/clusterroles/headgate`
  await api.admin.json({ method: 'PATCH', path, body, contentType: CONTENT_TYPE.mergePatch }, AbortSignal.timeout(5_000))
  await eventually(async () => {
    for (const name of ROUTES) expect(await isAccepted(api, name)).toBe(true)
  }, 20_000)
  await eventually(async () => expect(await problems()).toEqual([]))
}, 90_000)
