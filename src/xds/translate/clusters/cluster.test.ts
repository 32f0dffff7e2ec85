import { describe, expect, it } from '@jest/globals'
import { cluster, endpoint, endpoints } from '../../../../test/envoy-api/ir-fixtures.js'
import type { BackendProtocol } from '../../../ir/cluster.js'
import { DEFAULT_BACKEND_TRAFFIC } from '../../../ir/defaults.js'
import type { UpstreamTls } from '../../../ir/tls.js'
import { decode } from '../../message.js'
import { TYPE_URL } from '../../resource.js'
import { DEFAULT_TRANSLATE_OPTIONS } from '../options.js'
import { buildCluster, encodeCluster } from './cluster.js'
import { buildLoadAssignment } from './load-assignment.js'

const build = (...args: Parameters<typeof cluster>) => buildCluster(cluster(...args), DEFAULT_TRANSLATE_OPTIONS)
const HTTP = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

describe('a cluster', () => {
  it('gets its endpoints over the ADS stream, by a source whose bytes never change', () => {
    expect(build('a')).toMatchObject({
      name: 'a',
      type: 3,
      edsClusterConfig: { edsConfig: { ads: {}, resourceApiVersion: 2 } },
      lbPolicy: 1,
    })
  })

  it('resolves names itself', () => {
    const hosts = [{ hostname: 'h.com', port: 80, weight: 3 }]
    expect(build('a', { discovery: { kind: 'dns', hosts } })).toMatchObject({
      clusterType: { name: 'envoy.clusters.dns' },
      loadAssignment: {
        clusterName: 'a',
        endpoints: [
          {
            lbEndpoints: [
              {
                endpoint: { hostname: 'h.com', address: { socketAddress: { address: 'h.com', portValue: 80 } } },
                loadBalancingWeight: { value: 3 },
              },
            ],
          },
        ],
      },
    })
  })

  it('has no limits that nobody asked for', () => {
    const unlimited = { value: 0xffff_ffff }
    expect(build('a').circuitBreakers?.thresholds).toEqual([
      { maxConnections: unlimited, maxPendingRequests: unlimited, maxRequests: unlimited, maxRetries: unlimited },
    ])
  })

  it('keeps retries within their budget', () => {
    const retryBudget = { percent: 20, intervalMs: 10_000, minRetriesPerInterval: 10, minIntervalMs: 2000 }
    const [threshold] = build('a', { traffic: { ...DEFAULT_BACKEND_TRAFFIC, retryBudget } }).circuitBreakers?.thresholds ?? []
    expect(threshold?.maxRetries).toBeUndefined()
    expect(threshold?.retryBudget).toEqual({
      budgetPercent: { value: 20 },
      minRetryConcurrency: { value: 5 },
      budgetInterval: { seconds: 10, nanos: 0 },
    })
  })

  it('has a name for statistics that does not break at dots', () => {
    expect(build('Backend/ns/a.b/80').altStatName).toBe('Backend/ns/a_b/80')
    expect(build('Service/ns/a/80').altStatName).toBeUndefined()
  })

  it.each<{ protocol: BackendProtocol; tls: boolean; want: object | undefined }>([
    { protocol: 'http1', tls: false, want: { explicitHttpConfig: { httpProtocolOptions: {} } } },
    { protocol: 'http2', tls: false, want: { explicitHttpConfig: { http2ProtocolOptions: {} } } },
    { protocol: 'auto', tls: true, want: { autoConfig: { http2ProtocolOptions: {} } } },
    { protocol: 'auto', tls: false, want: { explicitHttpConfig: { httpProtocolOptions: {} } } },
    { protocol: 'tcp', tls: false, want: undefined },
    { protocol: 'udp', tls: false, want: undefined },
  ])('speaks $protocol (TLS: $tls)', ({ protocol, tls, want }) => {
    const secured: UpstreamTls = { serverName: 'a.com', trust: { kind: 'none' }, subjectAltNames: [] }
    const packed = build('a', { protocol, ...(tls ? { tls: secured } : {}) }).typedExtensionProtocolOptions?.[HTTP]
    const options = packed?.value === undefined ? undefined : decode(HTTP, packed.value)
    if (want === undefined) expect(options).toBeUndefined()
    else expect(options).toMatchObject(want)
  })
})

