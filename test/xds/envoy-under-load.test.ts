/**
 * Objects change under load: the whole pipeline, a real Envoy, closed-loop clients that count every answer, and a WebSocket and a gRPC
 * stream that must stay up through all of it. Few rounds by default; more with LONG=1.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { backend, gateway, httpRoute, ref, service, to, under } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { type Load, startLoad } from './support/load.js'
import { type LongLived, startLongLived } from './support/long-lived.js'

const IS_LONG = process.env.LONG === '1'
const ROUNDS = IS_LONG ? 100 : 15
const ROUTES = IS_LONG ? 500 : 45
const TIMEOUT_MS = 120_000
const BUSY = 'busy.test'
/** Hostnames of the route that is busy. */
const spec = (gateways: readonly string[]) =>
  `parentRefs: [${gateways.map((name) => `{name: ${name}}`).join(', ')}]\n  hostnames: [${BUSY}]`

describe('objects change under load', () => {
  let headgate: Standalone
  let one: TestBackend
  let two: TestBackend
  let streams: LongLived
  let loads: readonly Load[] = []

  beforeAll(async () => {
    one = await startBackend('one')
    two = await startBackend('two')
    streams = await startLongLived()
    headgate = await startTestStandalone()
    await headgate.write('base', [gateway('gw'), gateway('other'), backend(one), backend(two), ...streams.objects].join('---'))
    await headgate.write('busy', httpRoute('busy', `[{${to('one')}}]`, spec(['gw'])))
    const place = headgate.place('default/gw', 80)
    await streams.connect(place, place)
  }, TIMEOUT_MS)

  afterEach(async () => {
    await Promise.all(loads.map((load) => load.end()))
  })

  afterAll(async () => {
    streams?.close()
    await headgate?.stop()
    await Promise.all([one?.close(), two?.close()])
  }, TIMEOUT_MS)

  /** Runs the rounds under load and expects nothing but 200, on the connections that were there before. */
  async function underLoad(round: (number: number) => Promise<void>): Promise<void> {
    const place = headgate.place('default/gw', 80)
    loads = ['/', '/a', '/b'].map((path) => startLoad({ ...place, host: BUSY, path }))
    for (let number = 1; number <= ROUNDS; number++) await round(number)
    await eventually(() => {
      for (const load of loads) expect(load.total()).toBeGreaterThan(10)
    })
    const connections = loads.map((load) => load.connections())
    const answers = await Promise.all(loads.map((load) => load.end()))
    for (const seen of answers) expect(Object.keys(seen)).toEqual(['200'])
    expect(connections).toEqual([1, 1, 1])
    await streams.expectUp()
    expect(headgate.running.controlPlane.server.rejected.list()).toEqual([])
  }

  const rule = (path: string, name: string): string => under(path, to(name))
  const writeBusy = (rules: readonly string[], gateways: readonly string[] = ['gw']) =>
    headgate.write('busy', httpRoute('busy', `[${rules.join(', ')}]`, spec(gateways)))

  it(
    'rules are reordered, added and removed',
    async () => {
      const rules = [rule('/', 'one'), rule('/a', 'two'), rule('/b', 'one'), rule('/c', 'two')]
      await underLoad(async (number) => {
        const from = number % rules.length
        await writeBusy([...rules.slice(from), ...rules.slice(0, from)].slice(0, 1 + (number % 4)).concat(rule('/', 'one')))
      })
    },
    TIMEOUT_MS,
  )

  it(
    'the backend of a route is replaced',
    async () => {
      await underLoad((number) => writeBusy([rule('/', number % 2 === 0 ? 'one' : 'two')]))
    },
    TIMEOUT_MS,
  )

  it(
    'a Service is recreated with other ports',
    async () => {
      const rules = (port: number) => [under('/', `backendRefs: [{name: svc, port: ${port}}]`)]
      await underLoad(async (number) => {
        const isOdd = number % 2 === 1
        const objects = [service('svc', isOdd ? [one] : [two, one]), httpRoute('busy', `[${rules(isOdd ? 8001 : 8002)}]`, spec(['gw']))]
        await headgate.write('busy', objects.join('---'))
      })
    },
    TIMEOUT_MS,
  )

  it(
    'a route moves between gateways; what it leaves is served by the route behind it',
    async () => {
      await headgate.write('rest', httpRoute('rest', `[{${to('two')}}]`, 'parentRefs: [{name: gw}, {name: other}]'))
      const other = headgate.place('default/other', 80)
      const there = startLoad({ ...other, host: BUSY })
      await underLoad((number) => writeBusy([rule('/', 'one')], number % 2 === 0 ? ['gw'] : ['other']))
      expect(Object.keys(await there.end())).toEqual(['200'])
      await headgate.remove('rest')
    },
    TIMEOUT_MS,
  )

  it(
    'a listener is added and removed beside the busy one',
    async () => {
      await writeBusy([rule('/', 'one')])
      await underLoad(async (number) => {
        const isOdd = number % 2 === 1
        if (isOdd)
          await headgate.write('side', gateway('side', '[{name: a, port: 81, protocol: HTTP}, {name: b, port: 82, protocol: HTTP}]'))
        else await headgate.remove('side')
      })
    },
    TIMEOUT_MS,
  )

  it(
    'filters, timeouts and policies of the busy route and its backend come and go',
    async () => {
      const filters = [
        'filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-a, value: b}]}}]',
        'timeouts: {request: 5s}',
        'retry: {attempts: 2, codes: [503]}',
        'filters: [{type: CORS, cors: {allowOrigins: ["https://a.test"]}}]',
      ]
      const policy = `
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {name: policy}
spec:
  targetRefs: [{group: "", kind: Service, name: svc}]
  sessionPersistence: {cookie: {name: sticky}}
`
      await underLoad(async (number) => {
        const extra = filters[number % filters.length] ?? ''
        const rules = `[{${extra}, backendRefs: [{name: svc, port: 8001}]}]`
        const objects = [service('svc', [one]), httpRoute('busy', rules, spec(['gw'])), ...(number % 2 === 0 ? [policy] : [])]
        await headgate.write('busy', objects.join('---'))
      })
    },
    TIMEOUT_MS,
  )

  it(
    'a mistake in one route, and its correction, touch nothing else',
    async () => {
      await writeBusy([rule('/', 'one')])
      await underLoad(async (number) => {
        const target = number % 2 === 0 ? `{${ref('one')}}` : `{${ref('missing')}}`
        await headgate.write(
          'side',
          httpRoute('side', `[{backendRefs: [${target}]}]`, 'parentRefs: [{name: gw}]\n  hostnames: [side.test]'),
        )
      })
      await headgate.remove('side')
    },
    TIMEOUT_MS,
  )

  it(
    `${ROUTES} routes to new Services are added one by one: the first answer after 404 is 200`,
    async () => {
      const perRound = ROUTES / ROUNDS
      const status = async (name: string): Promise<number> =>
        (await headgate.send('default/fresh', 80, { host: `${name}.added.test` })).status
      await headgate.write('fresh', gateway('fresh'))
      expect(await status('nobody')).toBe(404)
      await underLoad(async (number) => {
        for (let index = (number - 1) * perRound; index < number * perRound; index++) {
          const name = `n${index}`
          const hostnames = `parentRefs: [{name: fresh}]\n  hostnames: [${name}.added.test]`
          const route = httpRoute(name, `[{backendRefs: [{name: ${name}, port: 8001}]}]`, hostnames)
          await headgate.put(name, [service(name, [index % 2 === 0 ? one : two]), route].join('---'))
          const seen = [await status(name)]
          while (seen.at(-1) !== 200 && seen.length < 5_000) seen.push(await status(name))
          expect([name, [...new Set(seen)].filter((each) => each !== 404)]).toEqual([name, [200]])
        }
      })
    },
    TIMEOUT_MS,
  )
})
