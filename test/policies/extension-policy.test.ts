/** ExtensionPolicy through the real Envoy: what programs see and do, and what happens when they cannot. */
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { backend, httpRoute, ref, route, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { type ExtProcServer, startExtProcServer } from '../support/ext-proc-server.js'
import { geoDatabase } from '../support/geo-database.js'
import { type GrpcBackend, startGrpcBackend } from '../support/grpc-backend.js'
import { policyField } from './coverage/policy-field.js'

const world = featureWorld(['open', 'guarded'])
const ABOUT_RULE = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: x}]'
const ROUTE = httpRoute('r', `[${under('/x', `name: x, ${to('guarded')}`)}, {${to('open')}}]`)

function policy(spec: string, name = 'p', about = ABOUT_RULE): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: ${name}}
spec: {${about}, ${spec}}
`
}

const accepted = () => world.conditions('ExtensionPolicy/default/p')
const inlineLua = (script: string, rest = '') => `lua: [{inline: ${JSON.stringify(script)}${rest}}]`
const MARK = 'function envoy_on_request(handle) handle:headers():add("x-lua", "yes") end'

/** What the guarded backend sees. */
async function seen(path = '/x', headers: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, unknown>> | number> {
  const { status, echo } = await world.ask({ path, headers })
  return echo?.headers ?? status
}

async function untouched(): Promise<void> {
  const { echo } = await world.ask({ path: '/' })
  expect(echo).toMatchObject({ backend: 'open' })
  expect(Object.keys(echo?.headers ?? {}).filter((name) => /^x-(lua|processed|geo|module|wasm)/.test(name))).toEqual([])
}

describe('lua', () => {
  policyField(
    ['ExtensionPolicy lua.{type,inline}', 'ExtensionPolicy targetRefs'],
    'runs a script for its rule and for nothing else',
    async () => {
      const script = `${MARK}\nfunction envoy_on_response(handle) handle:headers():add("x-lua-answer", "yes") end`
      await world.write(ROUTE, policy(inlineLua(script)))
      expect(accepted()).toEqual(['Accepted=True/Accepted'])
      const { echo, headers } = await world.ask({ path: '/x' })
      expect(echo?.headers).toMatchObject({ 'x-lua': 'yes' })
      expect(headers).toMatchObject({ 'x-lua-answer': 'yes' })
      await untouched()
    },
  )

  policyField(['ExtensionPolicy lua.valueRef'], 'runs the script of a ConfigMap, and follows it', async () => {
    const map = (script: string) =>
      `\n{apiVersion: v1, kind: ConfigMap, metadata: {name: scripts}, data: {lua: ${JSON.stringify(script)}}}\n`
    const byRef = policy('lua: [{type: ValueRef, valueRef: {group: "", kind: ConfigMap, name: scripts}}]')
    await world.write(ROUTE, byRef, map(MARK))
    expect(await seen()).toMatchObject({ 'x-lua': 'yes' })
    await world.write(ROUTE, byRef, map(MARK.replace('"yes"', '"no"')))
    expect(await seen()).toMatchObject({ 'x-lua': 'no' })
    await world.write(ROUTE, byRef, map('function envoy_on_request('))
    await eventually(() => expect(accepted()).toEqual(['Accepted=False/UnsupportedValue']), 20_000)
    expect(JSON.stringify(world.headgate.status('ExtensionPolicy/default/p'))).toContain('refused by Envoy')
    await eventually(async () => expect(await seen()).toBe(500), 20_000)
    await untouched()
    await world.write(ROUTE, byRef, map(MARK))
    await eventually(async () => expect(await seen()).toMatchObject({ 'x-lua': 'yes' }), 20_000)
    await world.write(ROUTE, byRef)
    expect(await seen()).toBe(500)
  })

  policyField(['ExtensionPolicy lua.filterContext'], 'a script reads its context', async () => {
    const script =
      'function envoy_on_request(handle) local c = handle:filterContext(); handle:headers():add("x-lua", c:get("name") .. c:get("list")[2] .. tostring(c:get("deep")["on"])) end'
    await world.write(ROUTE, policy(inlineLua(script, ', filterContext: {name: n, list: [a, b], deep: {"on": true}}')))
    expect(await seen()).toMatchObject({ 'x-lua': 'nbtrue' })
  })

  it.each(['abc', 'abcde', 'abcdefgh'])(
    'several run in their order, those that wait as well: %s',
    async (words) => {
      const add = (word: string) =>
        `function envoy_on_request(handle) local b = handle:body(); handle:headers():replace("x-lua", (handle:headers():get("x-lua") or "") .. "${word}") end`
      await world.write(ROUTE, policy(`lua: [${[...words].map((word) => `{inline: ${JSON.stringify(add(word))}}`).join(', ')}]`))
      const { echo } = await world.ask({ path: '/x', method: 'POST', body: 'hello' })
      expect(echo).toMatchObject({ body: 'hello', headers: { 'x-lua': words } })
    },
    60_000,
  )

  it.each([
    { what: 'a script without a function to call', script: 'local x = 1' },
    { what: 'a context that is no object', script: MARK, rest: ', filterContext: [a]' },
  ])(
    '$what closes its rule, and nothing else',
    async ({ script, rest = '' }) => {
      await world.write(ROUTE, policy(inlineLua(script, rest)))
      expect(accepted()).toEqual(['Accepted=False/UnsupportedValue'])
      expect(await seen()).toBe(500)
      await untouched()
    },
    60_000,
  )

  it.each(['error("from above")\n', 'function x('])(
    'a script that the proxy refuses (%j) closes its rule, its policy says so in the words of the proxy, and a better one opens it',
    async (beginning) => {
      await world.write(ROUTE)
      await world.write(ROUTE, policy(inlineLua(`${beginning}${MARK}`)))
      await eventually(() => expect(accepted()).toEqual(['Accepted=False/Invalid']), 20_000)
      expect(JSON.stringify(world.headgate.status('ExtensionPolicy/default/p'))).toMatch(/script load error/)
      await eventually(async () => expect(await seen()).toBe(500), 20_000)
      await untouched()
      await world.write(ROUTE, policy(inlineLua(MARK)))
      await eventually(async () => expect(await seen()).toMatchObject({ 'x-lua': 'yes' }), 20_000)
      expect(accepted()).toEqual(['Accepted=True/Accepted'])
    },
    60_000,
  )

  policyField(
    ['ExtensionPolicy mergeType', 'ExtensionPolicy targetSelectors.{group,kind,matchLabels}'],
    'policies are put together setting by setting, or hide each other',
    async () => {
      const labelled = ROUTE.replace('metadata: {name: r}', 'metadata: {name: r, labels: {team: a}}')
      const ofGateway = policy(inlineLua(MARK), 'wide', ABOUT_GATEWAY)
      const selector = 'targetSelectors: [{group: gateway.networking.k8s.io, kind: HTTPRoute, matchLabels: {team: a}}]'
      const service = `extProc: [{backendRef: {${ref('missing')}}, failOpen: true}]`
      await world.write(labelled, ofGateway, policy(service, 'p', selector))
      expect(await seen()).toMatchObject({ 'x-lua': 'yes' })
      await world.write(labelled, ofGateway, policy(`mergeType: Replace, ${service}`, 'p', selector))
      expect(await seen()).not.toHaveProperty('x-lua')
      await world.write(ROUTE, ofGateway, policy(`mergeType: Replace, ${service}`, 'p', selector))
      expect(await seen()).toMatchObject({ 'x-lua': 'yes' })
    },
  )

  it('more than 8 programs close the rule', async () => {
    await world.write(
      ROUTE,
      policy(
        `lua: [${Array.from({ length: 8 }, () => `{inline: ${JSON.stringify(MARK)}}`).join(', ')}], extProc: [{backendRef: {${ref('open')}}}]`,
      ),
    )
    expect(accepted()).toEqual(['Accepted=False/UnsupportedValue'])
    expect(await seen()).toBe(500)
  }, 60_000)

  it('the first policy of a Gateway, and its removal, change no listener', async () => {
    const listeners = () =>
      [...world.headgate.running.controlPlane.snapshots.resources('local', LISTENER).values()].map(({ version }) => version)
    await world.write(ROUTE)
    const before = listeners()
    await world.write(ROUTE, policy(inlineLua(MARK), 'p', ABOUT_GATEWAY))
    expect(await seen()).toMatchObject({ 'x-lua': 'yes' })
    expect(listeners()).toEqual(before)
    await world.write(ROUTE)
    expect(await seen()).not.toHaveProperty('x-lua')
    expect(listeners()).toEqual(before)
  }, 60_000)
})

describe('extProc', () => {
  let one: ExtProcServer
  let two: ExtProcServer
  let streaming: ExtProcServer
  let backends = ''
  beforeAll(async () => {
    one = await startExtProcServer('one')
    two = await startExtProcServer('two')
    streaming = await startExtProcServer('streaming', { streamsBodies: true })
    backends = [one, two, streaming].map((each) => backend(each)).join('---')
  })
  afterAll(() => {
    for (const each of [one, two, streaming]) each?.close()
  })

  const asks = (rest: string, server = 'one') => `{backendRef: {${ref(server)}}, messageTimeout: 4s${rest}}`
  const write = (...processors: readonly string[]) => world.write(ROUTE, backends, policy(`extProc: [${processors.join(', ')}]`))
  /** The kinds of messages of a path, in their order. */
  const kinds = (server: ExtProcServer, path: string) => server.messages.filter((each) => each.path === path).map(({ kind }) => kind)
  let paths = 0
  const newPath = (word = '') => `/x/${++paths}${word}`

  policyField(['ExtensionPolicy extProc.backendRef'], 'a service sees and changes the headers of requests and answers', async () => {
    await write(asks(''))
    expect(accepted()).toEqual(['Accepted=True/Accepted'])
    const path = newPath()
    const { echo, headers } = await world.ask({ path })
    expect(echo?.headers).toMatchObject({ 'x-processed': 'one' })
    expect(headers).toMatchObject({ 'x-answered': 'one' })
    expect(kinds(one, path)).toEqual(['request_headers', 'response_headers'])
    expect(await world.ask({ path: newPath('deny') })).toMatchObject({ status: 418, body: 'denied by one' })
    await untouched()
  })

  policyField(['BackendTrafficPolicy targetRefs'], 'a policy about a service says how it is asked', async () => {
    const limited = (requests: number) => `
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: limited}
spec: {targetRefs: [{group: headgate.dev, kind: Backend, name: one}], circuitBreaker: {maxParallelRequests: ${requests}}}
`
    await world.write(ROUTE, backends, policy(`extProc: [${asks('')}]`), limited(0))
    expect(world.conditions('BackendTrafficPolicy/default/limited')).toEqual(['Accepted=True/Accepted'])
    expect(await seen(newPath())).toBe(500)
    await untouched()
    await world.write(ROUTE, backends, policy(`extProc: [${asks('')}]`), limited(10))
    expect(await seen(newPath())).toMatchObject({ 'x-processed': 'one' })
  })

  it('several are asked in their order', async () => {
    await write(asks('', 'two'), asks(''))
    const { echo, headers } = await world.ask({ path: newPath() })
    expect(echo?.headers).toMatchObject({ 'x-processed': 'two, one' })
    expect(headers).toMatchObject({ 'x-answered': 'one, two' })
    expect(await world.ask({ path: newPath('deny') })).toMatchObject({ body: 'denied by two' })
  }, 60_000)

  policyField(
    [
      'ExtensionPolicy extProc.processingMode.request.{body,trailers,attributes}',
      'ExtensionPolicy extProc.processingMode.response.{body,trailers,attributes}',
    ],
    'sees what it asks for, and nothing else',
    async () => {
      const post = async (path: string) => world.ask({ path, method: 'POST', body: 'quiet' })
      await write(asks(', processingMode: {request: {body: Buffered, attributes: [request.path, source.address]}}'))
      let path = newPath()
      expect((await post(path)).echo?.body).toBe('QUIET')
      expect(kinds(one, path)).toEqual(['request_headers', 'request_body'])
      expect(one.messages.find((each) => each.path === path)?.attributes).toMatchObject({ 'request.path': path })

      await write(asks(', processingMode: {response: {body: Buffered, attributes: [response.code]}}'))
      path = newPath()
      expect((await post(path)).body).toContain('"BACKEND":"GUARDED"')

      await write(asks(', processingMode: {request: {body: Streamed}}'))
      path = newPath()
      expect((await post(path)).echo?.body).toBe('QUIET')

      await write(asks(', processingMode: {request: {body: BufferedPartial, trailers: false}, response: {trailers: false}}'))
      path = newPath()
      expect((await post(path)).echo?.body).toBe('QUIET')

      await write(asks(', processingMode: {request: {body: FullDuplexStreamed}}', 'streaming'))
      path = newPath()
      expect((await post(path)).echo?.body).toBe('QUIET')
    },
  )

  policyField(
    ['ExtensionPolicy extProc.processingMode.allowModeOverride'],
    'a service may ask for more only where it is allowed',
    async () => {
      const bodies = async () => (await world.ask({ path: newPath('bodies'), method: 'POST', body: 'quiet' })).echo?.body
      await write(asks(', processingMode: {request: {}, response: {}, allowModeOverride: true}'))
      expect(await bodies()).toBe('QUIET')
      await write(asks(', processingMode: {request: {}, response: {}}'))
      expect(await bodies()).toBe('quiet')
    },
  )

  policyField(
    ['ExtensionPolicy extProc.{messageTimeout,statusOnError,failOpen}'],
    'a service that is silent fails the request, or is left out',
    async () => {
      await world.write(ROUTE, backends, policy(`extProc: [{backendRef: {${ref('one')}}, messageTimeout: 100ms}]`))
      expect((await world.ask({ path: newPath('silent') })).status).toBe(504)
      await world.write(ROUTE, backends, policy(`extProc: [{backendRef: {${ref('one')}}, messageTimeout: 100ms, statusOnError: 503}]`))
      expect((await world.ask({ path: newPath('silent') })).status).toBe(504)
      await world.write(ROUTE, backends, policy(`extProc: [{backendRef: {${ref('one')}}, messageTimeout: 100ms, failOpen: true}]`))
      expect((await world.ask({ path: newPath('silent') })).echo?.backend).toBe('guarded')
      const unreachable = '{group: headgate.dev, kind: Backend, name: nobody}'
      const nobody = backend({ name: 'nobody', port: 1 })
      await world.write(ROUTE, nobody, policy(`extProc: [{backendRef: ${unreachable}, statusOnError: 503}]`))
      expect((await world.ask({ path: newPath() })).status).toBe(503)
      await world.write(ROUTE, nobody, policy(`extProc: [{backendRef: ${unreachable}, failOpen: true}]`))
      expect((await world.ask({ path: newPath() })).echo?.backend).toBe('guarded')
    },
  )

  policyField(['ExtensionPolicy extProc.shadowMode'], 'a service that is only told changes nothing', async () => {
    await write(asks(', shadowMode: true'))
    const path = newPath('deny')
    expect((await world.ask({ path })).echo?.headers).not.toHaveProperty('x-processed')
    await eventually(() => expect(one.messages.find((each) => each.path === path)).toMatchObject({ isShadow: true }))
  })

  policyField(
    ['ExtensionPolicy extProc.metadata.{accessibleNamespaces,writableNamespaces}'],
    'services share the metadata that they may write and read',
    async () => {
      const metadata = async (first: string, second: string) => {
        await write(asks(first), asks(second, 'two'))
        const path = newPath('note')
        await world.ask({ path })
        return two.messages.find((each) => each.path === path)?.metadata
      }
      const writes = ', metadata: {writableNamespaces: [test.notes]}'
      const reads = ', metadata: {accessibleNamespaces: [test.notes]}'
      expect(await metadata(writes, reads)).toEqual(['test.notes'])
      expect(await metadata('', reads)).toEqual([])
      expect(await metadata(writes, '')).toEqual([])
    },
  )

  it.each([
    { what: 'does not exist', reference: '{group: headgate.dev, kind: Backend, name: missing}', reason: 'BackendNotFound' },
    {
      what: 'is elsewhere without a grant',
      reference: '{group: headgate.dev, kind: Backend, name: one, namespace: elsewhere}',
      reason: 'RefNotPermitted',
    },
    { what: 'is of an unknown kind', reference: '{group: x.example, kind: Thing, name: one}', reason: 'InvalidKind' },
  ])(
    'a service that $what fails requests, unless it may be left out',
    async ({ reference, reason }) => {
      await world.write(ROUTE, policy(`extProc: [{backendRef: ${reference}}]`))
      expect(accepted()).toEqual(['Accepted=True/Accepted', `ResolvedRefs=False/${reason}`])
      expect((await world.ask({ path: newPath() })).status).toBe(500)
      await untouched()
      await world.write(ROUTE, policy(`extProc: [{backendRef: ${reference}, failOpen: true}]`))
      expect((await world.ask({ path: newPath() })).echo?.backend).toBe('guarded')
    },
    60_000,
  )
})

describe('grpcWeb', () => {
  let grpc: GrpcBackend
  beforeAll(async () => {
    grpc = await startGrpcBackend('calls', ['/test.Echo/One'])
  })
  afterAll(() => grpc?.close())

  policyField(['ExtensionPolicy grpcWeb'], 'browsers reach gRPC services', async () => {
    const calls = route('GRPCRoute', 'r', `[{${to('calls')}}]`)
    const target = backend(grpc)
    const message = Buffer.from('{}')
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
    const call = () =>
      world.ask({
        method: 'POST',
        path: '/test.Echo/One',
        headers: { 'content-type': 'application/grpc-web+proto' },
        body: frame.toString('latin1'),
      })
    await world.write(
      calls,
      target,
      policy('grpcWeb: {}', 'p', 'targetRefs: [{group: gateway.networking.k8s.io, kind: GRPCRoute, name: r}]'),
    )
    const answer = await call()
    expect(answer.headers['content-type']).toMatch(/^application\/grpc-web/)
    // The trailers stand in the body.
    expect(answer.body).toContain('grpc-status:0')
    expect(grpc.calls).toHaveLength(1)
    const cors = `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: s}
