/** Where rules of HTTPRoutes send requests: kinds, ports, namespaces, weights, and what cannot be used. */
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, it } from '@jest/globals'
import { feature } from './feature.js'
import { httpRoute, namespace, ref, service, to, under } from './manifests.js'
import { answerers, featureWorld } from './world.js'

const world = featureWorld(['a', 'b', 'c'])

feature(
  ['HTTPRoute spec.rules.backendRefs.{group,kind,name,port}'],
  'sends requests to the port of the Service or to the Backend that is named',
  async () => {
    await world.write(
      service('one', [world.backend('a'), world.backend('b')]),
      httpRoute(
        'r',
        `[${[
          under('/first', 'backendRefs: [{name: one, port: 8001}]'),
          under('/second', "backendRefs: [{group: '', kind: Service, name: one, port: 8002}]"),
          under('/backend', `backendRefs: [{${ref('c')}}]`),
          under('/other-backend', `backendRefs: [{${ref('a')}}]`),
        ].join()}]`,
      ),
    )
    expect(await world.answerer({ path: '/first' })).toBe('a')
    expect(await world.answerer({ path: '/second' })).toBe('b')
    expect(await world.answerer({ path: '/backend' })).toBe('c')
    expect(await world.answerer({ path: '/other-backend' })).toBe('a')
  },
)

/** A slice of the Service `pods`, with one pod. */
const podSlice = (family: string, address: string, port: number): string => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: pods-${family.toLowerCase()}, labels: {kubernetes.io/service-name: pods}}
addressType: ${family}
ports: [{name: web, port: ${port}}]
endpoints: [{addresses: ['${address}'], targetRef: {kind: Pod, name: pod, uid: 5b0c}}]
`
const PODS = '\n{apiVersion: v1, kind: Service, metadata: {name: pods}, spec: {ports: [{name: web, port: 80}]}}\n'

it('reaches a pod by the family that it listens on: its two addresses are one endpoint', async () => {
  const { port } = world.backend('a')
  await world.write(
    PODS,
    podSlice('IPv4', '127.0.0.1', port),
    podSlice('IPv6', '::1', port),
    httpRoute('r', '[{retry: {attempts: 0}, backendRefs: [{name: pods, port: 80}]}]'),
  )
  expect(await answerers(60, () => world.answerer())).toEqual(new Map([['a', 60]]))
  const relay = createServer((client) => client.pipe(connect(port, '127.0.0.1')).pipe(client))
  await new Promise<void>((resolve) => relay.listen(0, '::1', resolve))
  try {
    const { port: other } = relay.address() as AddressInfo
    await world.write(
      PODS,
      podSlice('IPv4', '127.0.0.1', 1),
      podSlice('IPv6', '::1', other),
      httpRoute('r', '[{retry: {attempts: 0}, backendRefs: [{name: pods, port: 80}]}]'),
    )
    expect(await answerers(60, () => world.answerer())).toEqual(new Map([['a', 60]]))
  } finally {
    relay.close()
  }
})

feature(['HTTPRoute spec.rules.backendRefs.weight'], 'shares requests out by weight; a weight of 0 gets none', async () => {
  await world.write(httpRoute('r', `[{backendRefs: [{${ref('a')}, weight: 9}, {${ref('b')}}, {${ref('c')}, weight: 0}]}]`))
  const found = await answerers(400, () => world.answerer())
  expect(found.get('c')).toBeUndefined()
  expect(found.get('a')).toBeGreaterThan(320)
  expect(found.get('b')).toBeGreaterThan(10)
  await world.write(httpRoute('r', `[{backendRefs: [{${ref('a')}, weight: 0}, {${ref('b')}, weight: 0}]}]`))
  expect(await world.answerer()).toBe(500)
})

feature(
  [
    'HTTPRoute spec.rules.backendRefs.{namespace,weight}',
    'Route reason RefNotPermitted',
    'Route condition ResolvedRefs',
    'Route reason ResolvedRefs',
  ],
  'answers 500 for the share of a backend of another namespace until a grant allows it',
  async () => {
    const shop = [namespace('shop'), service('goods', [world.backend('b')], 'shop')]
    const route = httpRoute('r', `[{backendRefs: [{${ref('a')}}, {name: goods, namespace: shop, port: 8001}]}]`)
    await world.write(...shop, route)
    expect(world.conditions('HTTPRoute/default/r')).toContain('ResolvedRefs=False/RefNotPermitted')
    expect([...(await answerers(60, () => world.answerer())).keys()].sort()).toEqual([500, 'a'])
    await world.write(
      ...shop,
      route,
      `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: shop}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}], to: [{group: '', kind: Service}]}
