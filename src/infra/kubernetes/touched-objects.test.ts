import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { eventually } from '../../../test/support/eventually.js'
import { FakeClock } from '../../../test/support/fake-clock.js'
import { FakeKubeApi, type SeenRequest } from '../../../test/support/fake-kube-api.js'
import { gatewayVersion, ownFleet, sharedFleet, sharedService, tcpPort } from '../../../test/support/gateway-infra.js'
import { provisionerOptions } from '../../../test/support/provisioner-options.js'
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import { KubeClient } from '../../k8s/kube-client.js'
import { fieldAt, listAt, type RawObject } from '../../k8s/kube-json.js'
import { Provisioner } from './provisioner.js'

const SERVICES = '/api/v1/services'
const DEPLOYMENTS = '/apis/apps/v1/deployments'

let api: FakeKubeApi
let client: KubeClient
let clock: FakeClock
let stop: AbortController
let running: Promise<void>[]
let told: (readonly [gateway: string, now: GatewayAddresses | undefined])[]
let provisioner: Provisioner

const object = (collection: string): RawObject => {
  const found = api.get(collection, 'shop', 'headgate-web')
  if (found === undefined) throw new Error(`nothing is made in ${collection}`)
  return found
}
const lastTold = (gateway: string): GatewayAddresses | undefined => told.findLast(([key]) => key === gateway)?.[1]

beforeEach(async () => {
  api = new FakeKubeApi()
  await api.listen()
  client = new KubeClient(api.credentials, 'test')
  clock = new FakeClock()
  stop = new AbortController()
  told = []
  const onAddresses = (gateway: string, now: GatewayAddresses | undefined): void => void told.push([gateway, now])
  provisioner = new Provisioner(provisionerOptions(client, clock, { uidOf: () => 'uid-1', onAddresses }))
  running = [provisioner.observe(stop.signal), provisioner.lead(stop.signal)]
  provisioner.set(new Map([['shop/web', ownFleet()]]))
  await eventually(() => void object(DEPLOYMENTS))
})

afterEach(async () => {
  stop.abort()
  await Promise.all(running)
  client.close()
  await api.close()
})

it('are brought back at once after changes that were none of ours, as an autoscaler makes them all day', async () => {
  for (let replicas = 2; replicas < 14; replicas++) {
    const { length } = api.requests
    const { spec, ...rest } = object(DEPLOYMENTS)
    api.put(DEPLOYMENTS, { ...rest, spec: { ...(spec as object), replicas } })
    await clock.advance(1_000)
    await eventually(() => expect(api.requests.length).toBeGreaterThan(length))
  }
  api.remove(DEPLOYMENTS, 'shop', 'headgate-web')
  await eventually(async () => {
    await clock.advance(100)
    object(DEPLOYMENTS)
  })
  expect(clock.nowMs).toBeLessThan(15_000)
})

it('get their owner back where somebody has taken it from them, and keep their addresses', async () => {
  const service = api.put(SERVICES, { ...object(SERVICES), status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } })
  await eventually(() => expect(lastTold('shop/web')?.assigned).toHaveLength(1))
  const { length } = told
  const { ownerReferences: _owner, ...metadata } = service.metadata
  api.put(SERVICES, { ...service, metadata })
  await eventually(() => expect(listAt(object(SERVICES), 'metadata', 'ownerReferences')).toHaveLength(1))
  expect(api.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
  expect(told).toHaveLength(length)
})

it('are all made but the Service that the cluster refuses, and its Gateway alone is told', async () => {
  const [web, other] = [gatewayVersion('shop', 'web'), gatewayVersion('team', 'api')]
  const own = (gateway: typeof web, boundPort: number) => sharedService([gateway], [tcpPort(80, boundPort)], gateway)
  const message = 'exceeded quota: services'
  const isService = ({ method, path }: SeenRequest): boolean => method === 'PATCH' && path.includes('/system/services/')
  const made = (): readonly unknown[] =>
    api
      .list(SERVICES)
      .filter(({ metadata }) => metadata.namespace === 'system')
      .map(({ metadata }) => fieldAt(metadata, 'labels', 'gateway.networking.k8s.io/gateway-name'))
  api.plan({ status: 403, reason: 'Forbidden', message }, isService)
  provisioner.set(
    new Map([
      ['shop/web', undefined],
      ['GatewayClass/headgate', sharedFleet([own(web, 20_001), own(other, 20_002)])],
    ]),
  )
  await eventually(() => expect(api.get(DEPLOYMENTS, 'system', 'headgateclass-headgate')).toBeDefined())
  expect(made()).toEqual(['api'])
  await eventually(() => expect(lastTold('shop/web')?.problem?.message).toMatch(message))
  expect(lastTold('team/api')?.problem?.reason).toBe('AddressNotAssigned')
  await clock.advance(1_000)
  await eventually(() => expect(made()).toHaveLength(2))
  await eventually(() => expect(lastTold('shop/web')?.problem?.reason).toBe('AddressNotAssigned'))
})
