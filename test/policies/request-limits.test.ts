/** Limits for bodies hold in every way that a body may arrive, whoever waits before them, in both packings of routes. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { backend, gateway, httpRoute, ref, to } from '../features/manifests.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type LimitServer, startLimitServer } from '../support/limit-server.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { ABOUT_ROUTE, onRoute } from './backend-traffic.js'
import { sendRaw } from './raw-http.js'
import { securityPolicy } from './support/attempts.js'
import { SENDINGS } from './support/bodies.js'

const PACKINGS: readonly RoutePacking[] = ['rds', 'scoped']
const LETTERS = Array.from({ length: 10_000 }, (_, at) => String(at * 7_919)).join(' ')

let headgates: readonly Standalone[] = []
let backends: readonly TestBackend[] = []
let limits: LimitServer
let zipped: Server
beforeAll(async () => {
  limits = await startLimitServer()
  backends = await Promise.all(['app', 'check'].map((name) => startBackend(name)))
  zipped = createServer((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(LETTERS)))
  await new Promise<void>((resolve) => zipped.listen(0, '127.0.0.1', resolve))
  headgates = await Promise.all(
    PACKINGS.map((routePacking) => startTestStandalone({ routePacking, rateLimitService: { host: '127.0.0.1', port: limits.port } })),
  )
}, 120_000)
afterAll(async () => {
  await Promise.all(headgates.map((each) => each.stop()))
  await Promise.all(backends.map((each) => each.close()))
  zipped?.closeAllConnections()
  zipped?.close()
  limits?.close()
})

const ask = (more = ''): string => `{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {${ref('check')}}, http: {}${more}}}`
const listener = (...filters: readonly string[]): string =>
  gateway('gw', `[{name: http, port: 80, protocol: HTTP${filters.length === 0 ? '' : `, filters: {requests: [${filters.join(', ')}]}`}}]`)
const ROUTE = httpRoute('r', `[{${to('app')}}]`)
const BUFFER = 'requestBuffer: {limit: "4"}'
const RATE_LIMIT = 'rateLimit: {type: Global, rules: [{limit: {requests: 1000000, unit: Second}}]}'

async function serve(...objects: readonly string[]): Promise<void> {
  const places = [...backends, { name: 'zipped', port: (zipped.address() as AddressInfo).port }]
  await Promise.all(headgates.map((each) => each.write('objects', [...objects, ...places.map((place) => backend(place))].join('---'))))
}

/** Each body of a size, in each way, in each packing: the status if it is not the one that was to be expected. */
async function surprises(): Promise<readonly string[]> {
  const found = await Promise.all(
    headgates.flatMap((headgate, at) =>
      [4, 5, 5_000, 100_000].flatMap((size) =>
        SENDINGS.map(async ({ how, send }) => {
          const status = await send(headgate, '/', Buffer.alloc(size, 'x'))
          return status === (size <= 4 ? 200 : 413) ? [] : [`${PACKINGS[at]}: ${how}, ${size} bytes: ${status}`]
        }),
      ),
    ),
  )
  return found.flat()
}

/** Fails where a body of more than four bytes got to the backend, or an answer was not what its sender should get. */
async function noneGetsLarger(objects: readonly string[]): Promise<void> {
  await serve(...objects)
  expect(await surprises()).toEqual([])
  expect(backends[0]?.requests.filter(({ body }) => body.length > 4)).toEqual([])
}

describe('no backend gets a larger body', () => {
  const rows: readonly (readonly [who: string, objects: readonly string[]])[] = [
    ['nobody', [listener(), ROUTE, onRoute(BUFFER)]],
    ['a filter of the listener', [listener(ask()), ROUTE, onRoute(BUFFER)]],
    ['a filter of the route', [listener(), httpRoute('r', `[{filters: [${ask()}], ${to('app')}}]`), onRoute(BUFFER)]],
    ['the rate limit service', [listener(), ROUTE, onRoute(`${BUFFER}, ${RATE_LIMIT}`)]],
    ['a fault', [listener(), ROUTE, onRoute(`${BUFFER}, faultInjection: {delay: {fixedDelay: 10ms}}`)]],
    ['a limit for bandwidth', [listener(), ROUTE, onRoute(`${BUFFER}, bandwidthLimit: {request: {limit: {value: 100Mi, unit: Second}}}`)]],
    [
      'everybody',
      [listener(ask()), ROUTE, onRoute(`${BUFFER}, ${RATE_LIMIT}, bandwidthLimit: {request: {limit: {value: 100Mi, unit: Second}}}`)],
    ],
  ]
  it.each(rows)('when %s waits before the limit', (_who, objects) => noneGetsLarger(objects), 120_000)
})

