/**
 * What changes besides routes while requests run: certificates, policies of every kind and level, endpoints, and backends every 20 ms. The whole
 * pipeline, a real Envoy, closed-loop clients over HTTP and HTTPS that count every answer, and a WebSocket over TLS and a gRPC stream that must
 * stay up. Few rounds by default; those of the project's goals with LONG=1.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { TYPE_URL } from '../../src/xds/resource.js'
import { backend, gateway, httpRoute, service, to } from '../features/manifests.js'
import { authorities, https, secret } from '../features/tls-manifests.js'
import { createIssuer } from '../policies/support/tokens.js'
import { createAuthority, type TestAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { connectedCertificate } from '../support/peer-certificate.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { type Load, startLoad } from './support/load.js'
import { type LongLived, SOCKETS_HOST, startLongLived } from './support/long-lived.js'

const IS_LONG = process.env.LONG === '1'
const ROUNDS = IS_LONG ? 100 : 15
const FLIPS = IS_LONG ? 1_000 : 100
const FLIP_MS = 20
const TIMEOUT_MS = 180_000
const HOST = 'busy.test'

const issuer = createIssuer('https://good.test')
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('certificates, policies, endpoints and backends change under load', () => {
  let headgate: Standalone
  let one: TestBackend
  let two: TestBackend
  let authority: TestAuthority
  let streams: LongLived
  let loads: readonly Load[] = []

  beforeAll(async () => {
    one = await startBackend('one')
    two = await startBackend('two')
    authority = await createAuthority()
    streams = await startLongLived()
    headgate = await startTestStandalone()
    await writeCertificate()
    await headgate.write(
      'base',
      [
        `${gateway('gw', `[{name: http, port: 80, protocol: HTTP}, ${https('https', undefined)}]`)}  tls: {backend: {clientCertificateRef: {name: shown}}}\n`,
        backend(one),
        backend(two),
        ...streams.objects,
      ].join('---'),
    )
    await headgate.write('busy', busy(to('one')))
    await streams.connect(headgate.place('default/gw', 80), { ...headgate.place('default/gw', 443), ca: authority.certificate })
  }, TIMEOUT_MS)

  afterEach(async () => {
    await Promise.all(loads.map((load) => load.end()))
  })

  afterAll(async () => {
    streams?.close()
    await headgate?.stop()
    await Promise.all([one?.close(), two?.close()])
  }, TIMEOUT_MS)

  const busy = (to: string) => httpRoute('busy', `[{${to}}]`, `parentRefs: [{name: gw}]\n  hostnames: [${HOST}]`)

  async function writeCertificate(): Promise<void> {
    await headgate.write('certificate', secret('cert', await authority.issue({ dns: [HOST, SOCKETS_HOST] })))
  }

  /** Runs under load and expects nothing but 200 on the connections that were there before, and not a byte of listeners. */
  async function underLoad(change: () => Promise<void>): Promise<void> {
    const { server } = headgate.running.controlPlane
    const listeners = () => server.counters.responses.get(TYPE_URL.listener)
    const before = listeners()
    loads = [
      startLoad({ ...headgate.place('default/gw', 80), host: HOST }),
      startLoad({ ...headgate.place('default/gw', 443), host: HOST, ca: authority.certificate }),
    ]
    await change()
    await headgate.settle()
    await eventually(() => {
      for (const load of loads) expect(load.total()).toBeGreaterThan(50)
    })
    const connections = loads.map((load) => load.connections())
    const answers = await Promise.all(loads.map((load) => load.end()))
    for (const seen of answers) expect(Object.keys(seen)).toEqual(['200'])
    expect(connections).toEqual([1, 1])
    expect(listeners()).toBe(before)
    await streams.expectUp()
    expect(server.rejected.list()).toEqual([])
  }

  async function rounds(each: (number: number) => Promise<void>): Promise<void> {
    for (let number = 1; number <= ROUNDS; number++) await each(number)
  }

  it(
    'certificates are rotated: new connections get the new one, old ones stay',
    async () => {
      const seen = new Set<string>()
      await underLoad(() =>
        rounds(async () => {
          await writeCertificate()
          seen.add(await connectedCertificate({ ...headgate.place('default/gw', 443), serverName: HOST, ca: authority.certificate }))
        }),
      )
      expect(seen.size).toBe(ROUNDS)
    },
    TIMEOUT_MS,
  )

  it(
    'authorities of backends, and the certificate that is shown to them, are rotated',
    async () => {
      const [servers, others, clients] = [
        await createAuthority('servers'),
        await createAuthority('others'),
        await createAuthority('clients'),
      ]
      const certificate = await servers.issue({ dns: ['inner.test'] })
      const inner = await startBackend('inner', { kind: 'tls', certificate, clientAuthorities: clients.certificate })
      const rotate = async (number: number): Promise<void> => {
        const trusted = number % 2 === 0 ? [servers] : [others, servers]
        const bundle = authorities('servers', trusted.map((each) => each.certificate).join('\n'))
        await headgate.write('rotated', [bundle, secret('shown', await clients.issue({ dns: [`gateway${number}.test`] }))].join('---'))
      }
      const about = 'targetRefs: [{group: "", kind: Service, name: inner}]'
      const policies = `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: inner}
spec: {${about}, validation: {hostname: inner.test, caCertificateRefs: [{group: "", kind: ConfigMap, name: servers}]}}
---
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: inner}
spec: {${about}, circuitBreaker: {maxRequestsPerConnection: 1}}
`
      try {
        await rotate(0)
        await headgate.write('busy', [service('inner', [inner]), policies, busy('backendRefs: [{name: inner, port: 8001}]')].join('---'))
        const shown = new Set<unknown>()
        // A connection for each request: none lives on with what was there before.
        await underLoad(() =>
          rounds(async (number) => {
            await rotate(number)
            shown.add((await headgate.send('default/gw', 80, { host: HOST })).echo?.tls?.clientCertificate)
          }),
        )
        expect([...shown]).toEqual(Array.from({ length: ROUNDS }, (_, index) => `CN=gateway${index + 1}.test`))
        expect(headgate.running.sources.problems()).toEqual([])
      } finally {
        await headgate.write('busy', busy(to('one')))
        await inner.close()
      }
    },
    TIMEOUT_MS,
  )

  it(
    'policies of every kind and level are added, changed and removed',
    async () => {
      const about = (kind: string, name: string) => `targetRefs: [{group: gateway.networking.k8s.io, kind: ${kind}, name: ${name}}]`
      const policy = (kind: string, name: string, spec: string) =>
        `\napiVersion: headgate.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${spec}}\n`
      const security = [
        'cors: {allowOrigins: ["https://a.test"]}',
        'authorization: {defaultAction: Allow, rules: [{action: Deny, principal: {clientCIDRs: [203.0.113.0/24]}}]}',
        'cors: {allowOrigins: ["https://b.test"]}, authorization: {defaultAction: Deny, rules: [{action: Allow, principal: {clientCIDRs: [127.0.0.0/8]}}]}',
        'csrf: {}',
        `jwt: {optional: true, providers: [{name: p, issuer: "${issuer.issuer}", localJWKS: {inline: '${issuer.jwks}'}}]}`,
        `jwt: {optional: true, providers: [{name: q, issuer: "https://q.test", localJWKS: {inline: '${issuer.jwks}'}}]}`,
        'authorization: {defaultAction: Allow, rules: [{action: Deny, cel: \'request.method == "DELETE"\'}]}',
      ]
      const traffic = [
        'timeouts: {http: {requestTimeout: 10s}}',
        'retry: {numRetries: 2, retryOn: {httpStatusCodes: [503]}}',
        'loadBalancer: {type: LeastRequest}',
        'circuitBreaker: {maxConnections: 100}',
        'rateLimit: {type: Local, rules: [{limit: {requests: 1000000, unit: Second}}]}',
        'compression: [{type: Gzip}]',
        'faultInjection: {delay: {fixedDelay: 1ms, percentage: {numerator: 1}}}',
        'responseOverride: [{match: {statusCodes: [{type: Value, value: 418}]}, response: {statusCode: 419}}]',
        'requestBuffer: {limit: 1Mi}',
        'healthCheck: {passive: {consecutive5XxErrors: 50}}',
      ]
      const extensions = ['lua: [{inline: "function envoy_on_request(handle) end"}]', 'grpcWeb: {}']
      const pick = (list: readonly string[], number: number) => list[number % list.length] ?? ''
      const levels = [about('HTTPRoute', 'busy'), about('Gateway', 'gw')]
      await underLoad(async () => {
        const most = Math.max(security.length, traffic.length) * levels.length
        for (let number = 1; number <= Math.max(ROUNDS, most); number++) {
          const level = pick(levels, number >> 1)
          const policies = [
            ...(number % 4 === 0 ? [] : [['SecurityPolicy', `s${number % 2}`, pick(security, number)] as const]),
            ...(number % 5 === 0 ? [] : [['BackendTrafficPolicy', 't', pick(traffic, number)] as const]),
            ...(number % 3 === 0 ? [] : [['ExtensionPolicy', 'e', pick(extensions, number >> 1)] as const]),
          ].map(([kind, name, spec]) => ({ key: `${kind}/default/${name}`, yaml: policy(kind, name, `${level}, ${spec}`) }))
          const filler = '{apiVersion: v1, kind: ConfigMap, metadata: {name: filler}}\n'
          await headgate.write('policies', [filler, ...policies.map(({ yaml }) => yaml)].join('---'))
          const said = policies.map(({ key }) => JSON.stringify(headgate.status(key)))
          expect([number, said.filter((status) => status.includes('"status":"False"') || !status.includes('"Accepted"'))]).toEqual([
            number,
            [],
          ])
          expect([number, headgate.running.sources.problems()]).toEqual([number, []])
        }
      })
      await headgate.remove('policies')
    },
    TIMEOUT_MS,
  )

  it(
    `endpoints are rolled ${ROUNDS} times`,
    async () => {
      const target = 'backendRefs: [{name: svc, port: 8001}]'
      await headgate.write('busy', [service('svc', [one]), busy(target)].join('---'))
      const before = two.requests.length
      await underLoad(() =>
        rounds((number) => headgate.write('busy', [service('svc', [number % 2 === 1 ? two : one]), busy(target)].join('---'))),
      )
      expect(two.requests.length).toBeGreaterThan(before)
    },
    TIMEOUT_MS,
  )

  it(
    `the backend is replaced ${FLIPS} times, every ${FLIP_MS} ms`,
    async () => {
      const before = two.requests.length
      await underLoad(async () => {
        for (let flip = 0; flip < FLIPS; flip++) {
          await headgate.put('busy', busy(to(flip % 2 === 0 ? 'two' : 'one')))
          await pause(FLIP_MS)
        }
      })
      expect(two.requests.length).toBeGreaterThan(before)
    },
    TIMEOUT_MS,
  )

  // The last: a connection of a listener that was changed ends when it has drained.
  it(
    'a policy about clients of one listener comes, changes and goes: another listener keeps its connections, and no request is lost',
    async () => {
      const settings = ['http2: {maxConcurrentStreams: 50}', 'headers: {maxRequestHeaders: 90}', 'timeout: {http: {idleTimeout: 10m}}']
      const about = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw, sectionName: https}]'
      loads = [
        startLoad({ ...headgate.place('default/gw', 80), host: HOST }),
        startLoad({ ...headgate.place('default/gw', 443), host: HOST, ca: authority.certificate }),
      ]
      await rounds(async (number) => {
        const kind = 'apiVersion: headgate.dev/v1alpha1\nkind: ClientTrafficPolicy\nmetadata: {name: c}'
        if (number % 4 === 0) await headgate.remove('client')
        else await headgate.write('client', `${kind}\nspec: {${about}, ${settings[number % 3]}}\n`)
        const before = loads.map((load) => load.total())
        await eventually(() => {
          for (const [at, load] of loads.entries()) expect(load.total()).toBeGreaterThan((before[at] ?? 0) + 2)
        })
      })
      const [plain, secure] = loads.map((load) => load.connections())
      for (const load of loads) expect(Object.keys(await load.end())).toEqual(['200'])
      expect(plain).toBe(1)
      expect(secure).toBeGreaterThan(1)
      await streams.expectUp()
    },
    TIMEOUT_MS,
  )
})
