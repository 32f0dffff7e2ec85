import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { eventually } from '../../test/support/eventually.js'
import { FakeClock } from '../../test/support/fake-clock.js'
import { FakeKubeApi } from '../../test/support/fake-kube-api.js'
import { type EventNote, EventRecorder } from './events.js'
import { KubeClient } from './kube-client.js'
import { silentLog } from './log.js'

const EVENTS = '/apis/events.k8s.io/v1/events'
const note = (text: string, name = 'web'): EventNote => ({
  regarding: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    namespace: 'shop',
    name,
    uid: 'u',
  },
  type: 'Warning',
  reason: 'Rejected',
  action: 'Deliver',
  note: text,
})

describe('EventRecorder', () => {
  let api: FakeKubeApi
  let clock: FakeClock
  let recorder: EventRecorder
  let stop: AbortController
  let running: Promise<void>
  let client: KubeClient

  beforeEach(async () => {
    api = new FakeKubeApi()
    await api.listen()
    clock = new FakeClock()
    client = new KubeClient(api.credentials, 'test')
    recorder = new EventRecorder({ client, clock, log: silentLog, controller: 'headgate.dev/gateway-controller', instance: 'pod-1' })
    stop = new AbortController()
    running = recorder.start(stop.signal)
  })

  afterEach(async () => {
    stop.abort()
    await running
    client.close()
    await api.close()
  })

  it('writes an Event on the object', async () => {
    recorder.record(note('Envoy says no'))
    await eventually(() => expect(api.list(EVENTS)).toHaveLength(1))
    expect(api.list(EVENTS)[0]).toMatchObject({
      metadata: { namespace: 'shop' },
      reason: 'Rejected',
      note: 'Envoy says no',
      regarding: { kind: 'Gateway', name: 'web', uid: 'u' },
      eventTime: '2026-01-01T00:00:00.000000Z',
    })
  })

  it('counts a repetition instead of writing it again', async () => {
    for (let i = 0; i < 4; i++) recorder.record(note('same'))
    await eventually(() => expect(api.list(EVENTS)[0]?.series).toMatchObject({ count: 4 }))
    expect(api.list(EVENTS)).toHaveLength(1)
  })

  it('writes at most 25 about one object at once, and others all the same', async () => {
    for (let i = 0; i < 40; i++) recorder.record(note(`note ${i}`))
    recorder.record(note('another object', 'api'))
    await eventually(() => expect(api.list(EVENTS)).toHaveLength(26))
    expect(recorder.dropped).toBe(15)
    clock.nowMs += 300_000
    recorder.record(note('one more after five minutes'))
    await eventually(() => expect(api.list(EVENTS)).toHaveLength(27))
  })

  it('goes on after the server refused one', async () => {
    api.plan({ status: 500 }, (request) => request.method === 'POST')
    recorder.record(note('lost'))
    recorder.record(note('written'))
    await eventually(() => expect(api.list(EVENTS)[0]?.note).toBe('written'))
  })

  it('shortens notes that the server would refuse', async () => {
    recorder.record(note('x'.repeat(5_000)))
    await eventually(() => expect(Buffer.byteLength(String(api.list(EVENTS)[0]?.note))).toBe(1_024))
  })
})
