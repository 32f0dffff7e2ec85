/** Filters of listeners where routes are packed as scopes: a request whose scope has to be searched gets its filters before its route. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { backend, gateway, httpRoute, ref, to } from './manifests.js'

let headgate: Standalone
let backends: readonly TestBackend[] = []
beforeAll(async () => {
  backends = await Promise.all(['app', 'members', 'check'].map((name) => startBackend(name)))
  headgate = await startTestStandalone({ routePacking: 'scoped' })
}, 60_000)
afterAll(async () => {
  await headgate?.stop()
  await Promise.all(backends.map((each) => each.close()))
})

const HOSTS = [
  'exact.example.com',
  'EXACT.example.com',
  'exact.example.com:80',
  'a.wild.example.com',
  'b.a.wild.example.com',
  'other.example.net',
]

it('asks about exact hosts, wildcards and hosts that nobody names, and leaves the filters of the route found at last in force', async () => {
  const auth = (name: string) => `{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {${ref(name)}}, http: {}}}`
  const user = (name: string) => `matches: [{headers: [{name: x-user, value: ${name}}]}]`
  const rules = `[{${user('ann')}, ${to('members')}}, {${user('bob')}, filters: [${auth('missing')}], ${to('members')}}, {${to('app')}}]`
  const routes = [
    httpRoute('exact', rules, 'parentRefs: [{name: gw}]\n  hostnames: [exact.example.com]'),
    httpRoute('wild', rules, 'parentRefs: [{name: gw}]\n  hostnames: ["*.wild.example.com"]'),
    httpRoute('any', rules),
  ]
  const listener = `[{name: http, port: 80, protocol: HTTP, filters: {requests: [${auth('check')}]}}]`
  await headgate.write('objects', [gateway('gw', listener), ...backends.map((each) => backend(each)), ...routes].join('---'))
  const ask = async (path: string) => {
    const answers = await Promise.all(HOSTS.map((host) => headgate.send('default/gw', 80, { host, path })))
    return answers.map(({ status, echo }) => (status === 200 ? echo?.backend : status))
  }
  expect(await ask('/')).toEqual(HOSTS.map(() => 'app'))
  expect(await ask('/?header=x-user:ann')).toEqual(HOSTS.map(() => 'members'))
  expect(await ask('/?header=x-user:bob')).toEqual(HOSTS.map(() => 403))
  expect(await ask('/?status=401')).toEqual(HOSTS.map(() => 401))
  expect(await ask('/?header=x-headgate-scope:elsewhere')).toEqual(HOSTS.map(() => 'app'))
}, 60_000)