`,
    )
    expect(world.conditions('HTTPRoute/default/r')).toContain('ResolvedRefs=True/ResolvedRefs')
    expect([...(await answerers(60, () => world.answerer())).keys()].sort()).toEqual(['a', 'b'])
  },
)

feature(
  ['Route reason BackendNotFound', 'Route reason InvalidKind', 'Route reason UnsupportedProtocol', 'Route condition ResolvedRefs'],
  'answers 500 where a backend cannot be used, and says why',
  async () => {
    const odd = service('odd', [world.backend('a')]).replace('port: 8001}]', 'port: 8001, appProtocol: example.com/odd}]')
    const rows: readonly (readonly [backendRef: string, reason: string])[] = [
      ['name: missing, port: 8001', 'BackendNotFound'],
      [ref('missing'), 'BackendNotFound'],
      ['group: example.com, kind: Thing, name: a', 'InvalidKind'],
      ['name: odd, port: 8001', 'UnsupportedProtocol'],
    ]
    for (const [backendRef, reason] of rows) {
      await world.write(odd, httpRoute('r', `[{backendRefs: [{${backendRef}}]}]`))
      const wanted = ['Accepted=True/Accepted', `ResolvedRefs=False/${reason}`]
      expect([backendRef, world.conditions('HTTPRoute/default/r').slice(0, 2)]).toEqual([backendRef, wanted])
      expect([backendRef, await world.answerer()]).toEqual([backendRef, 500])
    }
  },
)

feature(
  ['Route condition PartiallyInvalid', 'Route reason UnsupportedValue', 'HTTPRoute spec.rules.matches.path.value'],
  'leaves out a rule whose expression nobody can evaluate, says so, and serves the others',
  async () => {
    const odd = `{matches: [{path: {type: RegularExpression, value: '/(?=look)'}}], ${to('b')}}`
    await world.write(httpRoute('r', `[${odd}, ${under('/good', to('a'))}]`))
    expect(world.conditions('HTTPRoute/default/r')).toContain('PartiallyInvalid=True/UnsupportedValue')
    expect(await world.answerer({ path: '/good' })).toBe('a')
    expect(await world.answerer({ path: '/look' })).toBe(404)
    await world.write(httpRoute('r', `[${under('/good', to('a'))}]`))
    expect(world.conditions('HTTPRoute/default/r').join()).not.toContain('PartiallyInvalid')
  },
)

feature(['HTTPRoute spec.rules.name'], 'takes names of rules, and refuses a route two of whose rules have the same', async () => {
  const rule = (name: string, path: string) => `{name: ${name}, ${under(path, to('a')).slice(1)}`
  await world.write(httpRoute('r', `[${rule('one', '/one')}, ${rule('two', '/two')}]`))
  expect([await world.answerer({ path: '/one' }), await world.answerer({ path: '/two' })]).toEqual(['a', 'a'])
  await world.writeRefused(httpRoute('r', `[${rule('one', '/three')}, ${rule('one', '/four')}]`))
  expect([await world.answerer({ path: '/one' }), await world.answerer({ path: '/three' })]).toEqual(['a', 404])
  expect(JSON.stringify(world.headgate.running.sources.problems())).toMatch(/rule name/i)
})

it('says on a Backend that a route sends to whether it can be used, and nothing on others', async () => {
  const broken = `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: broken}
spec:
  endpoints: [{ip: {address: 127.0.0.1, port: 1}}]
  tls: {hostname: a.example, caCertificateRefs: [{group: '', kind: ConfigMap, name: missing}]}
`
  await world.write(broken, httpRoute('r', `[{${to('a')}}]`))
  expect(world.conditions('Backend/default/a')).toEqual(['Accepted=True/Accepted'])
  expect(() => world.conditions('Backend/default/broken')).toThrow()
  await world.write(broken, httpRoute('r', `[{${to('broken')}}]`))
  expect(world.conditions('Backend/default/broken')).toEqual(['Accepted=False/Invalid'])
  expect(world.stored('Backend/default/broken').conditions).toMatchObject([
    { type: 'Accepted', status: 'False', message: expect.stringContaining('missing') },
  ])
})
