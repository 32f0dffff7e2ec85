/** Where a client is, through the real Envoy: what is believed, and what attackers get. */
import { describe, expect, it } from '@jest/globals'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { ADMIN_ROUTE, clientPolicy, onlyClientsOf, rawRequest } from './client-manifests.js'
import { policyField } from './coverage/policy-field.js'
import { type RawOptions, sendRaw } from './raw-http.js'

const world = featureWorld(['open', 'secret'])

/** Somebody in front whom policies of these tests trust. */
const TRUSTED_PROXY = '127.0.0.2'
/** Where attackers really are, as proxies in front tell it. */
const ATTACKER = '203.0.113.9'

/** Waits until a policy is in force: a listener that changed is not there at the moment at which Envoy has acknowledged it. */
async function use(...documents: readonly string[]): Promise<void> {
  await world.write(ADMIN_ROUTE, ...documents)
}

async function ask(bytes: string | Buffer, options: RawOptions = {}): Promise<string | number> {
  const { status, text } = await sendRaw(world.headgate.place('default/gw', 80), bytes, options)
  return /"backend":"([a-z]+)"/.exec(text)?.[1] ?? status
}

/** The headers that a backend saw. */
async function seen(headers: readonly string[], options: RawOptions = {}): Promise<Readonly<Record<string, unknown>>> {
  const { text } = await sendRaw(world.headgate.place('default/gw', 80), rawRequest('GET / HTTP/1.1', ...headers), options)
  const [, body = '{}'] = text.split('\r\n\r\n')
  return (JSON.parse(body) as { readonly headers: Readonly<Record<string, unknown>> }).headers
}

interface Attempt {
  readonly how: string
  readonly bytes: string | Buffer
  readonly options?: RawOptions
}

/** Every attempt reaches the secret without the guard, and none does with it. */
async function expectNoneSucceed(
  { guard, unguarded, allowed }: { readonly guard: string; readonly unguarded: string; readonly allowed: string },
  attempts: readonly Attempt[],
): Promise<void> {
  const outcome = (): Promise<readonly (readonly [string, string | number])[]> =>
    Promise.all(attempts.map(async ({ how, bytes, options }) => [how, await ask(bytes, options)] as const))
  await use(clientPolicy(unguarded), onlyClientsOf(allowed))
  await eventually(async () => expect(await outcome()).toEqual(attempts.map(({ how }) => [how, 'secret'])))
  await use(clientPolicy(guard), onlyClientsOf(allowed))
  await eventually(async () => expect((await outcome()).filter(([, answer]) => answer === 'secret')).toEqual([]))
  const before = world.backend('secret').requests.length
  expect((await outcome()).filter(([, answer]) => answer === 'secret')).toEqual([])
  expect(world.backend('secret').requests).toHaveLength(before)
}

const admin = (...headers: readonly string[]): string => rawRequest('GET /admin HTTP/1.1', ...headers)

