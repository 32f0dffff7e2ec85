/** Upgrades in both packings of routes, however the host is written: a request whose scope has to be searched gets its filters before its route. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { backend, gateway, httpRoute, to, under } from '../features/manifests.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { policy } from './backend-traffic.js'
import { type RawBackend, startRawBackend } from './raw-backend.js'
import { sendRaw } from './raw-http.js'

const PACKINGS: readonly RoutePacking[] = ['rds', 'scoped']

let headgates: readonly Standalone[] = []
let switching: RawBackend
beforeAll(async () => {
  switching = await startRawBackend('switching', () => 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: any\r\n\r\n')
  headgates = await Promise.all(PACKINGS.map((routePacking) => startTestStandalone({ routePacking })))
}, 120_000)
afterAll(async () => {
  await Promise.all([...headgates.map((each) => each.stop()), switching?.close()])
})

/** A rule per way to treat upgrades, the same for an exact host, a wildcard, and all others. */
const RULES = `[${['forbidden', 'plain', 'spdy'].map((name) => under(`/${name}`, `name: ${name}, ${to('switching')}`)).join(', ')}]`
const HOSTS = ['exact.example.com', 'a.wild.example.com', 'other.example.org']
const ROUTES: Readonly<Record<string, string>> = { exact: 'exact.example.com', wild: '*.wild.example.com', any: '' }

const objects = Object.entries(ROUTES).flatMap(([name, host]) => {
  const about = (rule: string, says: string): string =>
    policy(
      `targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${name}, sectionName: ${rule}}], httpUpgrade: [${says}]`,
      `${name}-${rule}`,
    )
  return [
    httpRoute(name, RULES, host === '' ? 'parentRefs: [{name: gw}]' : `parentRefs: [{name: gw}]\n  hostnames: ["${host}"]`),
    about('forbidden', ''),
    about('spdy', '{type: SPDY/3.1}'),
  ]
})

/** Which requests of this kind become upgrades: for each packing one list over the rules. */
function upgraded(host: string, protocol: string, connection = 'Upgrade'): Promise<readonly (readonly number[])[]> {
  return Promise.all(
    headgates.map((headgate) =>
      Promise.all(
        ['/forbidden', '/plain', '/spdy'].map(async (path) => {
          const bytes = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${connection}\r\nupgrade: ${protocol}\r\n\r\n`
          return (await sendRaw(headgate.place('default/gw', 80), bytes)).status
        }),
      ),
    ),
  )
}

it('a rule that forbids upgrades takes none, and every other one those that it names', async () => {
  for (const headgate of headgates) await headgate.write('objects', [gateway('gw'), backend(switching), ...objects].join('---'))
  const both = (...statuses: readonly number[]) => PACKINGS.map(() => statuses)
  await Promise.all(
    HOSTS.flatMap((host) => [host, `${host}:80`, `${host}.`]).map(async (host) => {
      expect([host, await upgraded(host, 'websocket')]).toEqual([host, both(403, 101, 403)])
      expect([host, await upgraded(host, 'WebSocket', 'keep-alive, upgrade')]).toEqual([host, both(403, 101, 403)])
      expect([host, await upgraded(host, 'spdy/3.1')]).toEqual([host, both(403, 403, 101)])
      expect([host, await upgraded(host, 'h2c-none')]).toEqual([host, both(403, 403, 403)])
    }),
  )
  expect(await upgraded('EXACT.example.com', 'websocket')).toEqual(both(403, 101, 403))
  expect(await upgraded('Exact.Example.com:80', 'spdy/3.1')).toEqual(both(403, 403, 101))
  // A host in capitals below a wildcard is searched twice.
  for (const host of ['A.wild.example.com', 'Other.example.org']) {
    expect([host, await upgraded(host, 'websocket')]).toEqual([host, both(403, 101, 403)])
    expect([host, await upgraded(host, 'SPDY/3.1')]).toEqual([host, both(403, 403, 101)])
  }
}, 120_000)