spec: {${ABOUT_GATEWAY}, cors: {allowOrigins: ["https://app.example.com"], allowMethods: [POST]}}
`
    await world.write(calls, target, cors, policy('grpcWeb: {}', 'p', ABOUT_GATEWAY))
    const preflight = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' }
    expect(await world.ask({ method: 'OPTIONS', path: '/test.Echo/One', headers: preflight })).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': 'https://app.example.com' },
    })
    expect((await world.ask({ method: 'POST', path: '/test.Echo/One', headers: { 'content-type': 'application/json' } })).status).toBe(404)
    await world.write(calls, target)
    expect((await call()).headers['content-type'] ?? '').not.toMatch(/^application\/grpc-web/)
  })
})

describe('geoIP', () => {
  const folder = tmpdir()
  const [city, asn, isp, country, anonymous] = ['city', 'asn', 'isp', 'country', 'anonymous'].map((what) =>
    join(folder, `headgate-${what}-${process.pid}.mmdb`),
  ) as [string, string, string, string, string]
  beforeAll(async () => {
    const place = { country: { iso_code: 'DE' }, city: { names: { en: 'Berlin' } }, subdivisions: [{ iso_code: 'BE' }] }
    await writeFile(city, geoDatabase('GeoLite2-City', place))
    await writeFile(asn, geoDatabase('GeoLite2-ASN', { autonomous_system_number: 64_512, autonomous_system_organization: 'Test' }))
    await writeFile(isp, geoDatabase('GeoIP2-ISP', { isp: 'Provider', autonomous_system_number: 64_513 }))
    await writeFile(country, geoDatabase('GeoIP2-Country', { country: { iso_code: 'NL' } }))
    await writeFile(
      anonymous,
      geoDatabase('GeoIP2-Anonymous-IP', {
        is_anonymous: true,
        is_anonymous_vpn: true,
        is_hosting_provider: true,
        is_tor_exit_node: false,
        is_public_proxy: true,
      }),
    )
  })
  afterAll(() => Promise.all([city, asn, isp, country, anonymous].map((file) => rm(file, { force: true }))))

  const located = (headers: string, databases = `cityDbPath: ${city}, asnDbPath: ${asn}`) =>
    policy(`geoIP: {maxMind: {${databases}}, headers: {${headers}}}`)

  policyField(
    ['ExtensionPolicy geoIP.maxMind.{cityDbPath,asnDbPath}', 'ExtensionPolicy geoIP.headers.{country,region,city,asn}'],
    'says where a client is, and believes no client about it',
    async () => {
      await world.write(ROUTE, located('country: X-Geo-Country, region: x-geo-region, city: x-geo-city, asn: x-geo-asn, isp: x-geo-isp'))
      expect(accepted()).toEqual(['Accepted=True/Accepted'])
      const headers = await seen('/x', { 'x-geo-country': 'FR', 'x-geo-isp': 'mine', 'x-forwarded-for': '10.0.0.1' })
      expect(headers).toMatchObject({ 'x-geo-country': 'DE', 'x-geo-region': 'BE', 'x-geo-city': 'Berlin', 'x-geo-asn': '64512' })
      expect(headers).not.toHaveProperty('x-geo-isp')
      await untouched()
    },
  )

  policyField(
    [
      'ExtensionPolicy geoIP.maxMind.{ispDbPath,countryDbPath,anonymousDbPath}',
      'ExtensionPolicy geoIP.headers.{isp,anonymous,anonymousVpn,anonymousHosting,anonymousTor,anonymousProxy}',
    ],
    'knows providers, and who hides',
    async () => {
      const headers =
        'country: x-geo-country, asn: x-geo-asn, isp: x-geo-isp, anonymous: x-geo-a, anonymousVpn: x-geo-v, anonymousHosting: x-geo-h, anonymousTor: x-geo-t, anonymousProxy: x-geo-p'
      await world.write(ROUTE, located(headers, `ispDbPath: ${isp}, countryDbPath: ${country}, anonymousDbPath: ${anonymous}`))
      expect(await seen()).toMatchObject({
        'x-geo-country': 'NL',
        'x-geo-asn': '64513',
        'x-geo-isp': 'Provider',
        'x-geo-a': 'true',
        'x-geo-v': 'true',
        'x-geo-h': 'true',
        'x-geo-t': 'false',
        'x-geo-p': 'true',
      })
    },
  )

  policyField(
    [
      'ExtensionPolicy geoIP.headers.{country,region,city,asn,isp,anonymous}',
      'SecurityPolicy authorization.rules.principal.headers.{name,values}',
    ],
    'authorization asks where clients are, and believes none of them',
    async () => {
      const databases = `cityDbPath: ${city}, ispDbPath: ${isp}, anonymousDbPath: ${anonymous}`
      const found = { country: 'DE', region: 'BE', city: 'Berlin', asn: '64513', isp: 'Provider', anonymous: 'true' }
      const headers = Object.keys(found).map((what) => `${what}: x-geo-${what}`)
      const security = (what: string, value: string) => `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: s}