describe('clientIPDetection', () => {
  policyField(['ClientTrafficPolicy clientIPDetection.xForwardedFor.numTrustedHops'], 'so many proxies in front are believed', async () => {
    const policy = clientPolicy('clientIPDetection: {xForwardedFor: {numTrustedHops: 2}}')
    await use(policy, onlyClientsOf('10.0.0.0/8'))
    await eventually(async () => expect(await ask(admin('x-forwarded-for: 10.1.1.1, 192.0.2.1'))).toBe('secret'))
    expect(await ask(admin('x-forwarded-for: 192.0.2.1, 10.1.1.1'))).toBe(403)
    expect(await ask(admin('x-forwarded-for: 10.1.1.1'))).toBe(403)
  })

  policyField(
    ['ClientTrafficPolicy clientIPDetection.xForwardedFor.trustedCIDRs'],
    'proxies of some ranges are believed, and nobody else',
    async () => {
      const policy = clientPolicy(`clientIPDetection: {xForwardedFor: {trustedCIDRs: [${TRUSTED_PROXY}/32, 192.0.2.0/24]}}`)
      await use(policy, onlyClientsOf('10.0.0.0/8'))
      const trusted = { localAddress: TRUSTED_PROXY }
      await eventually(async () => expect(await ask(admin('x-forwarded-for: 10.1.1.1, 192.0.2.1'), trusted)).toBe('secret'))
      expect(await ask(admin('x-forwarded-for: 10.1.1.1'), trusted)).toBe('secret')
      expect(await ask(admin(`x-forwarded-for: 10.1.1.1, ${ATTACKER}`), trusted)).toBe(403)
      expect(await ask(admin('x-forwarded-for: 10.1.1.1'))).toBe(403)
    },
  )

  policyField(
    ['ClientTrafficPolicy clientIPDetection.xForwardedFor.disableXForwardedForAppend'],
    'the address of the connection is added to the header, or not',
    async () => {
      const ranges = `trustedCIDRs: [${TRUSTED_PROXY}/32]`
      for (const how of ['numTrustedHops: 1', ranges]) {
        await use(clientPolicy(`clientIPDetection: {xForwardedFor: {${how}}}`))
        await eventually(async () =>
          expect([how, (await seen(['x-forwarded-for: 10.1.1.1'], { localAddress: TRUSTED_PROXY }))['x-forwarded-for']]).toEqual([
            how,
            `10.1.1.1,${TRUSTED_PROXY}`,
          ]),
        )
        await use(clientPolicy(`clientIPDetection: {xForwardedFor: {${how}, disableXForwardedForAppend: true}}`))
        await eventually(async () =>
          expect([how, (await seen(['x-forwarded-for: 10.1.1.1'], { localAddress: TRUSTED_PROXY }))['x-forwarded-for']]).toEqual([
            how,
            '10.1.1.1',
          ]),
        )
      }
    },
  )

  policyField(
    ['ClientTrafficPolicy clientIPDetection.customHeader.{name,failClosed}'],
    'a header says it, and without one the connection does or nobody',
    async () => {
      await use(clientPolicy('clientIPDetection: {customHeader: {name: X-Client}}'), onlyClientsOf('10.0.0.0/8'))
      await eventually(async () => expect(await ask(admin('x-client: 10.1.1.1'))).toBe('secret'))
      expect(await ask(admin('x-forwarded-for: 10.1.1.1'))).toBe(403)
      expect(await ask(rawRequest('GET / HTTP/1.1'))).toBe('open')
      await use(clientPolicy('clientIPDetection: {customHeader: {name: X-Client, failClosed: true}}'), onlyClientsOf('10.0.0.0/8'))
      await eventually(async () => expect(await ask(rawRequest('GET / HTTP/1.1'))).toBe(403))
      expect(await ask(admin('x-client: 10.1.1.1'))).toBe('secret')
    },
  )

  policyField(
    ['ClientTrafficPolicy clientIPDetection.directSourceIP'],
    'a listener goes back to the address of the connection',
    async () => {
      const wide = clientPolicy('clientIPDetection: {xForwardedFor: {numTrustedHops: 1}}')
      await use(wide, onlyClientsOf('10.0.0.0/8'))
      await eventually(async () => expect(await ask(admin('x-forwarded-for: 10.1.1.1'))).toBe('secret'))
      const target = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw, sectionName: http}]'
      await use(wide, clientPolicy('clientIPDetection: {directSourceIP: {}}', target, 'direct'), onlyClientsOf('10.0.0.0/8'))
      await eventually(async () => expect(await ask(admin('x-forwarded-for: 10.1.1.1'))).toBe(403))
    },
  )

  it('a range that is none closes the listener: nobody is taken for somebody else', async () => {
    await use(clientPolicy('clientIPDetection: {xForwardedFor: {trustedCIDRs: [10.0.0.1]}}'))
    expect(world.conditions('ClientTrafficPolicy/default/p')).toEqual(['Accepted=False/UnsupportedValue'])
    expect(world.listener('default/gw', 'http')).toContain('Programmed=False/Invalid')
    expect(() => world.headgate.place('default/gw', 80)).toThrow('does not listen')
  }, 30_000)
})