describe('TLS to a backend', () => {
  const tls = (more: Partial<UpstreamTls>): UpstreamTls => ({
    serverName: 'a.com',
    trust: { kind: 'material', name: 'ca' },
    subjectAltNames: [],
    ...more,
  })
  const context = (more: Partial<UpstreamTls>, protocol: BackendProtocol = 'http1') =>
    decode(
      'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      build('a', { protocol, tls: tls(more) }).transportSocket?.typedConfig?.value ?? new Uint8Array(),
    )
  const exactly = (sanType: number, exact: string) => ({ matchTypedSubjectAltNames: [{ sanType, matcher: { exact } }] })

  it.each<{ rule: string; more: Partial<UpstreamTls>; want: object }>([
    {
      rule: 'the server carries the name that it is asked for',
      more: {},
      want: {
        sni: 'a.com',
        commonTlsContext: {
          combinedValidationContext: { defaultValidationContext: exactly(2, 'a.com'), validationContextSdsSecretConfig: { name: 'ca' } },
        },
      },
    },
    {
      rule: 'or one of the names that are asked for',
      more: { subjectAltNames: [{ type: 'URI', value: 'spiffe://x', match: 'exact' }] },
      want: { commonTlsContext: { combinedValidationContext: { defaultValidationContext: exactly(3, 'spiffe://x') } } },
    },
    {
      rule: 'the bundle of the proxy',
      more: { trust: { kind: 'system' } },
      want: {
        commonTlsContext: { validationContext: { ...exactly(2, 'a.com'), trustedCa: { filename: '/etc/ssl/certs/ca-certificates.crt' } } },
      },
    },
    {
      rule: 'a certificate of our own',
      more: { clientCertificate: 'mine' },
      want: { commonTlsContext: { tlsCertificateSdsSecretConfigs: [{ name: 'mine' }] } },
    },
    {
      rule: 'versions and ciphers',
      more: { minVersion: '1.2', maxVersion: '1.3', ciphers: ['c'] },
      want: { commonTlsContext: { tlsParams: { tlsMinimumProtocolVersion: 3, tlsMaximumProtocolVersion: 4, cipherSuites: ['c'] } } },
    },
    { rule: 'the list of protocols of the policy', more: { alpn: ['x'] }, want: { commonTlsContext: { alpnProtocols: ['x'] } } },
  ])('$rule', ({ more, want }) => {
    expect(context(more)).toMatchObject(want)
  })

  it('sends no server name for an IP address, and looks for the address in the certificate', () => {
    const { sni, commonTlsContext } = context({ serverName: '192.0.2.1' })
    expect(sni).toBeUndefined()
    expect(commonTlsContext?.combinedValidationContext?.defaultValidationContext).toEqual(exactly(4, '192.0.2.1'))
  })

  it('verifies nothing only when told so', () => {
    const { tlsParams: _, ...others } = context({ trust: { kind: 'none' } }).commonTlsContext ?? {}
    expect(others).toEqual({ alpnProtocols: ['http/1.1'] })
  })

  it('asks each endpoint for its own name where they have several, and for a certificate with it unless others are asked for', () => {
    expect(context({})).not.toHaveProperty('autoHostSni')
    expect(context({ byEndpoint: true })).toMatchObject({ autoHostSni: true, autoSniSanValidation: true })
    const more = { subjectAltNames: [{ type: 'DNS', value: 'a', match: 'exact' }] } as const
    for (const unlike of [more, { trust: { kind: 'none' } }] as const)
      expect(context({ byEndpoint: true, ...unlike })).not.toHaveProperty('autoSniSanValidation')
  })

  it.each([
    { trust: { kind: 'system' }, want: { autoSni: true, autoSanValidation: true } },
    { trust: { kind: 'none' }, want: { autoSni: true } },
  ] as const)('takes the host of the request for a name that is not known (trust: $trust.kind)', ({ trust, want }) => {
    const packed = build('a', { tls: { serverName: undefined, trust, subjectAltNames: [] } }).typedExtensionProtocolOptions?.[HTTP]
    expect(decode(HTTP, packed?.value ?? new Uint8Array()).upstreamHttpProtocolOptions).toEqual(want)
  })

  it('is among the references', () => {
    expect(encodeCluster(cluster('a', { tls: tls({ clientCertificate: 'mine' }) }), DEFAULT_TRANSLATE_OPTIONS).references).toEqual([
      { typeUrl: TYPE_URL.clusterLoadAssignment, name: 'a' },
      { typeUrl: TYPE_URL.secret, name: 'ca' },
      { typeUrl: TYPE_URL.secret, name: 'mine' },
    ])
  })
})

describe('a load assignment', () => {
  it('holds addresses, health and weights', () => {
    const list = [endpoint(1), endpoint(2, { health: 'draining', weight: 5 }), endpoint(0, { address: { kind: 'unix', path: '/run/s' } })]
    expect(buildLoadAssignment(endpoints('a', ...list))).toEqual({
      clusterName: 'a',
      endpoints: [
        {
          lbEndpoints: [
            { endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue: 1 } } } },
            {
              endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue: 2 } } },
              healthStatus: 3,
              loadBalancingWeight: { value: 5 },
            },
            { endpoint: { address: { pipe: { path: '/run/s' } } } },
          ],
        },
      ],
    })
  })

  it('keeps places apart', () => {
    const localities = [
      { zone: 'z', priority: 0, endpoints: [endpoint(1)] },
      { zone: '', priority: 1, endpoints: [endpoint(2)] },
    ]
    expect(buildLoadAssignment({ cluster: 'a', localities, origins: [] }).endpoints).toMatchObject([
      { locality: { zone: 'z' } },
      { priority: 1 },
    ])
  })
})
