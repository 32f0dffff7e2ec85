/**
 * Programs and credentials where routes are packed as scopes: a request whose scope has to be searched gets its filters before its route, and
 * must not get around them.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { backend, gateway, httpRoute, to } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
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

it('every host passes them', async () => {
  const uses = 'filters: [{type: ExtensionRef, extensionRef: {group: headgate.dev, kind: HTTPRouteFilter, name: f}}]'
  const routes = ['[exact.example.com]', '["*.wild.example.com"]', undefined].map((hostnames, at) =>
    httpRoute(
      `r${at}`,
      `[{${uses}, ${to('app')}}]`,
      `parentRefs: [{name: gw}]${hostnames === undefined ? '' : `\n  hostnames: ${hostnames}`}`,
    ),
  )
  const script = 'function envoy_on_request(handle) handle:headers():replace("x-lua", "yes") end'
  const objects = `
apiVersion: headgate.dev/v1alpha1
kind: HTTPRouteFilter
metadata: {name: f}
spec: {credentialInjection: {overwrite: true, credential: {valueRef: {name: key}}}}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {credential: Bearer key}
---
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  lua: [{inline: ${JSON.stringify(script)}}, {inline: ${JSON.stringify(script.replace('x-lua', 'x-second'))}}]
`
  await headgate.write('objects', [gateway('gw'), backend(app), ...routes, objects].join('---'))
  for (const host of HOSTS) {
    await eventually(async () => {
      const { echo } = await headgate.send('default/gw', 80, { host, path: '/', headers: { authorization: 'mine' } })
      expect([host, echo?.headers]).toMatchObject([host, { authorization: 'Bearer key', 'x-lua': 'yes', 'x-second': 'yes' }])
    })
  }
}, 60_000)