describe('attempts to be somebody else', () => {
  const spoofed = [
    'x-forwarded-for: 10.1.1.1',
    'x-forwarded-for: 10.1.1.1, 10.1.1.2',
    'x-forwarded-for: 10.1.1.1\r\nx-forwarded-for: 10.1.1.2',
    'X-FORWARDED-FOR: 10.1.1.1',
    'x-forwarded-for:10.1.1.1',
    'x-forwarded-for:    10.1.1.1   ',
    'x-forwarded-for: 10.1.1.1, 127.0.0.2, 10.1.1.1',
    'x-forwarded-for: nonsense, 10.1.1.1',
    'x-forwarded-for: , 10.1.1.1',
    'x-forwarded-for: 127.0.0.2, 10.1.1.1',
    'x-forwarded-for: 10.1.1.1\r\nx-real-ip: 10.1.1.1',
    'x-forwarded-for: 10.1.1.1\r\nx-envoy-external-address: 10.1.1.1',
    'x-forwarded-for: 10.1.1.1\r\nforwarded: for=10.1.1.1',
    'x-forwarded-for: 10.1.1.1\r\nx-envoy-internal: true',
  ]

  it(
    'x-forwarded-for by who is no trusted proxy',
    () =>
      expectNoneSucceed(
        {
          guard: `clientIPDetection: {xForwardedFor: {trustedCIDRs: [${TRUSTED_PROXY}/32]}}`,
          unguarded: 'clientIPDetection: {xForwardedFor: {numTrustedHops: 1}}',
          allowed: '10.0.0.0/8',
        },
        spoofed.map((header) => ({ how: header, bytes: admin(header) })),
      ),
    60_000,
  )

  const behindProxy = [
    `x-forwarded-for: 10.1.1.1, ${ATTACKER}`,
    `x-forwarded-for: 10.1.1.1,${ATTACKER}`,
    `x-forwarded-for: 10.1.1.1 , ${ATTACKER} `,
    `x-forwarded-for: 10.1.1.2, 10.1.1.1, ${ATTACKER}`,
    `x-forwarded-for: 10.1.1.1\r\nx-forwarded-for: ${ATTACKER}`,
    `X-Forwarded-For: 10.1.1.1\r\nx-forwarded-for: ${ATTACKER}`,
    `x-forwarded-for: 127.0.0.2, 10.1.1.1, ${ATTACKER}`,
    `x-forwarded-for: nonsense, 10.1.1.1, ${ATTACKER}`,
    `x-forwarded-for: , 10.1.1.1, ${ATTACKER}`,
    `x-forwarded-for: 10.1.1.1, ${ATTACKER}\r\nx-real-ip: 10.1.1.1`,
    `x-forwarded-for: 10.1.1.1, ${ATTACKER}\r\ntrue-client-ip: 10.1.1.1`,
    `x-forwarded-for: 10.1.1.1, ${ATTACKER}\r\nx-envoy-external-address: 10.1.1.1`,
    `x-forwarded-for: 10.1.1.1, ${ATTACKER}\r\nvia: 1.1 10.1.1.1`,
  ]

  it.each([
    { what: 'a number of hops', guard: 'numTrustedHops: 1' },
    { what: 'ranges', guard: `trustedCIDRs: [${TRUSTED_PROXY}/32]` },
  ])(
    'x-forwarded-for in front of what a trusted proxy adds, with $what',
    ({ guard }) =>
      expectNoneSucceed(
        {
          guard: `clientIPDetection: {xForwardedFor: {${guard}}}`,
          unguarded: 'clientIPDetection: {xForwardedFor: {numTrustedHops: 2}}',
          allowed: '10.0.0.0/8',
        },
        behindProxy.map((header) => ({ how: header, bytes: admin(header), options: { localAddress: TRUSTED_PROXY } })),
      ),
    60_000,
  )

  it(
    'a header that must be there: without it, and written otherwise',
    () =>
      expectNoneSucceed(
        {
          guard: 'clientIPDetection: {customHeader: {name: x-client, failClosed: true}}',
          unguarded: 'clientIPDetection: {customHeader: {name: x-client}}, headers: {withUnderscoresAction: Allow}',
          allowed: '127.0.0.0/8',
        },
        [
          'x-other: 127.0.0.1',
          'x-client: ',
          'x-client: nonsense',
          'x-client: 127.0.0.1, 127.0.0.1',
          'x-client: 127.0.0.1:80',
          'x-client: 127.1',
          'x-client: 2130706433',
          'x-client: 0x7f.0.0.1',
          'x-client: 127.0.0.1/8',
          'x-client: [::1]',
          'x-client: localhost',
          'x_client: 127.0.0.1',
          'x-forwarded-for: 127.0.0.1',
        ].map((header) => ({ how: header, bytes: admin(header) })),
      ),
    60_000,
  )

  it('how a request came is told by trusted proxies alone', async () => {
    await use(clientPolicy(`clientIPDetection: {xForwardedFor: {trustedCIDRs: [${TRUSTED_PROXY}/32]}}`))
    const proto = async (options: RawOptions) => (await seen(['x-forwarded-proto: https'], options))['x-forwarded-proto']
    await eventually(async () => expect(await proto({})).toBe('http'))
    expect(await proto({ localAddress: TRUSTED_PROXY })).toBe('https')
  }, 30_000)

  it('headers of the proxy itself are the same for everybody, whatever a client is found by', async () => {
    const own = {
      'x-envoy-external-address': '10.9.9.9',
      'x-envoy-decorator-operation': 'steered',
      'x-envoy-downstream-service-cluster': 'steered',
      'x-envoy-original-host': 'steered',
      'x-envoy-original-path': '/steered',
      'x-envoy-upstream-rq-timeout-ms': '1',
      'x-envoy-max-retries': '9',
      'x-envoy-retry-on': '5xx',
      'x-envoy-force-trace': '1',
      'x-envoy-internal': 'true',
      'x-request-id': 'steered',
    }
    for (const how of [
      'xForwardedFor: {numTrustedHops: 1}',
      'xForwardedFor: {trustedCIDRs: [10.0.0.0/8]}',
      'customHeader: {name: x-client}',
    ]) {
      await use(clientPolicy(`clientIPDetection: {${how}}, headers: {lateResponseHeaders: {set: [{name: x-how, value: a${how.length}}]}}`))
      await eventually(async () => expect((await world.ask()).headers['x-how']).toBe(`a${how.length}`))
      const headers = await seen(Object.entries(own).map(([name, value]) => `${name}: ${value}`))
      const kept = Object.entries(own).filter(([name, value]) => headers[name] === value)
      expect([how, kept]).toEqual([how, []])
    }
  }, 60_000)
})

