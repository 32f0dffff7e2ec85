/** Sessions that stay with one endpoint. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { gateway, httpRoute, ref, service, type Target, to, under } from './manifests.js'
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

/** The cookies that answers set, as a browser brings them back. */
async function cookies(path: string): Promise<string> {
  const set = (await world.ask({ path })).headers['set-cookie'] ?? []
  return set.map((text) => text.split(';', 1)[0]).join('; ')
}

feature(
  ['HTTPRoute spec.rules.sessionPersistence.type'],
  'keeps a client with its cookies on one of several backends, whatever becomes of their weights',
  async () => {
    const split = (a: number, b: number) =>
      httpRoute(
        'r',
        `[${[
          under(
            '/session',
            `sessionPersistence: {type: Cookie, cookie: {name: cart}}, backendRefs: [{${ref('a')}, weight: ${a}}, {${ref('b')}, weight: ${b}}]`,
          ),
          under(
            '/rewrite',
            `sessionPersistence: {type: Cookie, absoluteTimeout: 1h, cookie: {name: trip, lifetimeType: Permanent}}, backendRefs: [{${ref('a')}, weight: ${a}, filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /of-a}}}]}, {${ref('b')}, weight: ${b}}]`,
          ),
        ].join()}]`,
      )
    await world.write(split(1, 1))
    for (const path of ['/session', '/rewrite']) {
      const held = new Set<string | number>()
      for (let client = 0; client < 12; client += 1) {
        const cookie = await cookies(path)
        const found = await answerers(20, () => world.answerer({ path, headers: { cookie } }))
        expect([path, found.size]).toEqual([path, 1])
        for (const name of found.keys()) held.add(name)
      }
      // Clients without a session are shared out all the same.
      expect([...held].sort()).toEqual(['a', 'b'])
    }
    const clients = await Promise.all(['/session', '/rewrite'].map(async (path) => ({ path, cookie: await cookies(path) })))
    const before = await Promise.all(clients.map(({ path, cookie }) => world.ask({ path, headers: { cookie } })))
    expect(before.map((answer) => answer.headers['set-cookie'])).toEqual([undefined, undefined])
    // Also with one that new clients do not come to any more: its sessions end with it, not before.
    for (const share of [1, 99, 0, 100]) {
      await world.write(split(share, 100 - share))
      for (const [at, { path, cookie }] of clients.entries()) {
        const found = await answerers(20, () => world.answerer({ path, headers: { cookie } }))
        expect([...found.keys()]).toEqual([before[at]?.echo?.backend])
      }
    }
    await world.write(split(0, 1))
    expect([...(await answerers(20, () => world.answerer({ path: '/session' }))).keys()]).toEqual(['b'])
  },
)

feature(
  ['HTTPRoute spec.rules.sessionPersistence.type'],
  'finds another backend for sessions with one that has no endpoint any more, or that the rule does not name',
  async () => {
    const sticky = (weights: readonly number[]) =>
      httpRoute(
        'r',
        `[{sessionPersistence: {type: Cookie, cookie: {name: cart}}, backendRefs: [${weights
          .map((weight, at) => `{name: ${['old', 'new'][at]}, port: 8001, weight: ${weight}}`)
          .join()}]}]`,
      )
    const old = service('old', [world.backend('a')])
    const next = service('new', [world.backend('b')])
    const [withoutEndpoints = ''] = old.split('---')
    await world.write(old, next, sticky([1, 0]))
    const cookie = await cookies('/')
    const ask = () => world.answerer({ headers: { cookie } })
    await world.write(old, next, sticky([0, 1]))
    expect([...(await answerers(20, ask)).keys()]).toEqual(['a'])
    await world.write(withoutEndpoints, next, sticky([0, 1]))
    expect([...(await answerers(20, ask)).keys()]).toEqual(['b'])
    // Of new clients each backend has its share, one that answers nothing too; the others are there for whoever was with that one.
    await world.write(withoutEndpoints, next, sticky([1, 1]))
    expect([...(await answerers(60, ask)).keys()].sort()).toEqual([503, 'b'])
    await world.write(old, next, sticky([0, 1]))
    expect([...(await answerers(20, ask)).keys()]).toEqual(['a'])
    await world.write(
      old,
      next,
      httpRoute('r', '[{sessionPersistence: {type: Cookie, cookie: {name: cart}}, backendRefs: [{name: new, port: 8001}]}]'),
    )
    expect([...(await answerers(20, ask)).keys()]).toEqual(['b'])
  },
)

feature(
  ['HTTPRoute spec.rules.sessionPersistence.type'],
  'says where sessions are shared out among several backends all the same',
  async () => {
    await world.write(
      httpRoute('r', `[{sessionPersistence: {type: Header, header: {name: x-my-session}}, ${to('a', 'b')}}]`),
      httpRoute('one', `[{sessionPersistence: {type: Header, header: {name: x-my-session}}, ${to('a')}}]`),
    )
    expect(world.stored('HTTPRoute/default/r').parents?.[0]?.conditions.find(({ type }) => type === 'PartiallyInvalid')?.message).toBe(
      'spec.rules[0].sessionPersistence: by a header, requests of a session are shared out among several backends: use a cookie.',
    )
    expect(world.conditions('HTTPRoute/default/one').filter((each) => each.startsWith('PartiallyInvalid'))).toEqual([])
  },
)
