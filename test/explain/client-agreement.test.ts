/** What is said of headers that Envoy changes before it looks for a route, and of upgrades, is what it does: each policy, each packing. */
import { expect, it } from '@jest/globals'
import type { Explanation } from '../../src/explain/explanation.js'
import { backend, gateway, httpRoute, ref, to } from '../features/manifests.js'
import { clientPolicy, rawRequest } from '../policies/client-manifests.js'
import { type RawAnswer, sendRaw } from '../policies/raw-http.js'
import { explainAt, packedWorld } from './packed-world.js'

const world = packedWorld()

const POLICIES = [
  undefined,
  'proxyProtocol: {optional: true}',
  'clientIPDetection: {xForwardedFor: {numTrustedHops: 1}}',
  'clientIPDetection: {xForwardedFor: {trustedCIDRs: [127.0.0.0/8]}}',
  'clientIPDetection: {customHeader: {name: x-ip}}',
  'headers: {earlyRequestHeaders: {set: [{name: X-V, value: "1"}], remove: [x-w]}}',
  'headers: {earlyRequestHeaders: {add: [{name: x-v, value: "1"}], set: [{name: x-w, value: "%"}]}}',
  'headers: {earlyRequestHeaders: {addIfAbsent: [{name: x-v, value: "1"}], removeOnMatch: [{type: Suffix, value: "-w"}]}}',
  'headers: {earlyRequestHeaders: {set: [{name: x-forwarded-proto, value: https}]}}',
  'http1: {ignoredUpgradeTypes: [{type: Prefix, value: web}]}',
]
const named = (name: string, more = ''): string =>
  `filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-rule, value: ${name}}]}}${more}]`
const matching = (name: string, value: string): string => `matches: [{headers: [{name: ${name}, value: "${value}"}]}]`
const COOKIE = 'matches: [{path: {value: /cookie}}]'
const ROUTES = [
  httpRoute(
    'r',
    `[${[
      `{${matching('x-w', '1')}, ${named('r-0')}, ${to('one')}}`,
      `{${matching('x-w', '%')}, ${named('r-1')}, ${to('one')}}`,
      `{${matching('x-v', '1')}, ${named('r-2')}, ${to('one')}}`,
      `{${matching('upgrade', 'foo')}, ${named('r-3')}, ${to('one')}}`,
      `{${matching('connection', 'close')}, ${named('r-4')}, ${to('one')}}`,
      `{${matching('x-forwarded-proto', 'https')}, ${named('r-5')}, ${to('one')}}`,
      `{${COOKIE}, ${named('r-6', ', {type: ExtensionRef, extensionRef: {group: headgate.dev, kind: HTTPRouteFilter, name: cookie}}')}, ${to('one')}}`,
      `{matches: [{path: {value: /redirect}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: new.test}}]}`,
      `{matches: [{path: {value: /missing}}], backendRefs: [{${ref('missing')}}]}`,
      `{matches: [{path: {value: /secure}}], ${named('r-9')}, ${to('secure')}}`,
      `{matches: [{path: {value: /open}}], ${named('r-10')}, ${to('one')}}`,
    ].join(', ')}]`,
    'parentRefs: [{name: gw}]\n  hostnames: [example.com]',
  ),
  `
apiVersion: headgate.dev/v1alpha1
kind: HTTPRouteFilter
metadata: {name: cookie}
spec: {matches: [{cookies: [{name: c, value: '1'}]}]}
`,
]

const HEADERS: readonly (readonly string[])[] = [
  [],
  ['x-w: 1'],
  ['x-v: 1'],
  ['x-v: 2'],
  ['x-v: 2', 'x-w: 1'],
  ['upgrade: foo'],
  ['connection: close'],
  ['connection: Close, Upgrade', 'upgrade: foo'],
  ['connection: upgrade', 'upgrade: Foo'],
  ['connection: upgrade', 'upgrade: h2c', 'http2-settings: AAMAAABkAARAAAAAAAIAAAAA'],
  // Without its other headers the backend refuses it, and not Envoy.
  ['connection: upgrade', 'upgrade: WebSocket'],
  ['x-forwarded-proto: https'],
  ['x-forwarded-proto: HTTPS', 'x-ip: 192.0.2.1'],
  ['x-forwarded-proto: wss'],
  ['cookie: c=1'],
  ['cookie: c =1'],
  ['cookie: b; c="1"; c=2'],
]
const PATHS = ['/open', '/cookie', '/redirect', '/missing', '/secure', '/none']

