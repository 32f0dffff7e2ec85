/**
 * What is said of a request is what Envoy does with it: random routes, random requests, each packing.
 *
 * Each rule names itself in a header of its answers. Backends echo what they were asked.
 */
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Explanation } from '../../src/explain/explanation.js'
import type { Question } from '../../src/explain/question.js'
import { backend, gateway, ref } from '../features/manifests.js'
import { https, secret } from '../features/tls-manifests.js'
import { createAuthority } from '../support/certificates.js'
import type { Standalone } from '../support/standalone.js'
import { explainAt, packedWorld } from './packed-world.js'

/** More of both where `LONG` says so. */
const WORLDS = process.env.LONG === undefined ? 20 : 150
const REQUESTS = 60

const packed = packedWorld()

const HOSTNAMES = ['a.test', 'b.a.test', 'c.test', '*.a.test', '*.b.a.test', '*.test']
const HOSTS = [
  'a.test',
  'A.Test',
  'a.test:80',
  'a.test.',
  'b.a.test',
  'x.b.a.test',
  'x.y.a.test',
  'c.test:8080',
  'd.test',
  'other.example',
  '127.0.0.1',
]
const PATHS = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/a/b/',
  '/ab',
  '/a/b/c',
  '/b',
  '/A',
  '//a',
  '/a//b',
  '/a/./b',
  '/b/../a',
  '/%61',
  '/a/%2e%2e/b',
  '/a%2Fb',
  '/a%5cb',
  '/a\\b',
  '/a;x=1',
  '/a%20b',
  '/a/%C3%A9',
  '/a|b',
  '/a^b',
  '/a"b',
  '/a%7Eb',
  '/a/..',
  '/..',
  '/a/...',
  '/b/..;/a',
  '/a/..;x=1/b',
  '/a/.;/b',
  '/a/b/..;',
  '/b/%2e%2e;/a',
  '/a\\..;x\\b',
  '/a%zz',
  '/a%00',
  '/a`{b}<c>',
  '/a/b%',
  '/~a',
]
const QUERIES = ['', '?', '?q=1', '?q=2&q=1', '?q=1&q=2', '?Q=1', '?q', '?x=/a/../b&q=1', '?q=%31', '?a?q=1']

const path = fc.oneof(
  fc.constantFrom('/', '/a', '/a/', '/a/b', '/b').map((value) => `{type: PathPrefix, value: ${value}}`),
  fc.constantFrom('/a', '/a/b', '/', '/A').map((value) => `{type: Exact, value: ${value}}`),
  fc.constantFrom('/[ab]/?', '/a.*', '/(a|b)/(b|c)', '/.').map((value) => `{type: RegularExpression, value: '${value}'}`),
)
const header = fc.constantFrom(
  "{name: X-V, value: '1'}",
  "{name: x-v, type: RegularExpression, value: '[0-9]+(,[0-9]+)?'}",
  '{name: x-w, value: yes-it-is}',
)
const parameter = fc.constantFrom(
  "{name: q, value: '1'}",
  "{name: q, type: RegularExpression, value: '[12]*'}",
  "{name: x, value: '/a/../b'}",
)
const match = fc
  .record({
    path,
    method: fc.option(fc.constantFrom('GET', 'POST'), { nil: undefined, freq: 3 }),
    headers: fc.option(header, { nil: undefined, freq: 3 }),
    queryParams: fc.option(parameter, { nil: undefined, freq: 3 }),
  })
  .map(({ path: of, method, headers, queryParams }) =>
    [
      `{path: ${of}`,
      ...(method === undefined ? [] : [`method: ${method}`]),
      ...(headers === undefined ? [] : [`headers: [${headers}]`]),
      ...(queryParams === undefined ? [] : [`queryParams: [${queryParams}]`]),
    ]
      .join(', ')
      .concat('}'),
  )

/** What a rule does; `PREFIX` in it stands only in rules with one match of that type. */
const deed = fc.constantFrom(
  '',
  '',
  '{type: RequestRedirect, requestRedirect: {scheme: https}}',
  '{type: RequestRedirect, requestRedirect: {hostname: new.test, port: 8443, statusCode: 301}}',
  '{type: RequestRedirect, requestRedirect: {port: 8080, statusCode: 308}}',
  '{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}',
  '{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /new/}, statusCode: 303}}',
  '{type: URLRewrite, urlRewrite: {hostname: rewritten.test}}',
  '{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /full}}}',
  '{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}',
  '{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /p/q}}}',
  'none',
)
const rule = fc.tuple(fc.array(match, { minLength: 1, maxLength: 2 }), deed)
const route = fc.record({
  hostnames: fc.uniqueArray(fc.constantFrom(...HOSTNAMES), { maxLength: 2 }),
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
})
const world = fc.array(route, { minLength: 1, maxLength: 5 })

/** How clients come: by both protocols to both ports, and by TLS with the name of a server, or none. */
const way = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ scheme: 'http', port: 80, serverName: '' } as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      { scheme: 'http', port: 443, serverName: '' } as const,
      { scheme: 'https', port: 80, serverName: 'a.test' } as const,
    ),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom('', 'a.test', 'A.test', 'b.a.test', 'x.b.a.test', 'c.test', 'other.example')
      .map((serverName) => ({ scheme: 'https', port: 443, serverName }) as const),
  },
)

