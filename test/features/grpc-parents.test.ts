/** Parents of GRPCRoutes, and what their status says of each. */
import { expect } from '@jest/globals'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import { nextStatus } from '../../src/status/next-status.js'
import { feature } from './feature.js'
import { type Call, grpcRoute, grpcWorld } from './grpc-world.js'
import { gateway, namespace, to } from './manifests.js'

const ALL = 'allowedRoutes: {namespaces: {from: All}}'
const GROUP = 'gateway.networking.k8s.io'
const UNIMPLEMENTED = 12

const BASE = [
  `${gateway('gw', `[{name: one, port: 80, protocol: HTTP, ${ALL}}, {name: two, port: 81, protocol: HTTP, ${ALL}}]`)}  allowedListeners: {namespaces: {from: Same}}`,
  `
apiVersion: ${GROUP}/v1
kind: ListenerSet
metadata: {name: set}
spec: {parentRef: {name: gw}, listeners: [{name: three, port: 82, protocol: HTTP}]}
`,
  namespace('infra'),
  gateway('gw', `[{name: one, port: 80, protocol: HTTP, ${ALL}}]`).replace('name: gw', 'name: gw, namespace: infra'),
  `${gateway('open')}  defaultScope: All\n`,
].join('\n---\n')

const world = grpcWorld(['a'], BASE)

/** Every place where a call could arrive. */
const PLACES: readonly Call[] = [
  { port: 80 },
  { port: 81 },
  { port: 82 },
  { gateway: 'infra/gw', port: 80 },
  { gateway: 'default/open', port: 80 },
]

/** Where `a` answers, as `gateway:port`. */
async function served(): Promise<readonly string[]> {
  const found: string[] = []
  for (const place of PLACES) {
    const answer = await world.grpcAnswerer(place)
    expect([place, answer === 'a' || answer === UNIMPLEMENTED]).toEqual([place, true])
    if (answer === 'a') found.push(`${place.gateway ?? 'default/gw'}:${place.port}`)
  }
  return found
}

function parents(name = 'r') {
  const status = world.headgate.status(`GRPCRoute/default/${name}`)
  if (status.shape !== 'route') throw new Error(`a status of the shape ${status.shape}`)
  return status.parents
}

feature(
  [
    'GRPCRoute spec.parentRefs.{group,kind,name,namespace,sectionName,port}',
    'GRPCRoute status.parents.parentRef.{group,kind,name,namespace,sectionName,port}',
  ],
  'serves where its parentRef says, and repeats the parentRef in the status',
  async () => {
    const gw = { group: GROUP, kind: 'Gateway', name: 'gw' }
    const rows: readonly (readonly [parentRef: string, repeated: object, places: readonly string[]])[] = [
      ['{name: gw}', gw, ['default/gw:80', 'default/gw:81']],
      [`{group: ${GROUP}, kind: Gateway, name: gw, sectionName: two}`, { ...gw, sectionName: 'two' }, ['default/gw:81']],
      ['{name: gw, port: 80}', { ...gw, port: 80 }, ['default/gw:80']],
      ['{name: gw, namespace: infra}', { ...gw, namespace: 'infra' }, ['infra/gw:80']],
      ['{kind: ListenerSet, name: set}', { group: GROUP, kind: 'ListenerSet', name: 'set' }, ['default/gw:82']],
    ]
    for (const [parentRef, repeated, places] of rows) {
      await world.write(grpcRoute('r', `[{${to('a')}}]`, `parentRefs: [${parentRef}]`))
      expect([parentRef, await served()]).toEqual([parentRef, places])
      expect(parents().map((parent) => parent.parentRef)).toEqual([repeated])
      expect(world.conditions('GRPCRoute/default/r')).toContain('Accepted=True/Accepted')
    }
    for (const parentRef of ['{name: gw, sectionName: nine}', '{name: gw, port: 83}', '{name: gw, sectionName: one, port: 81}']) {
      await world.write(grpcRoute('r', `[{${to('a')}}]`, `parentRefs: [${parentRef}]`))
      expect([parentRef, await served()]).toEqual([parentRef, []])
      expect(world.conditions('GRPCRoute/default/r')).toContain('Accepted=False/NoMatchingParent')
    }
    // A parent of another group is somebody else's: not served, and not a word about it.
    await world.write(grpcRoute('r', `[{${to('a')}}]`, 'parentRefs: [{group: example.com, name: gw}, {name: gw, sectionName: two}]'))
    expect(await served()).toEqual(['default/gw:81'])
    expect(parents().map((parent) => parent.parentRef)).toEqual([{ ...gw, sectionName: 'two' }])
  },
)

