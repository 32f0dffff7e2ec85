/** Copies of requests, of rules and of backends. */
import { createServer, type Server, type Socket } from 'node:net'
import { expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { feature } from './feature.js'
import { backend, httpRoute, namespace, ref, service, to, under } from './manifests.js'
import { answerers, featureWorld } from './world.js'

const world = featureWorld(['a', 'copy', 'other'])
const PATHS = ['/rule', '/backend']

function routeWith(...mirrors: readonly string[]): string {
  const filters = mirrors.map((mirror) => `{type: RequestMirror, requestMirror: {${mirror}}}`).join()
  const ofBackend = under('/backend', `backendRefs: [{${ref('a')}, filters: [${filters}]}]`)
  return httpRoute('r', `[${under('/rule', `filters: [${filters}], ${to('a')}`)}, ${ofBackend}]`)
}

/** How many copies of requests with a query arrived at a backend. */
function copies(name: string, query: string): number {
  return world.backend(name).requests.filter(({ path }) => path.endsWith(`?${query}`)).length
}

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.requestMirror.backendRef.{group,kind,name}'],
  'sends copies to every mirror, and the answer of the backend to the client',
  async () => {
    await world.write(routeWith(`backendRef: {${ref('copy')}}`, `backendRef: {${ref('other')}}`))
    for (const path of PATHS) {
      const query = `first-${path.slice(1)}`
      expect(await world.answerer({ path: `${path}?${query}`, method: 'POST', body: 'text' })).toBe('a')
      await eventually(() => expect([copies('copy', query), copies('other', query), copies('a', query)]).toEqual([1, 1, 1]))
      expect(world.backend('copy').requests.at(-1)?.body).toBe('text')
    }
    await world.write(routeWith('backendRef: {group: example.com, kind: Thing, name: copy}'))
    expect(world.conditions('HTTPRoute/default/r')).toContain('ResolvedRefs=False/InvalidKind')
    for (const path of PATHS) expect(await world.answerer({ path })).toBe('a')
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.requestMirror.backendRef.{namespace,port}'],
  'copies to a port of a Service in another namespace once a grant allows it',
  async () => {
    const shop = [namespace('shop'), service('copies', [world.backend('other'), world.backend('copy')], 'shop')]
    const mirrored = routeWith('backendRef: {name: copies, namespace: shop, port: 8002}')
    await world.write(...shop, mirrored)
    expect(world.conditions('HTTPRoute/default/r')).toContain('ResolvedRefs=False/RefNotPermitted')
    await world.write(
      ...shop,
      mirrored,
      `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: shop}
spec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}], to: [{group: '', kind: Service}]}
`,
    )
    for (const path of PATHS) {
      const query = `granted-${path.slice(1)}`
      expect(await world.answerer({ path: `${path}?${query}` })).toBe('a')
      await eventually(() => expect([copies('copy', query), copies('other', query)]).toEqual([1, 0]))
    }
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.requestMirror.{percent,fraction.numerator,fraction.denominator}'],
  'copies a share of the requests',
  async () => {
    const rows: readonly (readonly [share: string, least: number, most: number])[] = [
      ['percent: 0', 0, 0],
      ['percent: 50', 60, 140],
      ['percent: 100', 200, 200],
      ['fraction: {numerator: 1, denominator: 4}', 20, 85],
      ['fraction: {numerator: 90}', 155, 200],
    ]
    for (const [share, least, most] of rows) {
      await world.write(routeWith(`backendRef: {${ref('copy')}}, ${share}`))
      for (const path of PATHS) {
        const query = `${share.replace(/[^a-z0-9]/g, '')}-${path.slice(1)}`
        expect(await answerers(200, () => world.answerer({ path: `${path}?${query}` }))).toEqual(new Map([['a', 200]]))
        await eventually(() => expect(copies('copy', query)).toBeGreaterThanOrEqual(least))
        expect([share, path, copies('copy', query) <= most]).toEqual([share, path, true])
      }
    }
  },
)

/** Takes connections and never answers. */
async function silent(reads: boolean): Promise<{ readonly port: number; readonly sockets: ReadonlySet<Socket>; readonly server: Server }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (reads) socket.resume()
    else socket.pause()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it listens on a port')
  return { port: address.port, sockets, server }
}

it('a mirror that takes nothing and one that does not answer keep neither clients nor connections for long', async () => {
  const deaf = await silent(false)
  const mute = await silent(true)
  try {
    const mirrored = (name: string) => `filters: [{type: RequestMirror, requestMirror: {backendRef: {${ref(name)}}}}], ${to('a')}`
    await world.write(
      backend({ name: 'deaf', port: deaf.port }),
      backend({ name: 'mute', port: mute.port }),
      httpRoute('r', `[${under('/deaf', mirrored('deaf'))}, ${under('/mute', mirrored('mute'))}]`),
    )
    const body = 'x'.repeat(20_000_000)
    const upload = world.ask({ path: '/deaf?bytes=1', method: 'POST', body, timeoutMs: 40_000 })
    const begin = performance.now()
    expect((await answerers(200, () => world.answerer({ path: '/mute' }))).get('a')).toBe(200)
    expect(performance.now() - begin).toBeLessThan(10_000)
    expect((await upload).status).toBe(200)
    await eventually(() => expect(mute.sockets.size).toBe(0), 20_000)
  } finally {
    for (const { sockets, server } of [deaf, mute]) {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  }
}, 60_000)
