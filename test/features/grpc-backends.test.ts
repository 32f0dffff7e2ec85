/** Backends of GRPCRoutes: references, shares, sticky sessions. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { grpcRoute, grpcWorld } from './grpc-world.js'
import { namespace, ref, service, to } from './manifests.js'

const world = grpcWorld(['a', 'b', 'c'])
const UNAVAILABLE = 14

/** How often each answers; chance decides. */
async function shares(calls: number): Promise<ReadonlyMap<string | number, number>> {
  const found = new Map<string | number, number>()
  for (let at = 0; at < calls; at += 20) {
    for (const each of await Promise.all(Array.from({ length: 20 }, () => world.grpcAnswerer())))
      found.set(each, (found.get(each) ?? 0) + 1)
  }
  return found
}

/** A Service whose ports speak gRPC. */
const grpcService = (name: string, targets: readonly string[], inNamespace = 'default') =>
  service(
    name,
    targets.map((target) => world.grpcBackend(target)),
    inNamespace,
  ).replaceAll('port: 800', 'appProtocol: kubernetes.io/h2c, port: 800')

feature(['GRPCRoute spec.rules.backendRefs.{group,kind,name,port}'], 'calls Backends, and ports of Services', async () => {
  const services = [grpcService('s', ['a', 'b']), grpcService('t', ['c'])]
  const rows: readonly (readonly [reference: string, want: string])[] = [
    [ref('c'), 'c'],
    ['name: s, port: 8001', 'a'],
    ['group: "", kind: Service, name: s, port: 8002', 'b'],
    ['name: t, port: 8001', 'c'],
  ]
  for (const [reference, want] of rows) {
    await world.write(...services, grpcRoute('r', `[{backendRefs: [{${reference}}]}]`))
    expect([reference, await world.grpcAnswerer()]).toEqual([reference, want])
  }
  for (const [reference, reason] of [
    ['name: nobody, port: 8001', 'BackendNotFound'],
    ['name: s, port: 8009', 'BackendNotFound'],
    ['group: example.com, kind: Thing, name: s', 'InvalidKind'],
  ] as const) {
    await world.write(...services, grpcRoute('r', `[{backendRefs: [{${reference}}]}]`))
    expect([reference, world.conditions('GRPCRoute/default/r')[1]]).toEqual([reference, `ResolvedRefs=False/${reason}`])
    expect([reference, (await world.call()).code]).toEqual([reference, UNAVAILABLE])
  }
})

feature(['GRPCRoute spec.rules.backendRefs.namespace'], 'calls a Service in another namespace while a grant allows it', async () => {
  const objects = [
    namespace('shop'),
    grpcService('s', ['b'], 'shop'),
    grpcRoute('r', '[{backendRefs: [{name: s, namespace: shop, port: 8001}]}]'),
  ]
  const grant = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: shop}
spec: {from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: default}], to: [{group: '', kind: Service}]}
`
  await world.write(...objects, grant)
  expect(await world.grpcAnswerer()).toBe('b')
  await world.write(...objects)
  expect(world.conditions('GRPCRoute/default/r')).toContain('ResolvedRefs=False/RefNotPermitted')
  expect(await world.grpcAnswerer()).toBe(UNAVAILABLE)
})

feature(
  ['GRPCRoute spec.rules.backendRefs.weight'],
  'shares calls out by weight, those of backends that cannot be used included',
  async () => {
    const weighted = (...refs: readonly (readonly [name: string, weight: number])[]) =>
      grpcRoute('r', `[{backendRefs: [${refs.map(([name, weight]) => `{${ref(name)}, weight: ${weight}}`).join()}]}]`)
    await world.write(weighted(['a', 3], ['b', 1], ['c', 0]))
    const found = await shares(200)
    expect([...found.keys()].sort()).toEqual(['a', 'b'])
    expect(found.get('a')).toBeGreaterThan(110)
    expect(found.get('b')).toBeGreaterThan(20)
    await world.write(weighted(['a', 1], ['missing', 1]))
    const half = await shares(200)
    expect([...half.keys()].sort()).toEqual([UNAVAILABLE, 'a'])
    expect(half.get(UNAVAILABLE)).toBeGreaterThan(60)
    expect(half.get('a')).toBeGreaterThan(60)
  },
)

/** A route to all backends as one, with sticky sessions. */
async function writeSticky(persistence: string): Promise<void> {
  const endpoints = ['a', 'b', 'c'].map((name) => `{ip: {address: 127.0.0.1, port: ${world.grpcBackend(name).port}}}`)
  const all = `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: all}
