/** ExternalAuth, of rules and of backends, with servers of HTTP and of gRPC. */
import { afterAll, expect } from '@jest/globals'
import { type AuthServer, startAuthServer } from '../support/auth-server.js'
import { feature } from './feature.js'
import { backend, gateway, httpRoute, namespace, ref, service, to, under } from './manifests.js'
import { featureWorld } from './world.js'

let server: AuthServer | undefined
const world = featureWorld(['a', 'check', 'other'], async () => {
  server = await startAuthServer('grpc-check')
  return [gateway('gw'), backend(server, ['kubernetes.io/h2c'])].join('---')
})
afterAll(() => server?.close())

const PATHS = ['/rule', '/backend']

function routeWith(auth: string): string {
  const filter = `{type: ExternalAuth, externalAuth: {${auth}}}`
  const ofBackend = under('/backend', `backendRefs: [{${ref('a')}, filters: [${filter}]}]`)
  return httpRoute('r', `[${under('/rule', `filters: [${filter}], ${to('a')}`)}, ${ofBackend}]`)
}

feature(
  [
    'HTTPRoute spec.rules.{filters,backendRefs.filters}.externalAuth.{protocol,backendRef.group,backendRef.kind,backendRef.name}',
    'HTTPRoute spec.rules.{filters,backendRefs.filters}.externalAuth.http.{path,allowedHeaders,allowedResponseHeaders}',
  ],
  'asks a server over HTTP, with the headers that it may see, and passes on what it says about the client',
  async () => {
    await world.write(
      routeWith(
        `protocol: HTTP, backendRef: {${ref('check')}}, http: {path: auth, allowedHeaders: [x-token], allowedResponseHeaders: [x-user]}`,
      ),
    )
    const checked = world.backend('check').requests
    for (const path of PATHS) {
      const headers = { 'x-token': 'mine', 'x-private': 'secret', authorization: 'me' }
      const allowed = await world.ask({ path: `${path}?header=x-user:ann&header=x-internal:no`, headers })
      expect([path, allowed.echo?.backend, allowed.echo?.headers['x-user']]).toEqual([path, 'a', 'ann'])
      expect(allowed.echo?.headers['x-internal']).toBeUndefined()
      expect(checked.at(-1)?.path).toMatch(new RegExp(`^/auth${path}`))
      expect(checked.at(-1)?.headers).toMatchObject({ 'x-token': 'mine', authorization: 'me' })
      expect(checked.at(-1)?.headers['x-private']).toBeUndefined()
      const before = world.backend('a').requests.length
      expect(await world.ask({ path: `${path}?status=401`, headers })).toMatchObject({ status: 401 })
      expect(world.backend('a').requests.length).toBe(before)
    }
  },
)

feature(
  [
    'HTTPRoute spec.rules.{filters,backendRefs.filters}.externalAuth.protocol',
    'HTTPRoute spec.rules.{filters,backendRefs.filters}.externalAuth.grpc.allowedHeaders',
    'HTTPRoute spec.rules.{filters,backendRefs.filters}.externalAuth.forwardBody.maxSize',
  ],
  'asks a server over gRPC, which sees the headers and as much of the body as it is given',
  async () => {
    const base = `protocol: GRPC, backendRef: {${ref('grpc-check')}}`
    const ask = async (auth: string, path: string) => {
      await world.write(routeWith(auth))
      const headers = { 'x-token': 'mine', 'x-private': 'secret' }
      const answer = await world.ask({ path, method: 'POST', body: '12345678', headers })
      return { answer, checked: server?.checked.at(-1) }
    }
    for (const path of PATHS) {
      const limited = await ask(`${base}, grpc: {allowedHeaders: [x-token]}, forwardBody: {maxSize: 16}`, path)
      expect([path, limited.answer.echo?.backend, limited.answer.echo?.headers['x-user']]).toEqual([path, 'a', 'ann'])
      expect(limited.checked?.headers['x-token']).toBe('mine')
      expect(limited.checked?.headers['x-private']).toBeUndefined()
      expect(limited.checked?.body).toBe('12345678')
      const everything = await ask(`${base}, grpc: {}`, path)
      expect(everything.checked?.headers).toMatchObject({ 'x-token': 'mine', 'x-private': 'secret' })
      expect(everything.checked?.body).toBe('')
      expect((await ask(`${base}, grpc: {}, forwardBody: {maxSize: 4}`, path)).answer.status).toBe(413)
      expect((await ask(`${base}, grpc: {}`, `${path}/denied`)).answer.status).toBe(403)
    }
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.externalAuth.backendRef.{namespace,port,kind}'],
  'asks a port of a Service in another namespace once a grant allows it, and lets nobody in before',
  async () => {
    const shop = [namespace('shop'), service('auth', [world.backend('other'), world.backend('check')], 'shop')]
    const guarded = routeWith('protocol: HTTP, backendRef: {name: auth, namespace: shop, port: 8002}, http: {}')
    await world.write(...shop, guarded)
    expect(world.conditions('HTTPRoute/default/r')).toContain('ResolvedRefs=False/RefNotPermitted')
    for (const path of PATHS) expect([path, await world.answerer({ path })]).toEqual([path, 403])
    await world.write(
      ...shop,
      guarded,
      `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: shop}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}], to: [{group: '', kind: Service}]}
`,
    )
    expect(world.conditions('HTTPRoute/default/r')).toContain('ResolvedRefs=True/ResolvedRefs')
    for (const path of PATHS) {
      const before = world.backend('check').requests.length
      expect([path, await world.answerer({ path })]).toEqual([path, 'a'])
      expect(world.backend('check').requests.length).toBe(before + 1)
    }
    expect(world.backend('other').requests).toEqual([])
    await world.write(routeWith('protocol: HTTP, backendRef: {group: example.com, kind: Thing, name: check}, http: {}'))
    expect(world.conditions('HTTPRoute/default/r')).toContain('ResolvedRefs=False/InvalidKind')
    for (const path of PATHS) expect([path, await world.answerer({ path })]).toEqual([path, 403])
  },
)
