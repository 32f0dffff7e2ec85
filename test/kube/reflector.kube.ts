import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { systemClock } from '../../src/k8s/clock.js'
import { EventRecorder } from '../../src/k8s/events.js'
import { fieldAt, type JsonObject, listAt, type RawObject, stringAt } from '../../src/k8s/kube-json.js'
import { LeaseElector } from '../../src/k8s/lease-elector.js'
import { silentLog } from '../../src/k8s/log.js'
import { Reflector } from '../../src/k8s/reflector.js'
import type { ReflectorState } from '../../src/k8s/reflector-state.js'
import { eventually } from '../support/eventually.js'
import { create, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const resource = { group: '', version: 'v1', plural: 'configmaps' }

describe('against a real API server', () => {
  let api: KubeApiServer

  beforeAll(async () => {
    api = await startKubeApiServer()
  })

  afterAll(async () => {
    await api.stop()
  })

  it.each([
    { how: 'as a stream', isStreamed: true, namespace: 'streamed' },
    { how: 'in pages', isStreamed: false, namespace: 'paged' },
  ])('a reflector lists $how, follows, and comes back after the server restarted and forgot', async ({ isStreamed, namespace }) => {
    await create(api.admin, '/api/v1/namespaces', { metadata: { name: namespace } })
    const path = `/api/v1/namespaces/${namespace}/configmaps`
    await Promise.all(Array.from({ length: 620 }, (_, i) => create(api.admin, path, { metadata: { name: `c${i}` } })))
    const seen = new Map<string, RawObject>()
    const states: ReflectorState[] = []
    const stop = new AbortController()
    const client = api.client('admin')
    if (!isStreamed) client.streamedLists.refused()
    let pages = 0
    const json = client.json.bind(client)
    client.json = (...args) => {
      pages++
      return json(...args)
    }
    const reflector = new Reflector({
      client,
      clock: systemClock,
      log: silentLog,
      resource,
      namespace,
      onChanges: (changed, removed) => {
        for (const object of changed) seen.set(object.metadata.name, object)
        for (const key of removed) seen.delete(key.slice(namespace.length + 1))
      },
      onState: (state) => states.push(state),
    })
    const running = reflector.start(stop.signal)
    await reflector.listed
    expect(seen.size).toBe(620)
    expect(pages).toBe(isStreamed ? 0 : 3)
    expect(client.streamedLists.mayBeOffered).toBe(isStreamed)
    expect(seen.get('c1')?.metadata).not.toHaveProperty('managedFields')
    await eventually(() => expect(reflector.state.kind).toBe('watching'))
    await create(api.admin, path, { metadata: { name: 'late' } })
    await eventually(() => expect(seen.has('late')).toBe(true))
    await api.admin.json({ method: 'DELETE', path: `${path}/c0` }, AbortSignal.timeout(5_000))
    await eventually(() => expect(seen.has('c0')).toBe(false))

    await api.restart()
    await api.admin.json({ method: 'DELETE', path: `${path}/c1` }, AbortSignal.timeout(5_000))
    await eventually(() => expect(seen.has('c1')).toBe(false), 40_000)
    expect(states.some((state) => state.kind === 'waiting')).toBe(true)
    stop.abort()
    await running
  })

  it('a reflector lists what nobody has read before, and does not wait until the server has', async () => {
    const name = 'gadgets.reading.test'
    await create(api.admin, CRDS, {
      metadata: { name },
      spec: {
        group: 'reading.test',
        scope: 'Namespaced',
        names: { plural: 'gadgets', kind: 'Gadget' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    })
    const isEstablished = async (): Promise<boolean> =>
      listAt(await api.admin.json({ path: `${CRDS}/${name}` }, AbortSignal.timeout(5_000)), 'status', 'conditions').some(
        (each) => stringAt(each, 'type') === 'Established' && stringAt(each, 'status') === 'True',
      )
    await eventually(async () => expect(await isEstablished()).toBe(true))
    const waits: ReflectorState[] = []
    const stop = new AbortController()
    const reflector = new Reflector({
      client: api.client('admin'),
      clock: systemClock,
      log: silentLog,
      resource: { group: 'reading.test', version: 'v1', plural: 'gadgets' },
      onChanges: () => undefined,
      onState: (state) => {
        if (state.kind === 'waiting') waits.push(state)
      },
    })
    const running = reflector.start(stop.signal)
    await reflector.listed
    expect(waits).toEqual([])
    stop.abort()
    await running
  })

  it('two replicas elect one leader, and the second follows the first', async () => {
    const stops = [new AbortController(), new AbortController()]
    const electors = stops.map((_, i) => {
      const lead = (signal: AbortSignal): Promise<void> =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      const times = { durationMs: 3_000, renewDeadlineMs: 2_000, retryMs: 200 }
      const identity = `replica-${i}`
      return new LeaseElector({
        client: api.client('admin'),
        clock: systemClock,
        log: silentLog,
        namespace: 'default',
        name: 'headgate',
        identity,
        lead,
        times,
      })
    })
    const running = electors.map((elector, i) => elector.start(stops[i]?.signal ?? AbortSignal.abort()))
    await eventually(() => expect(electors.filter(({ isLeader }) => isLeader)).toHaveLength(1))
    const first = electors.findIndex(({ isLeader }) => isLeader)
    stops[first]?.abort()
    await running[first]
    await eventually(() => expect(electors[1 - first]?.isLeader).toBe(true))
    for (const stop of stops) stop.abort()
    await Promise.all(running)
  })

  const eventRecorder = (): EventRecorder =>
    new EventRecorder({
      client: api.admin,
      clock: systemClock,
      log: silentLog,
      controller: 'headgate.dev/gateway-controller',
      instance: 'pod-1',
    })

  it('Events are accepted, counted and shown on their object', async () => {
    const stop = new AbortController()
    const recorder = eventRecorder()
    const running = recorder.start(stop.signal)
    const regarding = { apiVersion: 'v1', group: '', kind: 'ConfigMap', namespace: 'default', name: 'c5' }
    for (let i = 0; i < 3; i++)
      recorder.record({ regarding, type: 'Warning', reason: 'Rejected', action: 'Deliver', note: 'no such thing' })
    await eventually(async () => {
      const { items } = await api.admin.json({ path: '/apis/events.k8s.io/v1/namespaces/default/events' }, stop.signal)
      const ours = (items as readonly JsonObject[]).filter((each) => fieldAt(each, 'regarding', 'kind') === 'ConfigMap')
      expect(ours).toEqual([
        expect.objectContaining({ reason: 'Rejected', note: 'no such thing', series: expect.objectContaining({ count: 3 }) }),
      ])
    })
    stop.abort()
    await running
  })

  it.each([
    { what: 'long', name: 'long', text: 'x'.repeat(5_000) },
    { what: 'long, in letters of two bytes', name: 'bytes', text: 'é'.repeat(1_000) },
    { what: 'about an object with a long name', name: `${'a'.repeat(199)}-${'b'.repeat(50)}`, text: 'short' },
  ])('a note that is $what is accepted', async ({ name, text }) => {
    const stop = new AbortController()
    const recorder = eventRecorder()
    const running = recorder.start(stop.signal)
    const regarding = { apiVersion: 'v1', group: '', kind: 'ConfigMap', namespace: 'default', name }
    recorder.record({ regarding, type: 'Warning', reason: 'Rejected', action: 'Deliver', note: text })
    await eventually(async () => {
      const { items } = await api.admin.json({ path: '/apis/events.k8s.io/v1/namespaces/default/events' }, stop.signal)
      const ours = (items as readonly JsonObject[]).filter((each) => fieldAt(each, 'regarding', 'name') === name)
      expect(ours.map(({ note }) => String(note).slice(0, 5))).toEqual([text.slice(0, 5)])
    })
    stop.abort()
    await running
  })
})
