/** Which routes a listener takes, and which ListenerSets a Gateway takes. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { gateway, httpRoute, namespace, ref, to } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'])
const GROUP = 'gateway.networking.k8s.io'

/** A namespace each, by what its labels make of it. */
const NAMESPACES: readonly (readonly [name: string, labels: string])[] = [
  ['shop', '{team: shop, stage: live}'],
  ['shop-test', '{team: shop, stage: test}'],
  ['bank', '{team: bank}'],
  ['plain', '{}'],
]
const EVERYWHERE = ['default', ...NAMESPACES.map(([name]) => name)]
const namespaces = NAMESPACES.map(([name, labels]) => namespace(name, labels))

const grants = `
apiVersion: ${GROUP}/v1
kind: ReferenceGrant
metadata: {name: g}
spec:
  from: [${NAMESPACES.map(([name]) => `{group: ${GROUP}, kind: HTTPRoute, namespace: ${name}}`).join()}]
  to: [{group: headgate.dev, kind: Backend}]
`

/** A route in every namespace, for a host of its name. */
const routes = EVERYWHERE.map((name) =>
  httpRoute(
    'r',
    `[{backendRefs: [{${ref('a')}, namespace: default}]}]`,
    `parentRefs: [{name: some, namespace: default}]\n  hostnames: [${name}.example.com]`,
  ).replace('name: r', `name: r, namespace: ${name}`),
)

/** Which namespaces' routes are served; the statuses of routes and the number of the listener must agree. */
async function servedNamespaces(): Promise<readonly string[]> {
  const served: string[] = []
  for (const name of EVERYWHERE) {
    const answer = await world.answerer({ gateway: 'default/some', host: `${name}.example.com` })
    const accepted = world.conditions(`HTTPRoute/${name}/r`)[0]
    expect([name, accepted]).toEqual([name, answer === 'a' ? 'Accepted=True/Accepted' : 'Accepted=False/NotAllowedByListeners'])
    if (answer === 'a') served.push(name)
  }
  const status = world.headgate.status('Gateway/default/some')
  expect(status.shape === 'gateway' && status.listeners.map(({ attachedRoutes }) => attachedRoutes)).toEqual([served.length])
  return served
}

/** Selectors, and the namespaces that they let in. */
const SELECTORS: readonly (readonly [selector: string, served: readonly string[]])[] = [
  ['matchLabels: {team: shop}', ['shop', 'shop-test']],
  ['matchLabels: {team: shop, stage: live}', ['shop']],
  ['matchExpressions: [{key: team, operator: In, values: [shop, bank]}]', ['shop', 'shop-test', 'bank']],
  ['matchExpressions: [{key: team, operator: NotIn, values: [shop]}]', ['default', 'bank', 'plain']],
  ['matchExpressions: [{key: team, operator: Exists}, {key: stage, operator: DoesNotExist}]', ['bank']],
  ['matchLabels: {team: shop}, matchExpressions: [{key: stage, operator: In, values: [test]}]', ['shop-test']],
]

feature(
  [
    'Gateway spec.listeners.allowedRoutes.namespaces.{from,selector.matchLabels,selector.matchExpressions.key,selector.matchExpressions.operator,selector.matchExpressions.values}',
    'Gateway status.listeners.attachedRoutes',
    'Route reason NotAllowedByListeners',
  ],
  'takes routes from the namespaces that it says, and no others',
  async () => {
    const rows: readonly (readonly [namespaces: string, served: readonly string[]])[] = [
      ['from: All', EVERYWHERE],
      ['from: Same', ['default']],
      ...SELECTORS.map(([selector, served]) => [`from: Selector, selector: {${selector}}`, served] as const),
    ]
    for (const [allowed, served] of rows) {
      const listener = `[{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {${allowed}}}}]`
      await world.write(...namespaces, grants, gateway('some', listener), ...routes)
      expect([allowed, await servedNamespaces()]).toEqual([allowed, served])
    }
  },
)

