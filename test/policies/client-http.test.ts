/** How requests of clients are read and answers written, through the real Envoy. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { backend, gateway, httpRoute, to } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { ADMIN_ROUTE, about, clientPolicy, onlyClientsOf, rawRequest } from './client-manifests.js'
import { policyField } from './coverage/policy-field.js'
import { type RawAnswer, sendRaw } from './raw-http.js'

/** A backend that tells headers and trailers as they were written. */
let raw: { readonly port: number; close(): void }
let h2c: TestBackend

const LISTENERS = '[{name: http, port: 80, protocol: HTTP}, {name: named, port: 8080, protocol: HTTP, hostname: example.com}]'

const world = featureWorld(['open', 'secret'], async () => {
  h2c = await startBackend('h2c', { kind: 'h2c' })
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, ['X-Written-As', 'It-Is', 'trailer', 'X-Sum'])
      response.write(JSON.stringify({ headers: request.rawHeaders, trailers: request.rawTrailers }))
      response.addTrailers([['X-Sum', 'from-backend']])
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  raw = { port: (server.address() as AddressInfo).port, close: () => server.close() }
  return [gateway('gw', LISTENERS), backend({ name: 'raw', port: raw.port }), backend(h2c, ['kubernetes.io/h2c'])].join('---\n')
})

beforeAll(() => expect(raw.port).toBeGreaterThan(0))
afterAll(async () => {
  raw.close()
  await h2c.close()
})

const ROUTE = httpRoute('r', `[{${to('open')}}]`)

/** Uses a policy, and waits until answers show that it is in force: a listener is not new at the moment at which Envoy acknowledges it. */
let round = 0
async function use(spec: string, target = about(), ...documents: readonly string[]): Promise<void> {
  const mark = `m${++round}`
  const more = documents.some((each) => each.includes('HTTPRoute')) ? documents : [ROUTE, ...documents]
  const marker = `headers: {lateResponseHeaders: {add: [{name: x-mark, value: ${mark}}]}}`
  const policy = spec.includes('lateResponseHeaders') ? [] : [clientPolicy(marker, about(), 'marker')]
  await world.write(...more, clientPolicy(spec, target), ...policy)
  if (policy.length > 0) await eventually(async () => expect((await world.ask({ path: '/marker' })).headers['x-mark']).toBe(mark))
}

function send(bytes: string | Buffer, port = 80): Promise<RawAnswer> {
  return sendRaw(world.headgate.place('default/gw', port), bytes)
}

/** What a backend saw, or the status. */
async function sent(
  line: string,
  ...headers: readonly string[]
): Promise<{ readonly status: number; readonly path?: string; readonly headers?: Readonly<Record<string, string>> }> {
  const { status, text } = await send(rawRequest(line, ...headers))
  const [, body = ''] = text.split('\r\n\r\n')
  return status === 200 && body.startsWith('{') ? { status, ...(JSON.parse(body) as object) } : { status }
}

