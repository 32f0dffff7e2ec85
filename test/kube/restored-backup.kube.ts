/** An etcd that is restored from a backup under a running controller: everything since the backup is as if it had never been. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type JsonObject, listAt, stringAt } from '../../src/k8s/kube-json.js'
import { runKubernetes } from '../../src/pipeline/kubernetes.js'
import { createLogger } from '../../src/telemetry/logger.js'
import { eventually } from '../support/eventually.js'
import { controllerConfig } from './support/controller-config.js'
import { createGateway, createGatewayClass } from './support/gateways.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'
import { createRoute, isAccepted } from './support/routes.js'

const GROUP = 'gateway.networking.k8s.io'
const GATEWAYS = `/apis/${GROUP}/v1/namespaces/default/gateways`
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

let api: KubeApiServer
const ends: (() => Promise<void>)[] = []
const admins: number[] = []

const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(10_000))
const uidOf = async (path: string): Promise<string> => stringAt(await read(path), 'metadata', 'uid')
/** The routes that a replica counts with, sorted. */
const routesOf = async (port: number): Promise<readonly string[]> => {
  const report: unknown = await (await fetch(`http://127.0.0.1:${port}/status`)).json()
  return listAt(report, 'objects')
    .map((each) => (stringAt(each, 'object', 'kind') === 'HTTPRoute' ? stringAt(each, 'object', 'name') : ''))
    .filter((name) => name !== '')
    .sort()
}
const everybodyCounts = (names: readonly string[]): Promise<void> =>
  eventually(async () => {
    for (const port of admins) expect(await routesOf(port)).toEqual(names)
  }, 40_000)

/** From before any controller was there. */
let restoreFirst: () => Promise<void>

beforeAll(async () => {
  api = await startKubeApiServer()
  await installGatewayApi(api.admin, 'experimental')
  await createGatewayClass(api)
  await createGateway(api, 'default', 'web')
  await createRoute(api, 'kept')
  expect(await isAccepted(api, 'kept')).toBe(false)
  restoreFirst = await api.backUp()
  for (const replicaName of ['a', 'b']) {
    const stop = new AbortController()
    const config = { ...(await controllerConfig(api)), replicaName }
    const ended = runKubernetes(config, createLogger(config.log), stop.signal)
    admins.push(config.admin.port)
    ends.push(async () => {
      stop.abort()
      await ended
    })
  }
  await eventually(async () => expect(await isAccepted(api, 'kept')).toBe(true), 30_000)
}, 120_000)

afterAll(async () => {
  for (const end of ends) await end()
  await api.stop()
})

describe('a backup that is restored', () => {
  it('is what every replica counts with, and what comes afterwards is seen', async () => {
    const restore = await api.backUp()
    await createRoute(api, 'lost')
    await eventually(async () => expect(await isAccepted(api, 'lost')).toBe(true), 30_000)
    // What is restored is behind what everybody has seen, however much is written while it starts.
    for (let at = 0; at < 300; at++) await create(api.admin, CONFIG_MAPS, { metadata: { name: `written-${at}` } })
    await restore()
    await everybodyCounts(['kept'])
    await createRoute(api, 'new')
    await eventually(async () => expect(await isAccepted(api, 'new')).toBe(true), 30_000)
    await everybodyCounts(['kept', 'new'])
  }, 120_000)

  it('brings a Gateway back with the Envoys that it had', async () => {
    await createGateway(api, 'default', 'back')
    await eventually(async () => void (await read(`${DEPLOYMENTS}/headgate-back`)), 20_000)
    const restore = await api.backUp()
    const before = await uidOf(`${DEPLOYMENTS}/headgate-back`)
    await api.admin.json({ method: 'DELETE', path: `${GATEWAYS}/back` }, AbortSignal.timeout(5_000))
    await eventually(
      async () => expect(await api.admin.find(`${DEPLOYMENTS}/headgate-back`, AbortSignal.timeout(5_000))).toBeUndefined(),
      20_000,
    )
    await restore()
    await createRoute(api, 'seen')
    await eventually(async () => expect(await isAccepted(api, 'seen')).toBe(true), 30_000)
    await sleep(3_000)
    expect(await uidOf(`${DEPLOYMENTS}/headgate-back`)).toBe(before)
  }, 120_000)

  it('gets anew what was written since: statuses and Envoys', async () => {
    // Neither was in that backup, and replicas may have brought both back by the time that anybody can look.
    await restoreFirst()
    await eventually(async () => expect(await isAccepted(api, 'kept')).toBe(true), 30_000)
    await eventually(async () => void (await read(`${DEPLOYMENTS}/headgate-web`)), 20_000)
    await everybodyCounts(['kept'])
  }, 120_000)
})
