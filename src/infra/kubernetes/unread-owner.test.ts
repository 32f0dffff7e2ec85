import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { eventually } from '../../../test/support/eventually.js'
import { FakeClock } from '../../../test/support/fake-clock.js'
import { FakeKubeApi } from '../../../test/support/fake-kube-api.js'
import { ownFleet } from '../../../test/support/gateway-infra.js'
import { provisionerOptions } from '../../../test/support/provisioner-options.js'
import { KubeClient } from '../../k8s/kube-client.js'
import { Provisioner } from './provisioner.js'

const DEPLOYMENTS = '/apis/apps/v1/deployments'

let api: FakeKubeApi
let client: KubeClient
let clock: FakeClock
let stop: AbortController
let running: Promise<void>[]
let isRead: boolean
let asked: number
let provisioner: Provisioner

beforeEach(async () => {
  api = new FakeKubeApi()
  await api.listen()
  client = new KubeClient(api.credentials, 'test')
  clock = new FakeClock()
  stop = new AbortController()
  isRead = true
  asked = 0
  const knowsOwners = async (): Promise<boolean> => {
    asked++
    return isRead
  }
  provisioner = new Provisioner(provisionerOptions(client, clock, { uidOf: () => 'uid-1', onAddresses: () => undefined, knowsOwners }))
  running = [provisioner.observe(stop.signal), provisioner.lead(stop.signal)]
  provisioner.set(new Map([['shop/web', ownFleet({})]]))
  await eventually(() => expect(api.get(DEPLOYMENTS, 'shop', 'headgate-web')).toBeDefined())
})

afterEach(async () => {
  stop.abort()
  await Promise.all(running)
  client.close()
  await api.close()
})

it('leaves the Envoys of a Gateway that is not there while it may not have been read, and has them go when all was', async () => {
  isRead = false
  provisioner.set(new Map([['shop/web', undefined]]))
  await eventually(async () => {
    await clock.advance(1_000)
    expect(asked).toBeGreaterThan(2)
  })
  expect(api.get(DEPLOYMENTS, 'shop', 'headgate-web')).toBeDefined()
  isRead = true
  await eventually(async () => {
    await clock.advance(1_000)
    expect(api.get(DEPLOYMENTS, 'shop', 'headgate-web')).toBeUndefined()
  })
})

it('leaves them for good when the Gateway is there after all', async () => {
  isRead = false
  provisioner.set(new Map([['shop/web', undefined]]))
  await eventually(() => expect(asked).toBeGreaterThan(0))
  provisioner.set(new Map([['shop/web', ownFleet({})]]))
  isRead = true
  await clock.advance(3_000)
  expect(api.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
})
