/** What routes attach to: Gateways, listeners, ports, hosts, default Gateways; of HTTPRoutes. */
import { expect } from '@jest/globals'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import { feature } from './feature.js'
import { gateway, httpRoute, namespace, to } from './manifests.js'
import { featureWorld } from './world.js'

const LISTENERS =
  '[{name: one, port: 80, protocol: HTTP, hostname: one.example.com}, {name: two, port: 80, protocol: HTTP, hostname: "*.two.example.com"}, {name: three, port: 8800, protocol: HTTP}]'

const world = featureWorld(['a'], () => {
  const far = gateway('far', '[{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]')
  return [gateway('gw', LISTENERS), far.replace('{name: far}', '{name: far, namespace: far}'), namespace('far')].join('---')
})

/** Which listeners have a route for their hosts. */
async function reached(): Promise<readonly string[]> {
  const places = { one: ['one.example.com', 80], two: ['x.two.example.com', 80], three: ['three.example.com', 8800] } as const
  const found = await Promise.all(
    Object.entries(places).map(async ([name, [host, port]]) => ((await isServed({ host, port })) ? [name] : [])),
  )
  return found.flat()
}

async function isServed(question: { readonly host: string; readonly port?: number; readonly gateway?: string }): Promise<boolean> {
  return (await world.answerer(question)) === 'a'
}

const RULES = `[{${to('a')}}]`
const parent = (fields: string, more = '') => `parentRefs: [{${fields}}]${more}`

feature(
  [
    'HTTPRoute spec.parentRefs.{group,kind,name,sectionName,port}',
    'Route condition Accepted',
    'Route reason Accepted',
    'Route reason NoMatchingParent',
  ],
  'attaches to the listeners of the Gateway that the name, the section and the port select',
  async () => {
    const rows: readonly (readonly [parent: string, reached: readonly string[], accepted: string])[] = [
      ['name: gw', ['one', 'two', 'three'], 'True/Accepted'],
      ['group: gateway.networking.k8s.io, kind: Gateway, name: gw', ['one', 'two', 'three'], 'True/Accepted'],
      ['name: gw, sectionName: two', ['two'], 'True/Accepted'],
      ['name: gw, port: 80', ['one', 'two'], 'True/Accepted'],
      ['name: gw, port: 80, sectionName: one', ['one'], 'True/Accepted'],
      ['name: gw, port: 8800, sectionName: one', [], 'False/NoMatchingParent'],
      ['name: gw, sectionName: none', [], 'False/NoMatchingParent'],
      ['name: gw, port: 1', [], 'False/NoMatchingParent'],
    ]
    for (const [fields, wanted, accepted] of rows) {
      await world.write(httpRoute('r', RULES, parent(fields)))
      expect([fields, world.conditions(`HTTPRoute/default/r`)[0]]).toEqual([fields, `Accepted=${accepted}`])
      expect([fields, await reached()]).toEqual([fields, wanted])
    }
    for (const fields of ['kind: Service, group: "", name: gw', 'group: example.com, kind: Gateway, name: gw', 'name: other']) {
      await world.write(httpRoute('r', RULES, parent(fields)))
      expect([fields, await reached()]).toEqual([fields, []])
    }
  },
)

feature(
  [
    'HTTPRoute spec.parentRefs.namespace',
    'HTTPRoute status.parents.controllerName',
    'HTTPRoute status.parents.parentRef.{group,kind,name,namespace,sectionName,port}',
  ],
  'attaches to a Gateway of another namespace, and names in its status what it attached to',
  async () => {
    await world.write(httpRoute('r', RULES, parent('name: far, namespace: far, sectionName: http, port: 80')))
    expect(await isServed({ host: 'far.example.com', gateway: 'far/far' })).toBe(true)
    expect(await reached()).toEqual([])
    const [entry] = world.stored(`HTTPRoute/default/r`).parents ?? []
    expect(entry).toMatchObject({
      controllerName: CONTROLLER_NAME,
      parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'far', name: 'far', sectionName: 'http', port: 80 },
    })
  },
)

feature(
  ['HTTPRoute spec.hostnames', 'Route reason NoMatchingListenerHostname', 'HTTPRoute spec.parentRefs.sectionName'],
  'serves its hosts where a listener covers them',
  async () => {
    await world.write(httpRoute('r', RULES, parent('name: gw, sectionName: two', '\n  hostnames: [x.two.example.com, elsewhere.org]')))
    expect(await isServed({ host: 'x.two.example.com' })).toBe(true)
    expect(await isServed({ host: 'y.two.example.com' })).toBe(false)
    expect(await isServed({ host: 'elsewhere.org' })).toBe(false)
    await world.write(httpRoute('r', RULES, parent('name: gw, sectionName: two', '\n  hostnames: [elsewhere.org]')))
    expect(world.conditions(`HTTPRoute/default/r`)[0]).toBe('Accepted=False/NoMatchingListenerHostname')
    expect(await isServed({ host: 'x.two.example.com' })).toBe(false)
  },
)

feature(
  ['HTTPRoute spec.useDefaultGateways', 'Gateway spec.defaultScope'],
  'attaches routes that ask for it to default Gateways, without a parentRef',
  async () => {
    for (const [scope, use, wanted] of [
      ['All', 'All', true],
      ['None', 'All', false],
      ['All', 'None', false],
    ] as const) {
      const standard = `${gateway('standard')}  defaultScope: ${scope}\n`
      await world.write(standard, httpRoute('r', RULES, `useDefaultGateways: ${use}`))
      expect([scope, use, await isServed({ host: 'x.example.com', gateway: 'default/standard' })]).toEqual([scope, use, wanted])
      const conditions = world.conditions('Gateway/default/standard')
      expect(conditions.includes('DefaultGateway=True/DefaultGateway')).toBe(scope === 'All')
    }
  },
)
