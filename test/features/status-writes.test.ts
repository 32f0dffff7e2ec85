/** What is written into statuses, condition by condition, and what is said before a proxy has answered. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import { brief, startTestStandalone } from '../support/standalone.js'
import { feature } from './feature.js'
import { gateway, httpRoute, to } from './manifests.js'
import { featureWorld, NOW, type StoredCondition } from './world.js'

const world = featureWorld(['a'])

const LATER = '2026-02-02T02:02:02Z'

/** Every field of the condition of a type, and that a second writing of the same leaves its time alone. */
function expectWritten(conditions: readonly StoredCondition[] | undefined, type: string, generation: number): void {
  expect(conditions?.find((each) => each.type === type)).toEqual({
    type,
    status: 'True',
    reason: type,
    message: expect.stringMatching(/\S/),
    observedGeneration: generation,
    lastTransitionTime: NOW,
  })
}

feature(
  [
    'Gateway status.conditions.{type,status,reason,message,observedGeneration,lastTransitionTime}',
    'Gateway status.listeners.conditions.{type,status,reason,message,observedGeneration,lastTransitionTime}',
    'Gateway status.listeners.{name,attachedRoutes,supportedKinds.group,supportedKinds.kind}',
    'Gateway condition Programmed',
    'Gateway reason Programmed',
    'Listener condition Programmed',
    'Listener reason Programmed',
    'Listener reason NoConflicts',
  ],
  'writes the conditions of a Gateway and of its listeners beside those of others',
  async () => {
    await world.write(httpRoute('r', `[{${to('a')}}]`))
    const { generation } = world.headgate.status('Gateway/default/gw').object
    const foreign = {
      type: 'example.com/Foreign',
      status: 'True',
      reason: 'Theirs',
      message: '',
      lastTransitionTime: LATER,
      observedGeneration: 1,
    }
    const stored = world.stored('Gateway/default/gw', { conditions: [foreign] })
    expect(stored.conditions).toContainEqual(foreign)
    for (const type of ['Accepted', 'Programmed', 'ResolvedRefs']) expectWritten(stored.conditions, type, generation)
    const [listener] = stored.listeners ?? []
    expect(listener).toMatchObject({
      name: 'http',
      attachedRoutes: 1,
      supportedKinds: ['HTTPRoute', 'GRPCRoute'].map((kind) => ({ group: 'gateway.networking.k8s.io', kind })),
    })
    for (const type of ['Accepted', 'Programmed', 'ResolvedRefs']) expectWritten(listener?.conditions, type, generation)
    expect(listener?.conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`)).toContain('Conflicted=False/NoConflicts')
    // A condition that still holds keeps the time since when it holds; one that changes gets a new one.
    const earlier = stored.conditions?.map((each) => ({
      ...each,
      lastTransitionTime: LATER,
      ...(each.type === 'Programmed' ? { status: 'False' } : {}),
    }))
    const times = world.stored('Gateway/default/gw', { ...stored, conditions: earlier }).conditions
    expect(times?.find(({ type }) => type === 'Accepted')?.lastTransitionTime).toBe(LATER)
    expect(times?.find(({ type }) => type === 'Programmed')?.lastTransitionTime).toBe(NOW)
  },
)

feature(
  [
    'HTTPRoute status.parents.conditions.{type,status,reason,message,observedGeneration,lastTransitionTime}',
    'HTTPRoute status.parents.controllerName',
  ],
  'writes the conditions of a route, of its present generation, beside the entries of other controllers',
  async () => {
    await world.write(httpRoute('r', `[{${to('a')}}]`))
    const before = world.headgate.status('HTTPRoute/default/r').object.generation
    await world.write(httpRoute('r', `[{name: other, ${to('a')}}]`))
    const { generation } = world.headgate.status('HTTPRoute/default/r').object
    expect(generation).toBeGreaterThan(before)
    const foreign = { controllerName: 'example.com/other', parentRef: { name: 'gw' }, conditions: [] }
    const parents = world.stored('HTTPRoute/default/r', { parents: [foreign] }).parents ?? []
    expect(parents).toContainEqual(foreign)
    const own = parents.find(({ controllerName }) => controllerName === CONTROLLER_NAME)
    for (const type of ['Accepted', 'ResolvedRefs']) expectWritten(own?.conditions, type, generation)
  },
)

feature(
  ['Gateway reason Pending', 'Listener reason Pending', 'Gateway condition Programmed', 'Listener condition Programmed'],
  'programs nothing as long as no proxy has come',
  async () => {
    const resources = await mkdtemp(join(tmpdir(), 'headgate-test-'))
    const gatewayClass = `{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: headgate}, spec: {controllerName: ${CONTROLLER_NAME}}}\n`
    await writeFile(join(resources, 'all.yaml'), [gatewayClass, gateway('gw')].join('---'))
    const lonely = await startTestStandalone({ resources, envoy: { kind: 'none' } })
    try {
      await lonely.running.controlPlane.pipeline.idle()
      const status = lonely.status('Gateway/default/gw')
      if (status.shape !== 'gateway') throw new Error('not the status of a Gateway')
      expect(brief(status.conditions).slice(0, 2)).toEqual(['Accepted=True/Accepted', 'Programmed=False/Pending'])
      const [listener] = status.listeners
      expect(brief(listener?.conditions ?? [])).toEqual(expect.arrayContaining(['Accepted=True/Accepted', 'Programmed=False/Pending']))
    } finally {
      await lonely.stop()
      await rm(resources, { recursive: true, force: true })
    }
    // With a proxy that has acknowledged it, the same Gateway is programmed.
    expect(world.conditions('Gateway/default/gw')).toContain('Programmed=True/Programmed')
    expect(world.listener('default/gw', 'http')).toContain('Programmed=True/Programmed')
  },
)