spec: {appProtocols: [kubernetes.io/h2c], endpoints: [${endpoints.join()}]}
`
  await world.write(all, grpcRoute('r', `[{sessionPersistence: {${persistence}}, ${to('all')}}]`))
}

/** Who answers calls with this metadata, without repetitions. */
async function answerersWith(metadata: Readonly<Record<string, string>>): Promise<readonly (string | number)[]> {
  return [...new Set(await Promise.all(Array.from({ length: 20 }, () => world.grpcAnswerer({ metadata }))))]
}

feature(
  ['GRPCRoute spec.rules.sessionPersistence.{cookie.name,cookie.path,cookie.lifetimeType}'],
  'keeps the calls of a session together by a cookie',
  async () => {
    await writeSticky('type: Cookie, absoluteTimeout: 1h, cookie: {name: session, path: /shop.Cart, lifetimeType: Permanent}')
    const { echo, headers } = await world.call()
    const [cookie = ''] = headers['set-cookie'] ?? []
    expect(cookie).toMatch(/^session="?[^;]+;.*path=\/shop\.Cart/i)
    expect(cookie).toMatch(/max-age=3600/i)
    expect(await answerersWith({ cookie: cookie.split(';')[0] ?? '' })).toEqual([echo?.backend])
    expect((await answerersWith({})).length).toBeGreaterThan(1)
    // Other paths have no part in the session.
    expect((await world.call({ method: '/shop.Orders/List' })).headers['set-cookie']).toBeUndefined()
    await writeSticky('type: Cookie, absoluteTimeout: 1h, cookie: {name: session, lifetimeType: Session}')
    const [ofSession = ''] = (await world.call()).headers['set-cookie'] ?? []
    expect(ofSession).toMatch(/^session=.*path=\//i)
    expect(ofSession).not.toMatch(/max-age|expires/i)
  },
)

feature(
  ['GRPCRoute spec.rules.sessionPersistence.absoluteTimeout'],
  'ends a session by a permanent cookie in time, and says of others that it cannot',
  async () => {
    await writeSticky('type: Cookie, absoluteTimeout: 1s, cookie: {name: session, lifetimeType: Permanent}')
    expect(world.conditions('GRPCRoute/default/r').join()).not.toContain('PartiallyInvalid')
    const { echo, headers } = await world.call()
    const cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    expect(await answerersWith({ cookie })).toEqual([echo?.backend])
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect((await answerersWith({ cookie })).length).toBeGreaterThan(1)
    await writeSticky('type: Cookie, absoluteTimeout: 1s, cookie: {name: session}')
    expect(world.conditions('GRPCRoute/default/r')).toContain('PartiallyInvalid=True/UnsupportedValue')
  },
)

feature(['GRPCRoute spec.rules.sessionPersistence.{type,header.name}'], 'keeps the calls of a session together by a header', async () => {
  await writeSticky('type: Header, header: {name: x-session}')
  const { echo, headers } = await world.call()
  const [session = ''] = headers['x-session'] ?? []
  expect(session).not.toBe('')
  expect(await answerersWith({ 'x-session': session })).toEqual([echo?.backend])
  expect((await answerersWith({})).length).toBeGreaterThan(1)
})