it('no backend gets a larger body of who only says that the protocol changes', async () => {
  await serve(listener(), ROUTE, onRoute(BUFFER))
  const sayings = [
    'upgrade: websocket',
    'connection: upgrade\r\nupgrade: websocket',
    'connection: upgrade\r\nupgrade: h2c',
    'connection: upgrade\r\nupgrade: other',
    'connection: upgrade\r\nupgrade:',
  ]
  for (const headgate of headgates) {
    for (const saying of sayings) {
      for (const body of ['content-length: 5\r\n\r\nlarge', 'transfer-encoding: chunked\r\n\r\n5\r\nlarge\r\n0\r\n\r\n']) {
        const { status } = await sendRaw(headgate.place('default/gw', 80), `POST / HTTP/1.1\r\nhost: example.com\r\n${saying}\r\n${body}`)
        // A backend that takes upgrades refuses what is no WebSocket.
        expect([saying, body, status >= 400]).toEqual([saying, body, true])
      }
    }
  }
  expect(backends[0]?.requests.filter(({ body }) => body.length > 4)).toEqual([])
})

describe('no backend gets a body that the server which was asked did not see whole', () => {
  const rows: readonly (readonly [who: string, objects: readonly string[]])[] = [
    ['the listener', [listener(ask(', forwardBody: {maxSize: 4}')), ROUTE]],
    ['the listener, after another one', [listener(ask(), ask(', forwardBody: {maxSize: 4}')), ROUTE]],
    ['the listener, before others', [listener(ask(), ask(), ask(', forwardBody: {maxSize: 4}'), ask()), ROUTE]],
    ['a route', [listener(), httpRoute('r', `[{filters: [${ask(', forwardBody: {maxSize: 4}')}], ${to('app')}}]`)]],
    [
      'a policy, after another one',
      [
        listener(ask()),
        ROUTE,
        securityPolicy(`${ABOUT_ROUTE}, extAuth: {http: {backendRef: {${ref('check')}}}, bodyToExtAuth: {maxRequestBytes: 4}}`),
      ],
    ],
  ]
  it.each(rows)('when it is one of %s', (_who, objects) => noneGetsLarger(objects), 120_000)
})

it('what counts is the size of a body without compression', async () => {
  const bomb = 'x'.repeat(50_000)
  expect(gzipSync(bomb).length).toBeLessThan(1_000)
  await serve(listener(), ROUTE, onRoute('requestBuffer: {limit: 1Ki}, decompression: [{type: Gzip}]'))
  for (const headgate of headgates) {
    const post = (letters: string): Promise<number> => {
      const client = headgate.http2('default/gw', 80)
      return new Promise<number>((resolve, reject) => {
        const stream = client.session.request({
          ':method': 'POST',
          ':path': '/',
          ':authority': 'example.com',
          'content-encoding': 'gzip',
        })
        stream.on('response', (headers) => resolve(headers[':status'] ?? 0))
        stream.on('error', reject)
        stream.end(gzipSync(letters))
      }).finally(() => client.close())
    }
    expect([await post('x'.repeat(1_000)), await post(bomb)]).toEqual([200, 413])
  }
})

it('what comes behind who waits is not left out', async () => {
  const both = 'decompression: [{type: Gzip, responses: true}]'
  const answers = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    Promise.all(headgates.map((headgate) => headgate.send('default/gw', 80, { host: 'example.com', path, headers })))
  const rule = `matches: [{path: {type: PathPrefix, value: /zipped}}], ${to('zipped')}`
  await serve(
    listener(),
    httpRoute('r', `[{${rule}}, {${to('app')}}]`),
    onRoute(`${both}, ${RATE_LIMIT}, bandwidthLimit: {response: {limit: {value: 100Mi, unit: Second}}}`),
  )
  for (const answer of await answers('/zipped', { 'accept-encoding': 'identity' })) {
    expect([answer.status, answer.headers['content-encoding'], answer.body]).toEqual([200, undefined, LETTERS])
  }
  await answers('/')
  expect(backends[0]?.requests.at(-1)?.headers['accept-encoding']).toContain('gzip')
})