feature(
  [
    'Gateway spec.allowedListeners.namespaces.{from,selector.matchLabels,selector.matchExpressions.key,selector.matchExpressions.operator,selector.matchExpressions.values}',
    'Gateway status.attachedListenerSets',
  ],
  'takes ListenerSets from the namespaces that it says, and no others',
  async () => {
    const sets = EVERYWHERE.map(
      (name) => `
apiVersion: ${GROUP}/v1
kind: ListenerSet
metadata: {name: set, namespace: ${name}}
spec:
  parentRef: {name: some, namespace: default}
  listeners: [{name: l, port: 80, protocol: HTTP, hostname: ${name}.example.com}]
`,
    )
    const ofSets = routes.map((each) => each.replace('{name: some, namespace: default}', '{kind: ListenerSet, name: set}'))
    const rows: readonly (readonly [namespaces: string, served: readonly string[]])[] = [
      ['from: All', EVERYWHERE],
      ['from: Same', ['default']],
      ['from: None', []],
      ...SELECTORS.map(([selector, served]) => [`from: Selector, selector: {${selector}}`, served] as const),
    ]
    for (const [allowed, served] of rows) {
      const some = `${gateway('some', '[{name: own, port: 80, protocol: HTTP, hostname: own.example.com}]')}  allowedListeners: {namespaces: {${allowed}}}\n`
      await world.write(...namespaces, grants, some, ...sets, ...ofSets)
      const found: string[] = []
      for (const name of EVERYWHERE) {
        const isServed = (await world.answerer({ gateway: 'default/some', host: `${name}.example.com` })) === 'a'
        const accepted = world.conditions(`ListenerSet/${name}/set`)[0]
        expect([name, accepted]).toEqual([name, isServed ? 'Accepted=True/Accepted' : 'Accepted=False/NotAllowed'])
        if (isServed) found.push(name)
      }
      expect([allowed, found]).toEqual([allowed, served])
      const status = world.headgate.status('Gateway/default/some')
      expect([allowed, status.shape === 'gateway' && status.attachedListenerSets]).toEqual([allowed, served.length])
    }
  },
)

feature(
  [
    'Gateway spec.listeners.allowedRoutes.kinds.{group,kind}',
    'Gateway status.listeners.{name,supportedKinds.group,supportedKinds.kind}',
    'Listener condition ResolvedRefs',
    'Listener reason InvalidRouteKinds',
  ],
  'takes routes of the kinds that it says, and names kinds that cannot attach',
  async () => {
    const rows: readonly (readonly [kinds: string, supported: readonly string[], condition: string, answer: string | number])[] = [
      ['[]', ['HTTPRoute', 'GRPCRoute'], 'ResolvedRefs=True/ResolvedRefs', 'a'],
      ['[{kind: HTTPRoute}]', ['HTTPRoute'], 'ResolvedRefs=True/ResolvedRefs', 'a'],
      [`[{group: ${GROUP}, kind: GRPCRoute}]`, ['GRPCRoute'], 'ResolvedRefs=True/ResolvedRefs', 404],
      ['[{kind: HTTPRoute}, {kind: TCPRoute}]', ['HTTPRoute'], 'ResolvedRefs=False/InvalidRouteKinds', 'a'],
      ['[{group: example.com, kind: HTTPRoute}, {kind: GRPCRoute}]', ['GRPCRoute'], 'ResolvedRefs=False/InvalidRouteKinds', 404],
    ]
    for (const [kinds, supported, condition, answer] of rows) {
      await world.write(
        gateway('some', `[{name: l, port: 80, protocol: HTTP, allowedRoutes: {kinds: ${kinds}}}]`),
        httpRoute('r', `[{${to('a')}}]`, 'parentRefs: [{name: some}]'),
      )
      const status = world.headgate.status('Gateway/default/some')
      const listeners = status.shape === 'gateway' ? status.listeners : []
      expect([kinds, listeners.map(({ name, supportedKinds }) => ({ name, supportedKinds }))]).toEqual([
        kinds,
        [{ name: 'l', supportedKinds: supported.map((kind) => ({ group: GROUP, kind })) }],
      ])
      expect([kinds, world.listener('default/some', 'l')]).toEqual([kinds, expect.arrayContaining([condition])])
      expect([kinds, await world.answerer({ gateway: 'default/some' })]).toEqual([kinds, answer])
      expect(world.conditions('HTTPRoute/default/r')[0]).toBe(
        answer === 'a' ? 'Accepted=True/Accepted' : 'Accepted=False/NotAllowedByListeners',
      )
    }
  },
)

feature(['Gateway spec.listeners.{name,hostname}'], 'serves each host by the listener that a route names, and only there', async () => {
  const listener = (name: string, hostname: string) => `{name: ${name}, port: 80, protocol: HTTP, hostname: "${hostname}"}`
  await world.write(
    gateway('some', `[${listener('exact', 'one.example.com')}, ${listener('wild', '*.example.com')}]`),
    httpRoute('r', `[{${to('a')}}]`, 'parentRefs: [{name: some, sectionName: wild}]'),
  )
  const ask = (host: string) => world.answerer({ gateway: 'default/some', host })
  expect([await ask('two.example.com'), await ask('one.example.com'), await ask('example.org')]).toEqual(['a', 404, 404])
  await world.write(
    gateway('some', `[${listener('exact', 'one.example.com')}, ${listener('wild', '*.example.com')}]`),
    httpRoute('r', `[{${to('a')}}]`, 'parentRefs: [{name: some, sectionName: exact}]'),
  )
  expect([await ask('two.example.com'), await ask('one.example.com'), await ask('example.org')]).toEqual([404, 'a', 404])
})