describe('proxyProtocol', () => {
  const v1 = (client: string): string => `PROXY TCP4 ${client} 192.0.2.1 40000 80\r\n`
  const v2 = (client: readonly number[]): Buffer =>
    Buffer.concat([
      Buffer.from('0d0a0d0a000d0a515549540a', 'hex'),
      Buffer.from([0x21, 0x11, 0, 12, ...client, 192, 0, 2, 1, 0x9c, 0x40, 0, 80]),
    ])
  const open = rawRequest('GET / HTTP/1.1')

  policyField(
    ['ClientTrafficPolicy proxyProtocol.optional'],
    'tells the address of clients, and is needed unless it is optional',
    async () => {
      await use(clientPolicy('proxyProtocol: {}'), onlyClientsOf('10.0.0.0/8'))
      await eventually(async () => expect(await ask(v1('10.1.1.1') + admin())).toBe('secret'))
      expect(await ask(Buffer.concat([v2([10, 1, 1, 1]), Buffer.from(admin())]))).toBe('secret')
      expect(await ask(v1(ATTACKER) + admin())).toBe(403)
      expect(await ask(open)).toBe(0)
      await use(clientPolicy('proxyProtocol: {optional: true}'), onlyClientsOf('10.0.0.0/8'))
      await eventually(async () => expect(await ask(open)).toBe('open'))
      expect(await ask(v1('10.1.1.1') + admin())).toBe('secret')
    },
  )

  it(
    'attempts to get in without it',
    () =>
      expectNoneSucceed({ guard: 'proxyProtocol: {}', unguarded: 'proxyProtocol: {optional: true}', allowed: '127.0.0.0/8' }, [
        { how: 'no header', bytes: admin() },
        { how: 'HTTP/1.1 in another way', bytes: admin('x-forwarded-for: 10.1.1.1') },
        { how: 'an absolute URL', bytes: rawRequest('GET http://example.com/admin HTTP/1.1') },
        { how: 'another path', bytes: rawRequest('GET /admin/ HTTP/1.1') },
        { how: 'a header of HTTP instead', bytes: admin('proxy: TCP4 127.0.0.1 127.0.0.1 1 80') },
        { how: 'in the body', bytes: `${rawRequest('POST /admin HTTP/1.1', 'content-length: 6')}PROXY ` },
        { how: 'in the path', bytes: rawRequest('GET /admin/PROXY HTTP/1.1') },
        { how: 'in the query', bytes: rawRequest('GET /admin?PROXY%20TCP4 HTTP/1.1') },
        { how: 'a connection for one request', bytes: rawRequest('GET /admin HTTP/1.1', 'connection: close') },
        { how: 'method PUT', bytes: `${rawRequest('PUT /admin HTTP/1.1', 'content-length: 0')}` },
        { how: 'method OPTIONS', bytes: rawRequest('OPTIONS /admin HTTP/1.1') },
        { how: 'method POST', bytes: `${rawRequest('POST /admin HTTP/1.1', 'content-length: 0')}` },
        { how: 'method DELETE', bytes: rawRequest('DELETE /admin HTTP/1.1') },
      ]),
    60_000,
  )

  it('attempts with headers that are none', async () => {
    await use(clientPolicy('proxyProtocol: {}'), onlyClientsOf('10.0.0.0/8'))
    await eventually(async () => expect(await ask(v1('10.1.1.1') + admin())).toBe('secret'))
    const attempts: readonly Attempt[] = [
      { how: 'lower case', bytes: `proxy tcp4 10.1.1.1 192.0.2.1 1 80\r\n${admin()}` },
      { how: 'a blank before', bytes: ` ${v1('10.1.1.1')}${admin()}` },
      { how: 'a line before', bytes: `\r\n${v1('10.1.1.1')}${admin()}` },
      { how: 'unknown', bytes: `PROXY UNKNOWN\r\n${admin()}` },
      { how: 'unknown with an address', bytes: `PROXY UNKNOWN 10.1.1.1 192.0.2.1 1 80\r\n${admin()}` },
      { how: 'the second of two', bytes: v1(ATTACKER) + v1('10.1.1.1') + admin() },
      { how: 'no address', bytes: `PROXY TCP4\r\n${admin()}` },
      { how: 'a name for an address', bytes: `PROXY TCP4 localhost 192.0.2.1 1 80\r\n${admin()}` },
      { how: 'IPv6 as IPv4', bytes: `PROXY TCP4 ::ffff:10.1.1.1 192.0.2.1 1 80\r\n${admin()}` },
      { how: 'an address out of range', bytes: `PROXY TCP4 10.1.1.256 192.0.2.1 1 80\r\n${admin()}` },
      { how: 'a port out of range', bytes: `PROXY TCP4 10.1.1.1 192.0.2.1 70000 80\r\n${admin()}` },
      { how: 'without an end', bytes: `PROXY TCP4 10.1.1.1 192.0.2.1 1 80 ${'x'.repeat(200)}\r\n${admin()}` },
      { how: 'version 3', bytes: Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a31110000', 'hex'), Buffer.from(admin())]) },
      { how: 'version 2, local', bytes: Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'), Buffer.from(admin())]) },
      { how: 'version 2, cut off', bytes: Buffer.concat([v2([10, 1, 1, 1]).subarray(0, 20), Buffer.from(admin())]) },
      {
        how: 'version 2, with x-forwarded-for',
        bytes: Buffer.concat([v2([203, 0, 113, 9]), Buffer.from(admin('x-forwarded-for: 10.1.1.1'))]),
      },
    ]
    const outcome = await Promise.all(attempts.map(async ({ how, bytes }) => [how, await ask(bytes)] as const))
    expect(outcome.filter(([, answer]) => answer === 'secret')).toEqual([])
  }, 60_000)
})