describe('path', () => {
  policyField(['ClientTrafficPolicy path.escapedSlashesAction'], 'says what happens to escaped slashes', async () => {
    const rows = [
      { action: 'KeepUnchanged', want: { status: 200, path: '/a%2Fb' } },
      { action: 'RejectRequest', want: { status: 400 } },
      { action: 'UnescapeAndRedirect', want: { status: 307 } },
      { action: 'UnescapeAndForward', want: { status: 200, path: '/a/b' } },
    ]
    for (const { action, want } of rows) {
      await use(`path: {escapedSlashesAction: ${action}}`)
      expect([action, await sent('GET /a%2Fb HTTP/1.1')]).toEqual([action, expect.objectContaining(want)])
    }
  })

  policyField(['ClientTrafficPolicy path.disableMergeSlashes'], 'leaves slashes as they are', async () => {
    await use('path: {disableMergeSlashes: false}')
    expect(await sent('GET //a///b HTTP/1.1')).toMatchObject({ path: '/a/b' })
    await use('path: {disableMergeSlashes: true}')
    expect(await sent('GET //a///b HTTP/1.1')).toMatchObject({ path: '//a///b' })
  })

  it.each(['', 'escapedSlashesAction: UnescapeAndRedirect, '])(
    'sends nobody to another host where slashes are not merged (%s)',
    async (action) => {
      await use(`path: {${action}disableMergeSlashes: true}`)
      for (const path of ['/%2Fother.test/', '/%5cother.test/', '//other.test/%2F', '/a/..%2f/other.test'])
        expect([path, (await sent(`GET ${path} HTTP/1.1`)).status]).toEqual([path, 200])
      expect(await sent('GET /a%2Fb HTTP/1.1')).toMatchObject({ path: '/a/b' })
    },
  )

  it('attempts to reach what a rule guards by another spelling of its path', async () => {
    const spellings = [
      '//admin',
      '///admin',
      '//admin/x',
      '/%2Fadmin',
      '/%2fadmin',
      '/%5Cadmin',
      '/%5cadmin',
      '/x%2F..%2Fadmin',
      '/x/..%2Fadmin',
      '/admin%2Fx',
      '/admin%2f',
      '/admin%5Cx',
      '/.//admin',
      '/x/..//admin',
      '/%2F%2Fadmin',
      '//./admin',
    ]
    const outcome = () => Promise.all(spellings.map(async (path) => [path, await answerer(path)] as const))
    const answerer = async (path: string): Promise<string | number> => {
      const { status, text } = await send(rawRequest(`GET ${path} HTTP/1.1`))
      return /"backend":"([a-z]+)"/.exec(text)?.[1] ?? status
    }
    const guarded = [ADMIN_ROUTE, onlyClientsOf('10.0.0.0/8')]
    await use('path: {escapedSlashesAction: KeepUnchanged, disableMergeSlashes: true}', about(), ...guarded)
    expect(await outcome()).toEqual(spellings.map((path) => [path, 'open']))
    for (const action of ['RejectRequest', 'UnescapeAndRedirect', 'UnescapeAndForward']) {
      await use(`path: {escapedSlashesAction: ${action}}`, about(), ...guarded)
      expect([action, (await outcome()).filter(([, answer]) => answer === 'open' || answer === 'secret')]).toEqual([action, []])
    }
  }, 60_000)
})

