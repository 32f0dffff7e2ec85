/** Filters of listeners: they run before a route is looked for, and keep strangers out of everything that the listener serves. */
import { afterAll, expect } from '@jest/globals'
import { type AuthServer, startAuthServer } from '../support/auth-server.js'
import { feature } from './feature.js'
import { backend, gateway, httpRoute, namespace, ref, service, to, under } from './manifests.js'
import { featureWorld } from './world.js'

let server: AuthServer | undefined
const world = featureWorld(['a', 'b', 'check', 'second'], async () => {
  server = await startAuthServer('grpc-check')
  return backend(server, ['kubernetes.io/h2c'])
})
afterAll(() => server?.close())

const extension = (name: string) => `{type: ExtensionRef, extensionRef: {group: example.com, kind: Filter, name: ${name}}}`
const auth = (fields: string) => `{type: ExternalAuth, externalAuth: {${fields}}}`
const http = (name: string, fields = '') => auth(`protocol: HTTP, backendRef: {${ref(name)}}, http: {${fields}}`)
/** The listener `guarded` has the filters, its neighbour `open` on the same port has none. */
const listeners = (...filters: readonly string[]) => {
  const listener = (name: string, more: string) => `{name: ${name}, port: 80, protocol: HTTP, hostname: ${name}.example.com${more}}`
  return gateway('gw', `[${listener('guarded', `, filters: {requests: [${filters.join(', ')}]}`)}, ${listener('open', '')}]`)
}
const GUARDED = { host: 'guarded.example.com' }
const OPEN = { host: 'open.example.com' }
const users = `matches: [{headers: [{name: x-user, value: ann}]}], ${to('b')}`

