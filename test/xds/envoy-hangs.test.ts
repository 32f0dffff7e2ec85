/** An Envoy that hangs, as one without a processor does, and reads at once what was sent meanwhile: it must find it in order. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { LOCAL_GROUP } from '../../src/infra/host/local-placements.js'
import { DEFAULT_BOUNDS } from '../../src/xds/server/bounds.js'
import { OF_ROUTES } from '../../src/xds/server/push-order.js'
import { backend, gateway, httpRoute, ref } from '../features/manifests.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'

const CLIENTS = 40
let headgate: Standalone
let backends: readonly TestBackend[]

beforeAll(async () => {
  backends = await Promise.all(['one', 'two', 'three'].map((name) => startBackend(name)))
  headgate = await startTestStandalone()
}, 30_000)

afterAll(async () => {
  await headgate?.stop()
  for (const each of backends ?? []) await each.close()
}, 30_000)

it('answers every request when it goes on, and counts as behind until then', async () => {
  const to = (each: TestBackend) =>
    [gateway('gw'), backend(each), httpRoute('r', `[{backendRefs: [{${ref(each.name)}}]}]`, 'parentRefs: [{name: gw}]')].join('---')
  const [first, ...others] = backends
  if (first === undefined) throw new Error('there are backends')
  await headgate.write('routes', to(first))
  const { server, snapshots } = headgate.running.controlPlane
  const state = headgate.running.localEnvoy()
  if (state?.kind !== 'running') throw new Error('an Envoy runs')
  const sentRoutes = (): number => OF_ROUTES.reduce((sum, typeUrl) => sum + (server.counters.responses.get(typeUrl) ?? 0), 0)
  for (const next of others) {
    process.kill(state.pid, 'SIGSTOP')
    try {
      const before = sentRoutes()
      await headgate.put('routes', to(next))
      await sleep(DEFAULT_BOUNDS.answerMs + DEFAULT_BOUNDS.warmMs + 500)
      // The new cluster was sent, and what is to be sent to it waits until the Envoy asks for its endpoints.
      expect(sentRoutes()).toBe(before)
      expect(server.tracker.acknowledgedRevision(LOCAL_GROUP)).toBeLessThan(snapshots.revision(LOCAL_GROUP))
    } finally {
      setTimeout(() => process.kill(state.pid, 'SIGCONT'), 300)
    }
    const until = performance.now() + 1_500
    const answers = new Set<number>()
    const ask = async (): Promise<void> => {
      while (performance.now() < until) answers.add((await headgate.send('default/gw', 80, { host: 'any.test' })).status)
    }
    await Promise.all(Array.from({ length: CLIENTS }, ask))
    expect([...answers]).toEqual([200])
    await headgate.settle()
    expect((await headgate.send('default/gw', 80, { host: 'any.test' })).headers['x-backend']).toBe(next.name)
  }
}, 60_000)
