/** Sessions that stay with one endpoint, of HTTPRoutes and of GRPCRoutes. */
import { afterAll, expect } from '@jest/globals'
import { connectGrpc, type GrpcBackend, startGrpcBackend } from '../support/grpc-backend.js'
import { feature } from './feature.js'
import { gateway, httpRoute, route, type Target, to, under } from './manifests.js'
import { answerers, featureWorld } from './world.js'

let grpcBackends: readonly GrpcBackend[] = []
const world = featureWorld(['a', 'b', 'c'], async () => {
  grpcBackends = await Promise.all(['g1', 'g2', 'g3'].map((name) => startGrpcBackend(name, ['/test.Echo/One'])))
  return [
    gateway('gw'),
    pool(
      'http-pool',
      ['a', 'b', 'c'].map((name) => world.backend(name)),
    ),
    pool('grpc-pool', grpcBackends, '[kubernetes.io/h2c]'),
  ].join('---')
})
afterAll(() => {
  for (const each of grpcBackends) each.close()
})

function pool(name: string, targets: readonly Target[], appProtocols = '[]'): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: ${name}}
spec:
  endpoints: [${targets.map(({ port }) => `{ip: {address: 127.0.0.1, port: ${port}}}`).join(', ')}]
  ${appProtocols === '[]' ? '' : `appProtocols: ${appProtocols}`}
`
}

/** The cookie that an answer sets, without its value; undefined when it sets none. */
async function cookie(path: string): Promise<{ readonly pair: string; readonly attributes: string } | undefined> {
  const [text] = (await world.ask({ path })).headers['set-cookie'] ?? []
  const [pair = '', ...attributes] = text?.split(';').map((each) => each.trim()) ?? []
  return text === undefined ? undefined : { pair, attributes: attributes.join('; ') }
}

feature(
  ['HTTPRoute spec.rules.sessionPersistence.{type,absoluteTimeout,cookie.name,cookie.path,cookie.lifetimeType}'],
  'keeps a client with its cookie on one endpoint, for as long as the browser or the timeout lasts',
  async () => {
    const sticky = (path: string, spec: string) => under(path, `sessionPersistence: {${spec}}, ${to('http-pool')}`)
    await world.write(
      httpRoute(
        'r',
        `[${[
          sticky('/session', 'type: Cookie, cookie: {name: cart, path: /session}'),
          sticky('/permanent', 'type: Cookie, absoluteTimeout: 1h, cookie: {name: basket, lifetimeType: Permanent}'),
          under('/none', to('http-pool')),
        ].join()}]`,
      ),
    )
    const session = await cookie('/session')
    expect([session?.pair.split('=')[0], session?.attributes]).toEqual(['cart', 'Path=/session; HttpOnly'])
    const permanent = await cookie('/permanent')
    expect([permanent?.pair.split('=')[0], permanent?.attributes]).toEqual(['basket', 'Max-Age=3600; Path=/; HttpOnly'])
    expect(await cookie('/none')).toBeUndefined()
    const held = await answerers(30, () => world.answerer({ path: '/session', headers: { cookie: session?.pair ?? '' } }))
    expect(held.size).toBe(1)
    expect((await answerers(60, () => world.answerer({ path: '/none', headers: { cookie: session?.pair ?? '' } }))).size).toBe(3)
  },
)

feature(
  ['HTTPRoute spec.rules.sessionPersistence.{type,header.name}'],
  'keeps a client that sends back a header on one endpoint',
  async () => {
    await world.write(httpRoute('r', `[{sessionPersistence: {type: Header, header: {name: x-my-session}}, ${to('http-pool')}}]`))
    const first = await world.ask()
    const session = first.headers['x-my-session']
    expect(typeof session).toBe('string')
    const held = await answerers(30, () => world.answerer({ headers: { 'x-my-session': String(session) } }))
    expect([...held.keys()]).toEqual([first.echo?.backend])
    expect((await answerers(60, () => world.answerer())).size).toBe(3)
  },
)

feature(
  ['GRPCRoute spec.rules.sessionPersistence.{type,absoluteTimeout,cookie.name,cookie.path,cookie.lifetimeType,header.name}'],
  'keeps a caller of gRPC on one endpoint, by cookie or by header',
  async () => {
    const spec = {
      cookie: 'type: Cookie, absoluteTimeout: 10m, cookie: {name: call, path: /test.Echo, lifetimeType: Permanent}',
      session: 'type: Cookie, absoluteTimeout: 10m, cookie: {name: call}',
      header: 'type: Header, header: {name: x-call-session}',
    }
    const client = connectGrpc({ ...world.headgate.place('default/gw', 80), authority: 'example.com' })
    const connection = world.headgate.http2('default/gw', 80)
    try {
      const headers = async (which: keyof typeof spec) => {
        await world.write(route('GRPCRoute', 'r', `[{sessionPersistence: {${spec[which]}}, ${to('grpc-pool')}}]`))
        const answer = await connection.send({
          method: 'POST',
          path: '/test.Echo/One',
          host: 'example.com',
          headers: { 'content-type': 'application/grpc', te: 'trailers' },
          body: '\0\0\0\0\u0002{}',
        })
        return answer.headers
      }
      const called = (metadata: Readonly<Record<string, string>>) =>
        answerers(30, async () => {
          const { code, echo } = await client.call('/test.Echo/One', metadata)
          return echo?.backend ?? code
        })
      const [session = ''] = (await headers('session'))['set-cookie'] ?? []
      expect(session).toMatch(/^call="[^"]+"; Path=\/; HttpOnly$/)
      const byHeader = String((await headers('header'))['x-call-session'])
      expect((await called({ 'x-call-session': byHeader })).size).toBe(1)
      const [permanent = ''] = (await headers('cookie'))['set-cookie'] ?? []
      expect(permanent).toMatch(/^call="[^"]+"; Max-Age=600; Path=\/test.Echo; HttpOnly$/)
      expect((await called({ cookie: permanent.split(';')[0] ?? '' })).size).toBe(1)
      expect((await called({})).size).toBe(3)
    } finally {
      client.close()
      connection.close()
    }
  },
)