feature(
  [
    'Gateway spec.listeners.filters.requests.{type,externalAuth.protocol,externalAuth.backendRef.group,externalAuth.backendRef.kind,externalAuth.backendRef.name}',
    'Gateway spec.listeners.filters.requests.externalAuth.http.{path,allowedHeaders,allowedResponseHeaders}',
  ],
  'asks before a route is looked for: what the server says about the client decides which one it is',
  async () => {
    const filter = http('check', 'path: auth, allowedHeaders: [x-token], allowedResponseHeaders: [x-user, Host]')
    await world.write(listeners(filter), httpRoute('r', `[{${users}}, {${to('a')}}]`))
    expect(world.listener('default/gw', 'guarded')).toContain('Programmed=True/Programmed')
    const checked = world.backend('check').requests
    const ann = await world.ask({ ...GUARDED, path: '/?header=x-user:ann&header=x-more:no', headers: { 'x-token': 't', 'x-private': 'p' } })
    expect([ann.echo?.backend, ann.echo?.headers['x-user'], ann.echo?.headers['x-more']]).toEqual(['b', 'ann', undefined])
    expect(checked.at(-1)?.path).toMatch(/^\/auth\//)
    expect(checked.at(-1)?.headers).toMatchObject({ 'x-token': 't' })
    expect(checked.at(-1)?.headers['x-private']).toBeUndefined()
    expect(await world.answerer(GUARDED)).toBe('a')
    expect(await world.ask({ ...GUARDED, path: '/?status=401' })).toMatchObject({ status: 401 })
    // What a client says of itself is not what the server says: both headers are there, and the server's wins.
    expect(await world.answerer({ ...GUARDED, path: '/?header=x-user:bob', headers: { 'x-user': 'ann' } })).toBe('a')
    const claims = await world.ask({ ...GUARDED, headers: { 'X-User': 'ann' } })
    expect([claims.echo?.backend, claims.echo?.headers['x-user']]).toEqual(['a', undefined])
    // A listener is chosen by the host: it cannot be left any more.
    const elsewhere = await world.ask({ ...GUARDED, path: '/?header=host:open.example.com' })
    expect(elsewhere.echo?.host).toBe('guarded.example.com')
    const before = checked.length
    expect(await world.answerer(OPEN)).toBe('a')
    expect(checked).toHaveLength(before)
  },
)

feature(
  [
    'Gateway spec.listeners.filters.requests.externalAuth.{protocol,grpc.allowedHeaders,forwardBody.maxSize}',
    'Gateway spec.listeners.filters.requests.type',
  ],
  'asks over gRPC, with as much of the body as the server is given, and takes no other host from it',
  async () => {
    const filter = auth(`protocol: GRPC, backendRef: {${ref('grpc-check')}}, grpc: {allowedHeaders: [x-token]}, forwardBody: {maxSize: 16}`)
    await world.write(listeners(filter), httpRoute('r', `[{${users}}, {${to('a')}}]`))
    const ask = (path: string, body: string) =>
      world.ask({ ...GUARDED, path, method: 'POST', body, headers: { 'x-token': 't', 'x-private': 'p' } })
    const allowed = await ask('/?say=:authority:open.example.com&say=host:open.example.com&say=x-headgate-scope:open', '12345678')
    expect([allowed.echo?.backend, allowed.echo?.host]).toEqual(['b', 'guarded.example.com'])
    expect(server?.checked.at(-1)).toMatchObject({ body: '12345678', headers: { 'x-token': 't' } })
    expect(server?.checked.at(-1)?.headers['x-private']).toBeUndefined()
    expect((await ask('/', '12345678901234567')).status).toBe(413)
    expect((await ask('/denied', '')).status).toBe(403)
  },
)

feature(
  ['Gateway spec.listeners.filters.requests.type'],
  'asks about requests that no route matches as well, in the order of the filters, until somebody says no',
  async () => {
    await world.write(listeners(http('check'), http('second')), httpRoute('r', `[${under('/app', to('a'))}]`))
    const counts = () => [world.backend('check').requests.length, world.backend('second').requests.length]
    const [first = 0, second = 0] = counts()
    expect(await world.answerer({ ...GUARDED, path: '/unknown' })).toBe(404)
    expect(counts()).toEqual([first + 1, second + 1])
    expect(await world.ask({ ...GUARDED, path: '/unknown?status=401' })).toMatchObject({ status: 401 })
    expect(counts()).toEqual([first + 2, second + 1])
    expect(await world.answerer({ ...GUARDED, path: '/app' })).toBe('a')
    expect(counts()).toEqual([first + 3, second + 2])
    // The second sees what the first said.
    await world.write(listeners(http('check'), http('second', 'allowedHeaders: [x-user]')), httpRoute('r', `[${under('/app', to('a'))}]`))
    expect(await world.answerer({ ...GUARDED, path: '/app?header=x-user:ann' })).toBe('a')
    expect(world.backend('second').requests.at(-1)?.headers['x-user']).toBe('ann')
  },
)

feature(
  ['Gateway spec.listeners.filters.requests.type'],
  'leaves the filters of the route that is found at last in force, whichever route came first',
  async () => {
    const closed = `filters: [${auth(`protocol: HTTP, backendRef: {${ref('missing')}}, http: {}`)}], ${users}`
    await world.write(listeners(http('check')), httpRoute('r', `[{${closed}}, {${to('a')}}]`))
    expect(await world.answerer(GUARDED)).toBe('a')
    expect(await world.answerer({ ...GUARDED, path: '/?header=x-user:ann' })).toBe(403)
    // And not that of the route that came first.
    await world.write(
      listeners(http('check')),
      httpRoute('r', `[{${users}}, {filters: [${auth(`protocol: HTTP, backendRef: {${ref('missing')}}, http: {}`)}], ${to('a')}}]`),
    )
    expect(await world.answerer({ ...GUARDED, path: '/?header=x-user:ann' })).toBe('b')
    expect(await world.answerer(GUARDED)).toBe(403)
  },
)

feature(
  [
    'Gateway spec.listeners.filters.requests.externalAuth.backendRef.{namespace,port,name,kind}',
    'Listener reason RefNotPermitted',
    'Gateway reason ListenersNotResolved',
  ],
  'lets nobody in as long as the server cannot be asked: a grant for Gateways opens the way to another namespace',
  async () => {
    const shop = [namespace('shop'), service('auth', [world.backend('second'), world.backend('check')], 'shop')]
    const filter = auth('protocol: HTTP, backendRef: {name: auth, namespace: shop, port: 8002}, http: {}')
    const guarded = [...shop, listeners(filter), httpRoute('r', `[{${to('a')}}]`)]
    const grant = (kind: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: shop}
spec: {from: [{group: gateway.networking.k8s.io, kind: ${kind}, namespace: default}], to: [{group: '', kind: Service}]}
`
    for (const documents of [guarded, [...guarded, grant('HTTPRoute')]]) {
      await world.write(...documents)
      expect(world.listener('default/gw', 'guarded')).toContain('ResolvedRefs=False/RefNotPermitted')
      expect(world.conditions('Gateway/default/gw')).toContain('ResolvedRefs=False/ListenersNotResolved')
      expect([await world.answerer(GUARDED), await world.answerer(OPEN)]).toEqual([403, 'a'])
    }
    await world.write(...guarded, grant('Gateway'))
    expect(world.listener('default/gw', 'guarded')).toContain('ResolvedRefs=True/ResolvedRefs')
    const before = world.backend('check').requests.length
    expect(await world.answerer(GUARDED)).toBe('a')
    expect(world.backend('check').requests).toHaveLength(before + 1)
    await world.write(listeners(http('nobody')), httpRoute('r', `[{${to('a')}}]`))
    expect(world.listener('default/gw', 'guarded')).toContain('ResolvedRefs=False/BackendNotFound')
    expect([await world.answerer(GUARDED), await world.answerer(OPEN)]).toEqual([403, 'a'])
  },
)

feature(
  [
    'Gateway spec.listeners.filters.requests.{type,extensionRef.group,extensionRef.kind,extensionRef.name}',
    'Listener reason UnsupportedValue',
    'Gateway reason ListenersNotValid',
  ],
  'lets nobody past a filter that it does not have: the listener serves nothing and says why, its neighbour goes on',
  async () => {
    const route = httpRoute('r', `[{${to('a')}}]`)
    await world.write(listeners(), route)
    expect([await world.answerer(GUARDED), await world.answerer(OPEN)]).toEqual(['a', 'a'])
    const telling = auth(`protocol: HTTP, backendRef: {${ref('check')}}, http: {}, forwardBody: {maxSize: 16}`)
    const rows: readonly (readonly [filters: readonly string[], message: string])[] = [
      [[extension('f')], 'there is no filter example.com/Filter "f"'],
      [[http('check'), extension('g'), extension('h')], 'there is no filter example.com/Filter "g", example.com/Filter "h"'],
      [Array.from({ length: 5 }, () => http('check')), 'a listener can have 4 filters, and this one has 5'],
      [[...Array.from({ length: 3 }, () => http('check')), telling], 'the last of four filters cannot have a forwardBody'],
    ]
    const before = world.backend('check').requests.length
    for (const [filters, expected] of rows) {
      await world.write(listeners(...filters), route)
      expect([expected, world.listener('default/gw', 'guarded')]).toEqual([
        expected,
        expect.arrayContaining(['Accepted=False/UnsupportedValue', 'Programmed=False/Invalid']),
      ])
      const status = world.headgate.status('Gateway/default/gw')
      const messages =
        status.shape === 'gateway' ? status.listeners.flatMap(({ conditions }) => conditions.map(({ message }) => message)) : []
      expect(messages.join()).toContain(expected)
      expect(world.conditions('Gateway/default/gw')[0]).toBe('Accepted=True/ListenersNotValid')
      expect([expected, await world.answerer(GUARDED), await world.answerer(OPEN)]).toEqual([expected, 404, 'a'])
    }
    expect(world.backend('check').requests).toHaveLength(before)
    await world.write(listeners(...Array.from({ length: 4 }, () => http('check'))), route)
    expect(await world.answerer(GUARDED)).toBe('a')
    expect(world.backend('check').requests).toHaveLength(before + 4)
  },
)