feature(
  ['GRPCRoute spec.useDefaultGateways', 'Gateway spec.defaultScope'],
  'serves on Gateways with the default scope when it asks for them, besides those that it names',
  async () => {
    await world.write(grpcRoute('r', `[{${to('a')}}]`, 'useDefaultGateways: All'))
    expect(await served()).toEqual(['default/open:80'])
    expect(parents().map(({ parentRef }) => `${parentRef.namespace}/${parentRef.name}`)).toEqual(['default/open'])
    await world.write(grpcRoute('r', `[{${to('a')}}]`, 'parentRefs: [{name: gw, sectionName: two}]\n  useDefaultGateways: All'))
    expect(await served()).toEqual(['default/gw:81', 'default/open:80'])
    await world.write(grpcRoute('r', `[{${to('a')}}]`, 'parentRefs: [{name: gw, sectionName: two}]'))
    expect(await served()).toEqual(['default/gw:81'])
  },
)

feature(
  [
    'GRPCRoute status.parents.{controllerName,conditions.type,conditions.status,conditions.reason,conditions.message,conditions.observedGeneration,conditions.lastTransitionTime}',
  ],
  'is told of each parent with our name, the generation that is served, and since when it has been so',
  async () => {
    const write = (sectionName: string, backend: string) =>
      world.write(grpcRoute('r', `[{${to(backend)}}]`, `parentRefs: [{name: gw, sectionName: ${sectionName}}]`))
    const written = (stored: Parameters<typeof nextStatus>[0], now: string) => {
      const next = nextStatus(stored, world.headgate.status('GRPCRoute/default/r'), CONTROLLER_NAME, now)
      if (next === undefined) throw new Error('nothing to write')
      return next.merged
    }
    await write('one', 'a')
    expect(await served()).toEqual(['default/gw:80'])
    const { generation } = world.headgate.status('GRPCRoute/default/r').object
    const first = written({}, '2026-01-01T00:00:00Z')
    const condition = (type: string, reason: string, at = generation, status = 'True', since = '2026-01-01T00:00:00Z') =>
      expect.objectContaining({
        type,
        status,
        reason,
        observedGeneration: at,
        lastTransitionTime: since,
        message: expect.stringMatching(/\w\.$/),
      })
    expect(first).toEqual({
      parents: [
        {
          parentRef: { group: GROUP, kind: 'Gateway', name: 'gw', sectionName: 'one' },
          controllerName: CONTROLLER_NAME,
          conditions: [
            condition('Accepted', 'Accepted'),
            condition('ResolvedRefs', 'ResolvedRefs'),
            condition('headgate.dev/Delivered', 'Delivered'),
          ],
        },
      ],
    })
    await write('one', 'missing')
    expect(written(first, '2026-01-02T00:00:00Z')).toMatchObject({
      parents: [
        {
          conditions: [
            condition('Accepted', 'Accepted', generation + 1),
            condition('ResolvedRefs', 'BackendNotFound', generation + 1, 'False', '2026-01-02T00:00:00Z'),
            condition('headgate.dev/Delivered', 'Delivered', generation + 1),
          ],
        },
      ],
    })
  },
)
