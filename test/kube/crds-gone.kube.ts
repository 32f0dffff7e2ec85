/** CRDs that somebody deletes under a running controller, and with them all objects of their kind, and installs again. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { JsonObject } from '../../src/k8s/kube-json.js'
import { runKubernetes } from '../../src/pipeline/kubernetes.js'
import { createLogger } from '../../src/telemetry/logger.js'
import { eventually } from '../support/eventually.js'
import { controllerConfig } from './support/controller-config.js'
import { createGateway, createGatewayClass } from './support/gateways.js'
import { installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'
import { type CreatedRoute, createRoute, isAccepted } from './support/routes.js'

const GROUP = 'gateway.networking.k8s.io'
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const ENVOYS = '/apis/apps/v1/namespaces/default/deployments/headgate-web'

let api: KubeApiServer
let end: () => Promise<void> = async () => {}

const find = (path: string): Promise<JsonObject | undefined> => api.admin.find(path, AbortSignal.timeout(10_000))
const accepts = (name: string, kind?: CreatedRoute): Promise<void> =>
  eventually(async () => expect(await isAccepted(api, name, kind)).toBe(true), 30_000)

/** Returns when the definition is gone, and what it defined. */
async function deleteCrd(plural: string): Promise<void> {
  const path = `${CRDS}/${plural}.${GROUP}`
  await api.admin.json({ method: 'DELETE', path }, AbortSignal.timeout(10_000))
  await eventually(async () => expect(await find(path)).toBeUndefined(), 20_000)
}

beforeAll(async () => {
  api = await startKubeApiServer()
  await installGatewayApi(api.admin, 'experimental')
  await createGatewayClass(api)
  await createGateway(api, 'default', 'web')
  const stop = new AbortController()
  const config = await controllerConfig(api)
  const ended = runKubernetes(config, createLogger(config.log), stop.signal)
  end = async () => {
    stop.abort()
    await ended
  }
  await createRoute(api, 'web')
  await accepts('web')
}, 120_000)

afterAll(async () => {
  await end()
  await api.stop()
})

describe('a CRD that is deleted and installed again', () => {
  it('takes its routes along, and no others; new ones are served as before', async () => {
    await deleteCrd('httproutes')
    await createRoute(api, 'calls', 'GRPCRoute')
    await accepts('calls', 'GRPCRoute')
    await installGatewayApi(api.admin, 'experimental', ['HTTPRoute'])
    await createRoute(api, 'web')
    await accepts('web')
  }, 90_000)

  it('takes the Envoys of its Gateways along, which a new Gateway of the same name gets anew', async () => {
    await eventually(async () => expect(await find(ENVOYS)).toBeDefined(), 20_000)
    await deleteCrd('gateways')
    await eventually(async () => expect(await find(ENVOYS)).toBeUndefined(), 20_000)
    await installGatewayApi(api.admin, 'experimental', ['Gateway'])
    await createGateway(api, 'default', 'web')
    await eventually(async () => expect(await find(ENVOYS)).toBeDefined(), 30_000)
    await createRoute(api, 'after')
    await accepts('after')
  }, 90_000)
})
