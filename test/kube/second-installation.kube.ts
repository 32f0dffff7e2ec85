/** Two installations that have the same controllerName, as a second release without Helm's look into the cluster makes them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fieldAt, type JsonObject, listAt, stringAt } from '../../src/k8s/kube-json.js'
import { runKubernetes } from '../../src/pipeline/kubernetes.js'
import { createLogger } from '../../src/telemetry/logger.js'
import { eventually } from '../support/eventually.js'
import { controllerConfig } from './support/controller-config.js'
import { createGateway, createGatewayClass } from './support/gateways.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const GROUP = 'gateway.networking.k8s.io'
const API = `/apis/${GROUP}/v1`

interface Installation {
  readonly problems: () => Promise<string>
  readonly stop: () => Promise<void>
}

describe('a second installation', () => {
  let api: KubeApiServer
  const running: Installation[] = []

  const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(10_000))
  const install = async (namespace: string): Promise<Installation> => {
    await create(api.admin, '/api/v1/namespaces', { metadata: { name: namespace } })
    const config = { ...(await controllerConfig(api)), namespace, replicaName: namespace }
    const stop = new AbortController()
    const ended = runKubernetes(config, createLogger(config.log), stop.signal)
    const installed = {
      problems: async () => JSON.stringify(await (await fetch(`http://127.0.0.1:${config.admin.port}/status`)).json()),
      stop: async () => {
        stop.abort()
        await ended
      },
    }
    running.push(installed)
    return installed
  }
  const gateway = (name: string): Promise<JsonObject> => createGateway(api, 'default', name)
  const deployment = (name: string): Promise<JsonObject> => read(`/apis/apps/v1/namespaces/default/deployments/headgate-${name}`)
  const bootstrap = async (name: string): Promise<string> =>
    stringAt(await read(`/api/v1/namespaces/default/configmaps/headgate-${name}`), 'data', 'bootstrap.json')

  beforeAll(async () => {
    api = await startKubeApiServer()
    await installGatewayApi(api.admin, 'experimental')
    await createGatewayClass(api)
  }, 120_000)

  afterAll(async () => {
    for (const each of running) await each.stop()
    await api.stop()
  })

  it('stands aside, says so, leaves the Envoys alone, and takes over when the first one is gone', async () => {
    const first = await install('one')
    await gateway('web')
    await eventually(() => deployment('web').then(() => undefined))
    expect(await bootstrap('web')).toContain('headgate.one.svc')
    const generation = fieldAt(await deployment('web'), 'metadata', 'generation')

    const second = await install('two')
    await eventually(async () => expect(await second.problems()).toContain('one/headgate has the same controllerName'), 60_000)
    const { items } = (await read('/apis/events.k8s.io/v1/namespaces/default/events')) as { items: readonly JsonObject[] }
    const told = items.filter((each) => stringAt(each, 'reason') === 'SecondInstallation')
    expect(stringAt(told[0], 'regarding', 'name')).toBe('headgate')
    expect(stringAt(told[0], 'note')).toMatch(/one\/headgate serves this class\. two\/headgate .* stands aside/)
    expect(fieldAt(await deployment('web'), 'metadata', 'generation')).toBe(generation)
    // The first goes on.
    expect(await first.problems()).not.toContain('the same controllerName')
    await gateway('other')
    await eventually(() => deployment('other').then(() => undefined))
    expect(await bootstrap('other')).toContain('headgate.one.svc')

    await first.stop()
    running.splice(running.indexOf(first), 1)
    await eventually(async () => expect(await bootstrap('web')).toContain('headgate.two.svc'), 200_000)
    const annotations = fieldAt(await read(`${API}/gatewayclasses/headgate`), 'metadata', 'annotations')
    expect(annotations).toMatchObject({ 'headgate.dev/installation': 'two/headgate' })
    expect(listAt(await deployment('web'), 'spec', 'template', 'spec', 'containers')).toHaveLength(1)
  }, 300_000)
})
