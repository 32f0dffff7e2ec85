/** Authorization where routes are packed as scopes: a request whose scope has to be searched gets its filters before its route. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { backend, gateway, httpRoute, to } from '../features/manifests.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'

let headgate: Standalone
let app: TestBackend
beforeAll(async () => {
  app = await startBackend('app')
  headgate = await startTestStandalone({ routePacking: 'scoped' })
}, 60_000)
afterAll(async () => {
  await headgate?.stop()
  await app?.close()
})

const HOSTS = [
  'exact.example.com',
  'EXACT.example.com',
  'exact.example.com:80',
  'a.wild.example.com',
  'b.a.wild.example.com',
  'other.example.net',
]

async function statuses(): Promise<readonly number[]> {
  const answers = await Promise.all(HOSTS.map((host) => headgate.send('default/gw', 80, { host, path: '/' })))
  return answers.map(({ status }) => status)
}

it('guards exact hosts, wildcards and hosts that nobody names', async () => {
  const routes = [
    httpRoute('exact', `[{${to('app')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: [exact.example.com]'),
    httpRoute('wild', `[{${to('app')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: ["*.wild.example.com"]'),
    httpRoute('any', `[{${to('app')}}]`),
  ]
  await headgate.write('objects', [gateway('gw'), backend(app), ...routes].join('---'))
  expect(await statuses()).toEqual(HOSTS.map(() => 200))
  await headgate.write(
    'policy',
    `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  authorization: {rules: [{action: Allow, principal: {clientCIDRs: [10.0.0.0/8]}}]}
`,
  )
  const seen = app.requests.length
  expect(await statuses()).toEqual(HOSTS.map(() => 403))
  expect(app.requests).toHaveLength(seen)
}, 60_000)
