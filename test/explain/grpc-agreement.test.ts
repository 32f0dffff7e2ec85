/** What is said of gRPC is what Envoy does with it: random GRPCRoutes beside an HTTPRoute, random calls, each packing. */
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Explanation } from '../../src/explain/explanation.js'
import { backend, gateway, httpRoute, ref, route, under } from '../features/manifests.js'
import type { Http2Client } from '../support/http-client.js'
import { explainAt, packedWorld } from './packed-world.js'

const WORLDS = process.env.LONG === undefined ? 10 : 100
const CALLS = 40

const packed = packedWorld({ kind: 'h2c' })

const method = fc
  .record({
    type: fc.constantFrom('Exact', 'RegularExpression'),
    service: fc.option(fc.constantFrom('a.S', 'b.S'), { nil: undefined }),
    method: fc.option(fc.constantFrom('M', 'N'), { nil: undefined }),
  })
  .filter((each) => each.service !== undefined || each.method !== undefined)
  .map(({ type, service, method: name }) =>
    [`{type: ${type}`, ...(service === undefined ? [] : [`service: ${service}`]), ...(name === undefined ? [] : [`method: ${name}`])].join(
      ', ',
    ),
  )
const rule = fc
  .record({
    method: fc.option(method, { nil: undefined }),
    version: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
    isBroken: fc.boolean(),
  })
  .map(({ method: of, version, isBroken }) => {
    const parts = [
      ...(of === undefined ? [] : [`method: ${of}}`]),
      ...(version === undefined ? [] : [`headers: [{name: x-v, value: '${version}'}]`]),
    ]
    return { match: `{${parts.join(', ')}}`, isBroken }
  })
const world = fc.array(
  fc.record({
    hostnames: fc.constantFrom<readonly string[]>([], ['grpc.test'], ['*.test']),
    rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 4 },
)
const call = fc.record({
  host: fc.constantFrom('grpc.test', 'GRPC.test:80', 'x.test', 'other.example'),
  path: fc.constantFrom('/a.S/M', '/a.S/N', '/b.S/M', '/a.S/', '/a.S', '/c/M', '/http/x', '/gone/x', '/a.S%2FM', '/a.S/%00'),
  type: fc.constantFrom('application/grpc', 'application/grpc+proto', 'application/grpcx', 'text/plain'),
  headers: fc.constantFrom<Readonly<Record<string, string>>>({}, { 'x-v': '1' }, { 'x-v': '1' }, { 'x-v': '2' }, { x_v: '1' }),
})
type Call = typeof call extends fc.Arbitrary<infer Value> ? Value : never

/** What both can say: which rule, or with which status; whether over HTTP/2 a refused request is answered or reset is up to Envoy. */
type Deed = { readonly rule: string } | { readonly status: number } | { readonly grpcStatus: number }

function said({ outcomes: [outcome] }: Explanation): Deed {
  const [, name, index] = /^(?:GRPC|HTTP)Route\/default\/(\w+)\/rule\/(\d+)\//.exec(outcome?.route ?? '') ?? []
  if (outcome?.does === 'forward') return { rule: `${name}-${index}` }
  if (outcome?.does !== 'answer' && outcome?.does !== 'redirect') throw new Error('calls are answered')
  return outcome.grpcStatus === undefined ? { status: outcome.status } : { grpcStatus: outcome.grpcStatus }
}

const isCall = (type: string): boolean => /^application\/grpc([+;]|$)/.test(type)

async function done(connection: Http2Client | undefined, { host, path, type, headers }: Call): Promise<Deed> {
  if (connection === undefined) throw new Error('a connection for each Headgate')
  const asked = connection.send({ method: 'POST', host, path, headers: { 'content-type': type, te: 'trailers', ...headers } })
  const answer = await asked.catch(() => undefined)
  if (answer === undefined) return isCall(type) ? { grpcStatus: 13 } : { status: 400 }
  if (answer.echo !== undefined) return { rule: String(answer.headers['x-rule']) }
  const status = answer.headers['grpc-status']
  return status === undefined ? { status: answer.status } : { grpcStatus: Number(status) }
}

it('says what Envoy does', async () => {
  const seed = Number(process.env.SEED ?? 20261129)
  const calls = fc.sample(call, { numRuns: WORLDS * CALLS, seed })
  const seen = new Set<string>()
  for (const [at, routes] of fc.sample(world, { numRuns: WORLDS, seed }).entries()) {
    const named = (name: string): string =>
      `filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-rule, value: ${name}}]}}]`
    const grpc = routes.map(({ hostnames, rules }, index) => {
      const all = rules.map(
        ({ match, isBroken }, position) =>
          `{matches: [${match}], ${named(`r${index}-${position}`)}, backendRefs: [{${ref(isBroken ? 'missing' : 'one')}}]}`,
      )
      return route(
        'GRPCRoute',
        `r${index}`,
        `[${all.join(', ')}]`,
        `parentRefs: [{name: gw}]\n  hostnames: [${hostnames.map((host) => `'${host}'`).join(', ')}]`,
      )
    })
    const http = httpRoute(
      'http',
      `[${under('/http', `${named('http-0')}, backendRefs: [{${ref('one')}}]`)}, ${under('/gone', 'filters: [{type: RequestRedirect, requestRedirect: {hostname: new.test}}]')}]`,
      'parentRefs: [{name: gw}]\n  hostnames: [x.test]',
    )
    const objects = [gateway('gw'), backend(packed.one, ['kubernetes.io/h2c']), http, ...grpc].join('---')
    for (const headgate of packed.headgates) {
      await headgate.write('objects', objects)
      const { address, port } = headgate.place('default/gw', 80)
      const connection = headgate.http2('default/gw', 80)
      for (const sent of calls.slice(at * CALLS, (at + 1) * CALLS)) {
        const want = await done(connection, sent)
        const headers = [['host', sent.host], ['content-type', sent.type], ...Object.entries(sent.headers)] as const
        const question = { scheme: 'http', host: address, port, method: 'POST', path: sent.path, headers } as const
        const explanation = await explainAt(headgate, question)
        const have = said(explanation)
        expect({ world: at, sent, ...have }).toEqual({ world: at, sent, ...want })
        seen.add(Object.keys(have).join() === 'rule' ? 'rule' : JSON.stringify(have))
      }
      connection.close()
    }
  }
  const codes = ['12', '13', '14', '2'].map((code) => `{"grpcStatus":${code}}`)
  expect([...seen].sort()).toEqual(['rule', ...codes, ...['302', '307', '400', '404'].map((status) => `{"status":${status}}`)])
}, 300_000)