spec: {${ABOUT_RULE}, authorization: {rules: [{action: Allow, principal: {headers: [{name: x-geo-${what}, values: ["${value}"]}]}}]}}
`
      for (const [what, value] of Object.entries(found)) {
        const name = `x-geo-${what}`
        await world.write(ROUTE, located(headers.join(', '), databases), security(what, value))
        expect(await seen()).toMatchObject({ [name]: value })
        await world.write(ROUTE, located(headers.join(', '), databases), security(what, 'other'))
        for (const sent of [{}, { [name]: 'other' }, { [name.toUpperCase()]: 'other' }, { [name]: 'other, other' }]) {
          expect(await seen('/x', sent as Record<string, string>)).toBe(403)
        }
      }
    },
    90_000,
  )

  it('a database that is not there closes the rule, and the policy says so', async () => {
    await world.write(ROUTE)
    await world.write(ROUTE, located('country: x-geo-country', 'countryDbPath: /no/such/file.mmdb'))
    await eventually(() => expect(accepted()).toEqual(['Accepted=False/Invalid']), 20_000)
    await eventually(async () => expect(await seen()).toBe(500), 20_000)
    await untouched()
  }, 60_000)
})

const LISTENER = 'type.googleapis.com/envoy.config.listener.v3.Listener'
const ABOUT_GATEWAY = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'
