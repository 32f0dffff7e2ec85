/** What ExtensionPolicies ask for and cannot have, or have only alone, through the real Envoy: what becomes of requests, and what the policy says. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { backend, httpRoute, ref, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { type ExtProcServer, startExtProcServer } from '../support/ext-proc-server.js'

const world = featureWorld(['open', 'guarded'])
const ROUTE = httpRoute('r', `[${under('/x', `name: x, ${to('guarded')}`)}, {${to('open')}}]`)
const ABOUT_RULE = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: x}]'

const policy = (spec: string, name = 'p', about = ABOUT_RULE) => `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: ${name}}
spec: {${about}, ${spec}}
`
const accepted = () => world.conditions('ExtensionPolicy/default/p')

/** What the guarded backend sees, or the status of an answer by the proxy. */
async function seen(path = '/x'): Promise<Readonly<Record<string, unknown>> | number> {
  const { status, echo } = await world.ask({ path })
  return echo?.headers ?? status
}

let service: ExtProcServer
let backends = ''
beforeAll(async () => {
  service = await startExtProcServer('one')
  backends = backend(service)
})
afterAll(() => service?.close())

it('a service that is only told and is away fails no request', async () => {
  const streamed = 'processingMode: {request: {body: Streamed}, response: {body: Streamed}}'
  await world.write(
    ROUTE,
    backend({ name: 'nobody', port: 1 }),
    policy(
      `extProc: [{backendRef: {${ref('nobody')}}, shadowMode: true}, {backendRef: {${ref('missing')}}, shadowMode: true, ${streamed}}]`,
    ),
  )
  for (let count = 0; count < 5; count++) {
    expect(await world.ask({ path: '/x', method: 'POST', body: 'quiet' })).toMatchObject({ status: 200, echo: { body: 'quiet' } })
  }
}, 60_000)

it.each([
  {
    what: 'goes on without a service that the body goes through',
    rest: 'failOpen: true, processingMode: {request: {body: FullDuplexStreamed}}',
  },
  { what: 'waits for longer than Envoy can', rest: 'messageTimeout: 1h1s' },
  {
    what: 'asks for attributes that are no expressions',
    rest: 'processingMode: {request: {attributes: [request.path]}, response: {attributes: [90m]}}',
  },
  {
    what: 'only tells, and waits for bodies',
    rest: 'shadowMode: true, processingMode: {request: {body: Streamed}, response: {body: Buffered}}',
  },
])(
  'what $what cannot be done, and the policy says so',
  async ({ rest }) => {
    await world.write(ROUTE, backends, policy(`extProc: [{backendRef: {${ref('one')}}, ${rest}}]`))
    expect(accepted()).toEqual(['Accepted=False/UnsupportedValue'])
    expect(await seen()).toBe(500)
    expect(await world.answerer({ path: '/' })).toBe('open')
  },
  60_000,
)

const MARK = 'function envoy_on_request(handle) handle:headers():add("x-lua", "yes") end'

it.each(['Content-Length', 'transfer-encoding', 'host'])(
  'what is found out about an address is written into no header of the connection: %s',
  async (name) => {
    const located = `geoIP: {maxMind: {countryDbPath: /no/such.mmdb}, headers: {country: ${name}}}`
    await world.write(ROUTE, policy(located))
    expect(accepted()).toEqual(['Accepted=False/UnsupportedValue'])
    expect(JSON.stringify(world.headgate.status('ExtensionPolicy/default/p'))).toContain('geoIP.headers.country')
    expect(await seen()).toBe(500)
  },
  60_000,
)

it('more than 8 programs of several policies close the rule, and each of them says so', async () => {
  const scripts = (count: number) => `lua: [${Array.from({ length: count }, () => `{inline: ${JSON.stringify(MARK)}}`).join(', ')}]`
  const services = `extProc: [${Array.from({ length: 4 }, () => `{backendRef: {${ref('missing')}}, failOpen: true}`).join(', ')}]`
  const wide = (count: number) =>
    policy(scripts(count), 'wide', 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]')
  await world.write(ROUTE, wide(5), policy(services))
  expect(await seen()).toBe(500)
  expect(await seen('/')).toMatchObject({ 'x-lua': expect.any(String) })
  for (const name of ['p', 'wide']) {
    const object = `ExtensionPolicy/default/${name}`
    expect(world.conditions(object)).toEqual(expect.arrayContaining(['Accepted=True/Accepted', 'PartiallyInvalid=True/UnsupportedValue']))
    expect(JSON.stringify(world.headgate.status(object))).toContain('there are 9 programs for some requests')
  }
  await world.write(ROUTE, wide(4), policy(services))
  expect(await seen()).toMatchObject({ 'x-lua': expect.any(String) })
  expect(accepted()).not.toContain('PartiallyInvalid=True/UnsupportedValue')
}, 60_000)

it.each(['TCPRoute', 'TLSRoute'])(
  'no program runs on connections, and a policy about a %s says so',
  async (kind) => {
    const connections = `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: db}
spec: {parentRefs: [{name: gw}], ${kind === 'TLSRoute' ? 'hostnames: [db.example.com], ' : ''}rules: [{${to('open')}}]}
`
    const about = `targetRefs: [{group: gateway.networking.k8s.io, kind: ${kind}, name: db}]`
    await world.write(ROUTE, connections, policy(`lua: [{inline: ${JSON.stringify(MARK)}}]`, 'p', about))
    expect(accepted()).toEqual(['Accepted=False/Invalid'])
  },
  60_000,
)
