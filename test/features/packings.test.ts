/** The same objects by each packing, in two standalone Headgates with an Envoy each: the same answers, whatever is asked. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { backend, gateway, httpRoute, to, under } from './manifests.js'

const PACKINGS: readonly RoutePacking[] = ['rds', 'scoped', { scopedAbove: 2 }]
const PORTS = [80, 8081]

let headgates: readonly Standalone[] = []
let backends: readonly TestBackend[] = []
beforeAll(async () => {
  backends = await Promise.all(['exact', 'other', 'near', 'far', 'any'].map((name) => startBackend(name)))
  headgates = await Promise.all(PACKINGS.map((routePacking) => startTestStandalone({ routePacking })))
}, 120_000)
afterAll(async () => {
  await Promise.all([...headgates.map((each) => each.stop()), ...backends.map((each) => each.close())])
})

/** Routes of one listener: the rules of an exact host, then of two wildcards of which one is nearer, then of a route for every host. */
const OBJECTS = [
  gateway('gw', '[{name: a, port: 80, protocol: HTTP}, {name: b, port: 8081, protocol: HTTP}]'),
  httpRoute('exact', `[${under('/exact', to('exact'))}]`, 'parentRefs: [{name: gw, sectionName: a}]\n  hostnames: [x.near.far.test]'),
  httpRoute(
    'other',
    `[${under('/exact', to('other'))}]`,
    'parentRefs: [{name: gw, sectionName: b}]\n  hostnames: [x.near.far.test, y.test]',
  ),
  httpRoute('near', `[${under('/near', to('near'))}]`, 'parentRefs: [{name: gw, sectionName: a}]\n  hostnames: ["*.near.far.test"]'),
  httpRoute('far', `[${under('/far', to('far'))}]`, 'parentRefs: [{name: gw}]\n  hostnames: ["*.far.test"]'),
  httpRoute('any', `[${under('/any', to('any'))}]`, 'parentRefs: [{name: gw}]'),
]
const HOSTS = [
  'x.near.far.test',
  'X.Near.FAR.test',
  'x.near.far.test:8081',
  'x.near.far.test.',
  'X.near.far.test.:80',
  'z.near.far.test',
  'a.b.near.far.test',
  'near.far.test',
  'far.test',
  'y.test',
  'Y.TEST:1',
  'unknown.test',
  '[::1]:80',
  '127.0.0.1',
]
const PATHS = ['/exact', '/near', '/far', '/any', '/none', '/']

it('rules that fall through, ports that share hosts, and every way to write a host', async () => {
  for (const headgate of headgates) {
    await headgate.write('objects', [...OBJECTS, ...backends.map((each) => backend(each))].join('---'))
  }
  const connections = headgates.map((headgate) => PORTS.map((port) => headgate.http2('default/gw', port)))
  const seen = new Set<string | number>()
  for (const [portAt, port] of PORTS.entries()) {
    for (const host of HOSTS) {
      for (const path of PATHS) {
        const answers = await Promise.all(
          headgates.map(async (headgate, at) => {
            const first = await headgate.send('default/gw', port, { host, path })
            const second = await connections[at]?.[portAt]?.send({ host, path })
            return [first, second].map((answer) => answer?.echo?.backend ?? answer?.status)
          }),
        )
        const [rds] = answers
        for (const answer of answers) expect({ port, host, path, answer }).toEqual({ port, host, path, answer: rds })
        for (const one of rds ?? []) seen.add(one ?? 0)
      }
    }
  }
  for (const each of connections.flat()) each.close()
  // The requests reach everything that is there.
  expect([...seen].map(String).sort()).toEqual(['404', 'any', 'exact', 'far', 'near', 'other'])
}, 120_000)