/** What both can say. */
type Deed = { readonly rule: string } | { readonly status: number; readonly location: string | undefined }

function said({ outcomes: [outcome, ...others] }: Explanation): Deed {
  if (outcome === undefined || others.length > 0) throw new Error('one thing happens')
  if (outcome.does === 'forward') return { rule: /^HTTPRoute\/default\/r\/rule\/(\d+)\//.exec(outcome.route ?? '')?.[1] ?? 'none' }
  if (outcome.does === 'redirect') return { status: outcome.status, location: outcome.location }
  if (outcome.does === 'answer') return { status: outcome.status, location: undefined }
  throw new Error(`there is HTTP only: ${outcome.does}`)
}

function done({ status, text }: RawAnswer): Deed {
  const header = (name: string): string | undefined => new RegExp(`\\r\\n${name}: (.*)\\r\\n`, 'i').exec(text)?.[1]
  const rule = header('x-rule')
  // Answers of Envoy to upgrades get the headers of their routes.
  return rule === undefined || status === 403 ? { status, location: header('location') } : { rule: rule.slice('r-'.length) }
}

it('says what Envoy does', async () => {
  const seen = new Set<string>()
  for (const policy of POLICIES) {
    const secure = backend({ ...world.one, name: 'secure' }, ['https'])
    const objects = [gateway('gw'), backend(world.one), secure, ...ROUTES, ...(policy === undefined ? [] : [clientPolicy(policy)])].join(
      '---',
    )
    for (const headgate of world.headgates) {
      await headgate.write('objects', objects)
      const place = headgate.place('default/gw', 80)
      for (const lines of HEADERS) {
        for (const path of PATHS) {
          const want = done(await sendRaw(place, rawRequest(`GET ${path} HTTP/1.1`, ...lines)))
          const sent = lines.map((line) => line.split(/: ?/, 2) as [string, string])
          const headers = [['host', 'example.com'], ...sent] as const
          const question = { scheme: 'http', host: place.address, port: place.port, method: 'GET', path, headers } as const
          const explanation = await explainAt(headgate, question)
          expect({ policy, path, lines, ...said(explanation) }).toEqual({ policy, path, lines, ...want })
          seen.add(Object.values(want).join(' '))
        }
      }
    }
  }
  expect([...seen].sort()).toEqual([
    '0',
    '1',
    '10',
    '2',
    '302 http://new.test/redirect',
    '302 https://new.test/redirect',
    '403 ',
    '404 ',
    '5',
    '500 ',
    '6',
    '9',
  ])
}, 300_000)

const KNOWN =
  'ACL BIND CHECKOUT COPY DELETE GET LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE MSEARCH NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'
const METHODS = [...KNOWN.split(' '), 'get', 'Get', 'M-SEARCH', 'QUERY', 'PRI', 'VERSION-CONTROL', 'FOO']

it('says what Envoy does with odd methods', async () => {
  const seen = new Set<string>()
  const secure = backend({ ...world.one, name: 'secure' }, ['https'])
  for (const headgate of world.headgates) {
    await headgate.write('objects', [gateway('gw'), backend(world.one), secure, ...ROUTES].join('---'))
    const place = headgate.place('default/gw', 80)
    for (const method of METHODS) {
      const want = done(await sendRaw(place, rawRequest(`${method} /open HTTP/1.1`)))
      const headers = [['host', 'example.com']] as const
      const question = { scheme: 'http', host: place.address, port: place.port, method, path: '/open', headers } as const
      expect({ method, ...said(await explainAt(headgate, question)) }).toEqual({ method, ...want })
      seen.add(Object.values(want).join(' '))
    }
  }
  expect([...seen].sort()).toEqual(['10', '400 '])
}, 60_000)