describe('headers', () => {
  policyField(['ClientTrafficPolicy headers.withUnderscoresAction'], 'says what happens to names with underscores', async () => {
    for (const [action, want] of [
      ['Allow', { status: 200, headers: expect.objectContaining({ x_user: 'a' }) }],
      ['RejectRequest', { status: 400 }],
      ['DropHeader', { status: 200, headers: expect.not.objectContaining({ x_user: 'a' }) }],
    ] as const) {
      await use(`headers: {withUnderscoresAction: ${action}}`)
      expect([action, await sent('GET / HTTP/1.1', 'x_user: a')]).toEqual([action, expect.objectContaining(want)])
    }
  })

  it('attempts to write a header with underscores', async () => {
    const attempts = [
      'x_user: evil',
      'X_USER: evil',
      'x_user:evil',
      'x_user:    evil   ',
      '_x-user: evil',
      'x-user_: evil',
      'x-_user: evil',
      'x__user: evil',
      'x_user: a\r\nx_user: evil',
      'x-user: a\r\nx_user: evil',
      'x_forwarded_for: evil',
      'x_real_ip: evil',
      'x_forwarded_client_cert: evil',
    ]
    const seen = async () =>
      (await Promise.all(attempts.map(async (header) => [header, await sent('GET / HTTP/1.1', header)] as const))).flatMap(
        ([header, { headers }]) => (JSON.stringify(headers ?? {}).includes('evil') ? [header] : []),
      )
    await use('headers: {withUnderscoresAction: Allow}')
    expect(await seen()).toEqual(attempts)
    for (const action of ['RejectRequest', 'DropHeader']) {
      await use(`headers: {withUnderscoresAction: ${action}}`)
      expect([action, await seen()]).toEqual([action, []])
      const client = world.headgate.http2('default/gw', 80)
      const answer = await client.send({ host: 'example.com', headers: { x_user: 'evil' } }).catch(() => undefined)
      expect(JSON.stringify(answer?.echo ?? {})).not.toContain('evil')
      client.close()
    }
  }, 60_000)

  policyField(['ClientTrafficPolicy headers.requestID'], 'generates, keeps or removes the id of requests', async () => {
    const id = async (...headers: readonly string[]) => (await sent('GET / HTTP/1.1', ...headers)).headers?.['x-request-id']
    const generated = expect.stringMatching(/^[0-9a-f]{8}-/)
    const rows = [
      { action: 'Generate', sentOne: generated, sentNone: generated },
      { action: 'PreserveOrGenerate', sentOne: 'mine', sentNone: generated },
      { action: 'Preserve', sentOne: 'mine', sentNone: undefined },
      { action: 'Disable', sentOne: undefined, sentNone: undefined },
    ]
    for (const { action, sentOne, sentNone } of rows) {
      await use(`headers: {requestID: ${action}}`)
      expect([action, await id('x-request-id: mine'), await id()]).toEqual([action, sentOne, sentNone])
    }
  })

  it.each(['earlyRequestHeaders', 'lateResponseHeaders'])('%s write no header that says where a message ends', async (where) => {
    for (const how of ['set', 'add', 'addIfAbsent']) {
      await world.write(ROUTE, clientPolicy(`headers: {${where}: {${how}: [{name: Content-Length, value: "2"}]}}`, about()))
      expect(world.conditions('ClientTrafficPolicy/default/p')).toEqual(['Accepted=False/UnsupportedValue'])
    }
  })

  policyField(
    [
      'ClientTrafficPolicy headers.earlyRequestHeaders.{set,add,addIfAbsent,remove}',
      'ClientTrafficPolicy headers.earlyRequestHeaders.removeOnMatch.{type,value}',
    ],
    'changes requests before anything looks at them',
    async () => {
      const changes = [
        'set: [{name: x-set, value: new}, {name: x-peer, value: "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT% 100%"}, {name: x-role, value: guest}]',
        'add: [{name: x-add, value: more}]',
        'addIfAbsent: [{name: x-there, value: no}, {name: x-absent, value: "yes"}]',
        'remove: [X-Secret]',
        'removeOnMatch: [{value: x-exact}, {type: Prefix, value: X-Internal-}, {type: Suffix, value: -debug}, {type: RegularExpression, value: "x-[0-9]+"}]',
      ].join(', ')
      await use(`headers: {earlyRequestHeaders: {${changes}}}`)
      const given = [
        'x-set: old',
        'x-add: one',
        'x-there: here',
        'x-secret: s',
        'x-exact: e',
        'x-internal-a: i',
        'x-a-debug: d',
        'x-123: n',
        'x-kept: k',
      ]
      const { headers = {} } = await sent('GET / HTTP/1.1', ...given)
      expect(headers).toMatchObject({
        'x-set': 'new',
        'x-peer': '127.0.0.1 100%',
        'x-add': 'one, more',
        'x-there': 'here',
        'x-absent': 'yes',
        'x-kept': 'k',
      })
      for (const gone of ['x-secret', 'x-exact', 'x-internal-a', 'x-a-debug', 'x-123']) expect(headers[gone]).toBeUndefined()
    },
  )

  policyField(
    [
      'ClientTrafficPolicy headers.lateResponseHeaders.{set,add,addIfAbsent,remove}',
      'ClientTrafficPolicy headers.lateResponseHeaders.removeOnMatch.{type,value}',
    ],
    'changes answers after everything else, those of Envoy itself too',
    async () => {
      const changes = [
        'set: [{name: x-set, value: new}]',
        'add: [{name: x-add, value: more}]',
        'addIfAbsent: [{name: x-there, value: no}, {name: x-absent, value: "yes"}]',
        'remove: [X-Secret]',
        'removeOnMatch: [{type: Prefix, value: X-Internal-}, {type: Suffix, value: -debug}, {value: x-exact}, {type: RegularExpression, value: "x-[0-9]+"}]',
      ].join(', ')
      await use(`headers: {lateResponseHeaders: {${changes}}}`)
      const path = `/?${['x-set:old', 'x-add:one', 'x-there:here', 'x-secret:s', 'x-internal-a:i', 'x-a-debug:d', 'x-exact:e', 'x-123:n'].map((header) => `header=${header}`).join('&')}`
      await eventually(async () =>
        expect((await world.ask({ path })).headers).toMatchObject({
          'x-set': 'new',
          'x-add': 'one, more',
          'x-there': 'here',
          'x-absent': 'yes',
        }),
      )
      const { headers } = await world.ask({ path })
      for (const gone of ['x-secret', 'x-internal-a', 'x-a-debug', 'x-exact', 'x-123'])
        expect([gone, headers[gone]]).toEqual([gone, undefined])
      const ofEnvoy = await world.ask({ path: '/a%2Fb/../../..' })
      expect([ofEnvoy.status === 200, ofEnvoy.headers['x-set']]).not.toEqual([true, undefined])
      const nobody = await world.ask({ host: 'other.example', port: 8080 })
      expect([nobody.status, nobody.headers['x-set']]).toEqual([404, 'new'])
    },
  )

  policyField(['ClientTrafficPolicy headers.enableEnvoyHeaders'], 'adds headers of Envoy', async () => {
    await use('headers: {enableEnvoyHeaders: false}')
    expect((await world.ask()).headers['x-envoy-upstream-service-time']).toBeUndefined()
    await use('headers: {enableEnvoyHeaders: true}')
    expect((await world.ask()).headers['x-envoy-upstream-service-time']).toMatch(/^[0-9]+$/)
  })

  policyField(['ClientTrafficPolicy headers.host.stripTrailingHostDot'], 'takes a host with a dot for another one', async () => {
    const named = httpRoute('r', `[{${to('open')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: [example.com]')
    await use('headers: {host: {stripTrailingHostDot: true}}', about(), named)
    expect(await world.answerer({ host: 'example.com.' })).toBe('open')
    await use('headers: {host: {stripTrailingHostDot: false}}', about(), named)
    expect(await world.answerer({ host: 'example.com.' })).toBe(404)
  })

  policyField(
    ['ClientTrafficPolicy headers.maxRequestHeaderLimit', 'ClientTrafficPolicy headers.maxRequestHeaders'],
    'bounds headers',
    async () => {
      const long = `x-long: ${'a'.repeat(3_000)}`
      await use('headers: {maxRequestHeaderLimit: 2Ki}')
      expect((await sent('GET / HTTP/1.1', long)).status).toBe(431)
      await use('headers: {maxRequestHeaderLimit: 8Ki}')
      expect((await sent('GET / HTTP/1.1', long)).status).toBe(200)
      const many = Array.from({ length: 20 }, (_, at) => `x-${at}: a`)
      await use('headers: {maxRequestHeaders: 10}')
      expect((await sent('GET / HTTP/1.1', ...many)).status).toBe(431)
      await use('headers: {maxRequestHeaders: 40}')
      expect((await sent('GET / HTTP/1.1', ...many)).status).toBe(200)
    },
  )
})

describe('http1', () => {
  const TO_RAW = httpRoute('r', `[{${to('raw')}}]`)

  policyField(['ClientTrafficPolicy http1.preserveHeaderCase'], 'keeps the case of names, both ways', async () => {
    await use('http1: {preserveHeaderCase: false}', about(), TO_RAW)
    const lower = (await send(rawRequest('GET / HTTP/1.1', 'X-CamelCase: a'))).text
    expect([lower.includes('X-CamelCase'), lower.includes('X-Written-As')]).toEqual([false, false])
    await use('http1: {preserveHeaderCase: true}', about(), TO_RAW)
    await eventually(async () => {
      const { text } = await send(rawRequest('GET / HTTP/1.1', 'X-CamelCase: a'))
      expect([text.includes('X-CamelCase'), text.includes('X-Written-As')]).toEqual([true, true])
    })
  })

  policyField(['ClientTrafficPolicy http1.enableTrailers'], 'passes trailers on, both ways', async () => {
    const request = `${rawRequest('POST / HTTP/1.1', 'transfer-encoding: chunked', 'te: trailers', 'trailer: x-checksum')}2\r\nab\r\n0\r\nx-checksum: 42\r\n\r\n`
    await use('http1: {enableTrailers: false}', about(), TO_RAW)
    expect((await send(request)).text).not.toContain('"42"')
    await use('http1: {enableTrailers: true}', about(), TO_RAW)
    await eventually(async () => expect((await send(request)).text).toContain('"42"'))
    expect((await send(request)).text).toContain('from-backend')
  })

  policyField(['ClientTrafficPolicy http1.allowAbsoluteURL'], 'takes whole URLs apart, or not', async () => {
    await use('http1: {allowAbsoluteURL: true}')
    expect(await sent('GET http://example.com/a HTTP/1.1')).toMatchObject({ status: 200, path: '/a' })
    await use('http1: {allowAbsoluteURL: false}')
    expect((await sent('GET http://example.com/a HTTP/1.1')).status).not.toBe(200)
  })

  policyField(
    ['ClientTrafficPolicy http1.http10.useDefaultHost'],
    'serves HTTP/1.0, for the hostname of the listener where it says so',
    async () => {
      const withHost = 'GET / HTTP/1.0\r\nhost: example.com\r\n\r\n'
      const withoutHost = 'GET / HTTP/1.0\r\n\r\n'
      const statuses = async (port: number) => [(await send(withHost, port)).status, (await send(withoutHost, port)).status]
      await use('http1: {enableTrailers: false}')
      expect(await statuses(8080)).toEqual([426, 426])
      await use('http1: {http10: {}}')
      expect(await statuses(8080)).toEqual([200, 400])
      await use('http1: {http10: {useDefaultHost: true}}')
      expect(await statuses(8080)).toEqual([200, 200])
      // This listener has no hostname of its own.
      expect(await statuses(80)).toEqual([200, 400])
    },
  )

  policyField(['ClientTrafficPolicy http1.ignoredUpgradeTypes.{type,value}'], 'does not notice some upgrades', async () => {
    const upgrade = ['connection: upgrade', 'upgrade: chat2']
    await use('http1: {enableTrailers: false}')
    expect((await sent('GET / HTTP/1.1', ...upgrade)).status).toBe(403)
    for (const match of [
      '{value: chat2}',
      '{type: Prefix, value: chat}',
      '{type: Suffix, value: t2}',
      '{type: RegularExpression, value: "chat[0-9]"}',
    ]) {
      await use(`http1: {ignoredUpgradeTypes: [${match}]}`)
      expect([match, (await sent('GET / HTTP/1.1', ...upgrade)).status]).toEqual([match, 200])
    }
  })
})

describe('healthCheck and scheme', () => {
  policyField(['ClientTrafficPolicy healthCheck.path'], 'answers a path itself, for any host', async () => {
    await use('healthCheck: {path: /healthz}')
    const before = world.backend('open').requests.length
    for (const host of ['example.com', 'unknown.example'])
      expect([host, (await world.ask({ host, port: 8080, path: '/healthz' })).status]).toEqual([host, 200])
    expect(world.backend('open').requests).toHaveLength(before)
    expect(await world.answerer({ path: '/healthz/more' })).toBe('open')
    expect(await world.answerer({ path: '/healthz?x=1' })).toBe('open')
  })

  policyField(['ClientTrafficPolicy scheme'], 'tells backends the scheme of the client, or that of the connection to them', async () => {
    const toH2c = httpRoute('r', `[{${to('h2c')}}]`)
    const scheme = async () => (await world.ask({ headers: { 'x-forwarded-proto': 'https' } })).echo?.headers[':scheme']
    const trusting = 'clientIPDetection: {xForwardedFor: {numTrustedHops: 1}}'
    await use(`scheme: Preserve, ${trusting}`, about(), toH2c)
    await eventually(async () => expect(await scheme()).toBe('https'))
    await use(`scheme: MatchBackend, ${trusting}`, about(), toH2c)
    await eventually(async () => expect(await scheme()).toBe('http'))
  })
})
