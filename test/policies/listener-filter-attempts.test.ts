/** Listeners whose filter lets nobody in: every way to write a request is served without the filter, and none with it, in both packings of routes. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { backend, gateway, httpRoute, ref, to, under } from '../features/manifests.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { sendRaw } from './raw-http.js'
import { type Attempt, pathAttempts, rawRequest } from './support/attempts.js'

const PACKINGS: readonly RoutePacking[] = ['rds', 'scoped']

let headgates: readonly Standalone[] = []
let secret: TestBackend
let nobody: Server
beforeAll(async () => {
  secret = await startBackend('secret')
  nobody = createServer((_request, response) => response.writeHead(401).end('who are you?'))
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve))
  headgates = await Promise.all(PACKINGS.map((routePacking) => startTestStandalone({ routePacking })))
}, 120_000)
afterAll(async () => {
  nobody?.closeAllConnections()
  nobody?.close()
  await Promise.all([...headgates.map((each) => each.stop()), secret?.close()])
})

const listener = (filters: string): string => gateway('gw', `[{name: http, port: 80, protocol: HTTP${filters}}]`)
const OPEN = listener('')
const GUARDED = listener(
  `, filters: {requests: [{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {${ref('nobody')}}, http: {}}}]}`,
)
/** An exact host, a wildcard and all others. */
const ROUTES = [
  httpRoute('exact', `[${under('/admin', to('secret'))}]`, 'parentRefs: [{name: gw}]\n  hostnames: [example.com]'),
  httpRoute('wild', `[{${to('secret')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: ["*.example.com"]'),
  httpRoute('any', `[{${to('secret')}}]`),
]
const at = (host: string): string => `GET /admin HTTP/1.1\r\nhost: ${host}\r\n\r\n`
const ATTEMPTS: readonly Attempt[] = [
  ...pathAttempts(),
  ...[
    'a.example.com',
    'A.EXAMPLE.com',
    'b.a.example.com:80',
    'example.com.',
    'other.example.org',
    'OTHER.example.org',
    '[::1]',
    '127.0.0.1',
  ].map((host) => ({
    how: `the host ${host}`,
    bytes: at(host),
  })),
  {
    how: 'a header that says who it is',
    bytes: rawRequest('GET /admin HTTP/1.1', 'x-ext-authz: ok', 'x-user: root', 'authorization: Bearer x'),
  },
  { how: 'a header for the failure mode', bytes: rawRequest('GET /admin HTTP/1.1', 'x-envoy-auth-failure-mode-allowed: true') },
  { how: 'a header of the proxy for scopes', bytes: rawRequest('GET /admin HTTP/1.1', 'x-headgate-scope: none#*') },
]

/** What each attempt comes to, for each packing. */
function outcomes(): Promise<readonly (readonly (readonly [string, number])[])[]> {
  return Promise.all(
    headgates.map((headgate) =>
      Promise.all(ATTEMPTS.map(async ({ how, bytes }) => [how, (await sendRaw(headgate.place('default/gw', 80), bytes)).status] as const)),
    ),
  )
}

it('nobody gets around the filter of a listener', async () => {
  const objects = [backend(secret), backend({ name: 'nobody', port: (nobody.address() as AddressInfo).port }), ...ROUTES]
  const serve = (listening: string) =>
    Promise.all(headgates.map((headgate) => headgate.write('objects', [listening, ...objects].join('---'))))
  await serve(OPEN)
  for (const found of await outcomes()) expect(found.filter(([, status]) => status !== 200 && status !== 101)).toEqual([])
  await serve(GUARDED)
  const seen = secret.requests.length
  for (const found of await outcomes()) expect(found.filter(([, status]) => status !== 401)).toEqual([])
  expect(secret.requests).toHaveLength(seen)
}, 120_000)
