/** What is made for Gateways, and somebody else of the cluster touches or refuses: what that costs, and whom. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { GatewayAddresses } from '../../src/gatewayapi/inputs.js'
import { Provisioner } from '../../src/infra/kubernetes/provisioner.js'
import type { InfraService } from '../../src/ir/infra.js'
import { systemClock } from '../../src/k8s/clock.js'
import { CONTENT_TYPE } from '../../src/k8s/kube-client.js'
import { fieldAt, type JsonObject, listAt } from '../../src/k8s/kube-json.js'
import { objectKey } from '../../src/util/object-ref.js'
import { eventually } from '../support/eventually.js'
import { gatewayVersion, ownFleet, sharedFleet, sharedService, tcpPort } from '../support/gateway-infra.js'
import { provisionerOptions } from '../support/provisioner-options.js'
import { create, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const CLASS = 'GatewayClass/headgate'
const SERVICES = '/api/v1/namespaces/shop/services'
const SERVICE = `${SERVICES}/headgate-web`
const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments'
const DEPLOYMENT = `${DEPLOYMENTS}/headgate-web`

describe('what is made for Gateways', () => {
  let api: KubeApiServer
  let provisioner: Provisioner
  let running: Promise<void>[]
  const addresses = new Map<string, GatewayAddresses | undefined>()
  const stop = new AbortController()

  const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(5_000))
  const there = (path: string): Promise<JsonObject | undefined> => api.admin.find(path, AbortSignal.timeout(5_000))
  const uid = async (path: string): Promise<unknown> => fieldAt(await there(path), 'metadata', 'uid')
  const remove = (path: string): Promise<JsonObject> => api.admin.json({ method: 'DELETE', path }, AbortSignal.timeout(5_000))
  const patch = (path: string, body: JsonObject): Promise<JsonObject> =>
    api.admin.json({ method: 'PATCH', path, body, contentType: CONTENT_TYPE.mergePatch }, AbortSignal.timeout(5_000))

  beforeAll(async () => {
    api = await startKubeApiServer()
    for (const name of ['shop', 'system']) await create(api.admin, '/api/v1/namespaces', { metadata: { name } })
    provisioner = new Provisioner(
      provisionerOptions(api.client('admin'), systemClock, {
        uidOf: ({ kind }) => `uid-of-a-${kind}`,
        onAddresses: (gateway, now) => addresses.set(gateway, now),
      }),
    )
    running = [provisioner.observe(stop.signal), provisioner.lead(stop.signal)]
  })

  beforeEach(async () => {
    provisioner.set(new Map([['shop/web', ownFleet()]]))
    await eventually(async () => expect(await there(DEPLOYMENT)).toBeDefined())
  })

  afterAll(async () => {
    stop.abort()
    await Promise.all(running)
    await api.stop()
  })

  it('stays where somebody takes its owner from it, as restored backups and scripts do: its load balancer and its pods would go with it', async () => {
    for (const path of [SERVICE, DEPLOYMENT]) {
      const before = await uid(path)
      await patch(path, { metadata: { ownerReferences: null } })
      await eventually(async () => expect(listAt(await there(path), 'metadata', 'ownerReferences')).toHaveLength(1))
      expect(await uid(path)).toBe(before)
    }
  })

  it('is brought back at once when it is deleted, however often an autoscaler has changed its replicas before', async () => {
    for (let replicas = 2; replicas < 14; replicas++) {
      await patch(`${DEPLOYMENT}/scale`, { spec: { replicas } })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    // What the last changes had to wait for is over: what comes now waits anew.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await remove(DEPLOYMENT)
    await eventually(async () => expect(await there(DEPLOYMENT)).toBeDefined(), 2_500)
  })

  it('is made for the Gateways of a class although the cluster refuses the Service of one of them, which is told', async () => {
    const [greedy, modest] = [gatewayVersion('a', 'greedy'), gatewayVersion('b', 'modest')]
    const asked = { type: 'IPAddress', routability: 'Cluster', value: '192.0.2.1' } as const
    const refused: InfraService = {
      ...sharedService([greedy], [tcpPort(80, 20_001)], greedy),
      gateways: [{ key: objectKey('a', 'greedy'), addresses: [asked] }],
    }
    provisioner.set(new Map([[CLASS, sharedFleet([refused, sharedService([modest], [tcpPort(80, 20_002)], modest)])]]))
    await eventually(() => expect(addresses.get('a/greedy')?.problem).toMatchObject({ message: expect.stringContaining('clusterIP') }))
    await eventually(async () => expect(await there('/apis/apps/v1/namespaces/system/deployments/headgateclass-headgate')).toBeDefined())
    const { items } = await read('/api/v1/namespaces/system/services')
    expect(items).toEqual([
      expect.objectContaining({
        metadata: expect.objectContaining({
          labels: expect.objectContaining({ 'gateway.networking.k8s.io/gateway-name': 'modest' }),
        }),
      }),
    ])
    await eventually(() => expect(addresses.get('b/modest')?.problem?.reason).toBe('AddressNotAssigned'))
    provisioner.set(new Map([[CLASS, undefined]]))
  })
})