const request = fc.record({
  way,
  host: fc.constantFrom(...HOSTS),
  path: fc.tuple(fc.constantFrom(...PATHS), fc.constantFrom(...QUERIES)).map(([of, query]) => of + query),
  method: fc.constantFrom('GET', 'GET', 'POST', 'PUT'),
  headers: fc.constantFrom<Readonly<Record<string, string | readonly string[]>>>(
    {},
    {},
    { 'x-v': '1' },
    { 'X-V': ['1', '2'] },
    { 'x-w': 'yes-it-is', 'x-v': 'a' },
  ),
})
type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never

function routeYaml(
  { hostnames, rules }: { hostnames: readonly string[]; rules: readonly (readonly [readonly string[], string])[] },
  at: number,
): string {
  const all = rules.map(([matches, does], index) => {
    const isPrefixed = matches.length === 1 && matches[0]?.includes('PathPrefix') === true
    const filter = does === 'none' || (does.includes('ReplacePrefixMatch') && !isPrefixed) ? '' : does
    const named = `{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-rule, value: r${at}-${index}}]}}`
    const to = filter.includes('RequestRedirect') ? '' : `, backendRefs: [{${ref(does === 'none' ? 'missing' : 'one')}}]`
    return `{matches: [${matches.join(', ')}], filters: [${[named, ...(filter === '' ? [] : [filter])].join(', ')}]${to}}`
  })
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r${at}}
spec:
  parentRefs: [{name: gw}]
  hostnames: [${hostnames.map((host) => `'${host}'`).join(', ')}]
  rules: [${all.join(', ')}]
`
}

/** Headers change before routes see them, in every other world. */
const EARLY = `
apiVersion: headgate.dev/v1alpha1
kind: ClientTrafficPolicy
metadata: {name: early}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  headers: {earlyRequestHeaders: {remove: [x-w], addIfAbsent: [{name: x-v, value: '1'}]}}
`

/** What both can say. */
interface Deed {
  /** 0: the connection is closed. */
  readonly status: number
  readonly rule: string | undefined
  readonly location: string | undefined
  readonly asked: { readonly host: string | undefined; readonly path: string } | undefined
}

const CLOSED: Deed = { status: 0, rule: undefined, location: undefined, asked: undefined }

function said({ outcomes }: Explanation): Deed {
  const [outcome] = outcomes
  if (outcome === undefined || outcomes.length > 1) throw new Error('one thing happens')
  const [, name, index] = /^HTTPRoute\/default\/(\w+)\/rule\/(\d+)\//.exec(outcome.route ?? '') ?? []
  const named = name === undefined ? undefined : `${name}-${index}`
  switch (outcome.does) {
    case 'forward':
      return { status: 200, rule: named, location: undefined, asked: { host: outcome.host, path: outcome.path } }
    case 'redirect':
      return { status: outcome.status, rule: named, location: outcome.location, asked: undefined }
    case 'answer':
      return { ...CLOSED, status: outcome.status }
    case 'close':
      return CLOSED
    default:
      throw new Error(`there is HTTP only: ${outcome.does}`)
  }
}

async function done(headgate: Standalone, { way: { scheme, port, serverName }, ...sent }: Request): Promise<Deed> {
  const tls = scheme === 'https' ? { tls: { serverName } } : {}
  const answer = await headgate.send('default/gw', port, { ...sent, ...tls }).catch(() => undefined)
  if (answer === undefined) return CLOSED
  const { status, headers, echo } = answer
  const isRouted = echo !== undefined || (status >= 300 && status < 400)
  return {
    status,
    rule: isRouted ? (headers['x-rule'] as string | undefined) : undefined,
    location: headers.location,
    asked: echo === undefined ? undefined : { host: echo.host, path: echo.path },
  }
}

it('says what Envoy does', async () => {
  // Nothing is said by a seed that nobody can repeat.
  const seed = Number(process.env.SEED ?? 20261129)
  const authority = await createAuthority()
  const shared = [
    gateway(
      'gw',
      `[{name: http, port: 80, protocol: HTTP}, ${https('exact', 'a.test')}, ${https('near', '*.b.a.test')}, ${https('far', '*.a.test')}, ${https('c', 'c.test')}]`,
    ),
    secret('cert', await authority.issue({ dns: ['a.test', '*.a.test', '*.b.a.test', 'c.test'] })),
    backend(packed.one),
  ]
  const seen = new Set<string>()
  const requests = fc.sample(request, { numRuns: WORLDS * REQUESTS, seed })
  for (const [at, routes] of fc.sample(world, { numRuns: WORLDS, seed }).entries()) {
    const objects = [...shared, ...(at % 2 === 0 ? [] : [EARLY]), ...routes.map(routeYaml)].join('---')
    for (const headgate of packed.headgates) {
      await headgate.write('objects', objects)
      for (const sent of requests.slice(at * REQUESTS, (at + 1) * REQUESTS)) {
        const want = await done(headgate, sent)
        const have = said(await explainAt(headgate, questionOf(sent, headgate)))
        expect({ world: at, sent, ...have }).toEqual({ world: at, sent, ...want })
        seen.add(have.asked === undefined ? String(have.status) : 'asked')
      }
    }
  }
  // The requests reach everything that there is.
  expect([...seen].sort()).toEqual(['0', '301', '302', '303', '307', '308', '400', '404', '421', '500', 'asked'])
}, 600_000)

function questionOf(
  { way: { scheme, port: listener, serverName }, host, path: of, method, headers }: Request,
  headgate: Standalone,
): Question {
  const { address, port } = headgate.place('default/gw', listener)
  const sent = Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => [name, value] as const))
  return { scheme, host: serverName === '' ? address : serverName, port, method, path: of, headers: [['host', host], ...sent] }
}
