import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { eventually } from '../../../test/support/eventually.js'
import { FakeClock } from '../../../test/support/fake-clock.js'
import { FakeKubeApi } from '../../../test/support/fake-kube-api.js'
import { KubeClient } from '../../k8s/kube-client.js'
import { silentLog } from '../../k8s/log.js'
import { ClassClaims } from './class-claims.js'

const CLASSES = '/apis/gateway.networking.k8s.io/v1/gatewayclasses'

let api: FakeKubeApi
let client: KubeClient
let clock: FakeClock
let stop: AbortController
let running: Promise<void>
let leads: boolean

const claimed = (installation: string, controllerName = 'example.com/ours'): void => {
  const annotations = { 'headgate.dev/installation': installation }
  api.put(CLASSES, { metadata: { name: 'web', namespace: '', annotations }, spec: { controllerName } })
}

beforeEach(async () => {
  api = new FakeKubeApi()
  await api.listen()
  client = new KubeClient(api.credentials, 'test')
  clock = new FakeClock()
  stop = new AbortController()
  leads = false
})

afterEach(async () => {
  stop.abort()
  await running
  client.close()
  await api.close()
})

it('leads when the class that another installation has is made anew for another controller', async () => {
  claimed('other/headgate')
  // The other one answers each time.
  api.plan({ status: 409, reason: 'Conflict' }, ({ method }) => method === 'PATCH', Number.POSITIVE_INFINITY)
  const claims = new ClassClaims({
    ...{ client, clock, log: silentLog, controllerName: 'example.com/ours', installation: 'mine/headgate', onRival: () => undefined },
  })
  const lead = async (signal: AbortSignal): Promise<void> => {
    leads = true
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  running = claims.lead(lead, stop.signal)
  await eventually(() => expect(claims.rival).toBe('other/headgate'))
  claimed('other/headgate', 'example.com/another')
  await eventually(async () => {
    await clock.advance(10_000)
    expect(leads).toBe(true)
  })
})
