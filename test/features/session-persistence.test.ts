/** Sessions that stay with one endpoint. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { gateway, httpRoute, type Target, to, under } from './manifests.js'
import { answerers, featureWorld } from './world.js'

const world = featureWorld(['a', 'b', 'c'], () => {
  const targets = ['a', 'b', 'c'].map((name) => world.backend(name))
  return [gateway('gw'), pool('http-pool', targets)].join('---')
})

function pool(name: string, targets: readonly Target[]): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: ${name}}
spec:
  endpoints: [${targets.map(({ port }) => `{ip: {address: 127.0.0.1, port: ${port}}}`).join(', ')}]
`
}

/** The cookie that an answer sets, without its value; undefined when it sets none. */
async function cookie(path: string): Promise<{ readonly pair: string; readonly attributes: string } | undefined> {
  const [text] = (await world.ask({ path })).headers['set-cookie'] ?? []
  const [pair = '', ...attributes] = text?.split(';').map((each) => each.trim()) ?? []
  return text === undefined ? undefined : { pair, attributes: attributes.join('; ') }
}

feature(
  ['HTTPRoute spec.rules.sessionPersistence.{absoluteTimeout,cookie.name,cookie.path,cookie.lifetimeType}'],
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
