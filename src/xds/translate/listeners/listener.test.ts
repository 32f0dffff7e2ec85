import { describe, expect, it } from '@jest/globals'
import { host, httpChain, origin, port, streamChain, weighted } from '../../../../test/envoy-api/ir-fixtures.js'
import { listenerMessage } from '../../../../test/envoy-api/listener-message.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { Port } from '../../../ir/port.js'
import type { ClientValidation } from '../../../ir/tls.js'
import { INVALID_BACKEND } from '../../invalid-backend.js'
import { decode } from '../../message.js'
import { TYPE_URL } from '../../resource.js'
import { HTTP_FILTERS } from '../http-filters/index.js'
import { DEFAULT_TRANSLATE_OPTIONS } from '../options.js'
import { type RoutePacking, tablePacking } from '../packing.js'
import { SCOPE_HEADER } from '../scopes/scope-key.js'
import type { AccessLogMode } from '../telemetry/access-log-mode.js'
import { encodeListener } from './listener.js'

const options = { ...DEFAULT_TRANSLATE_OPTIONS, accessLog: 'off' } as const
const listener = (...args: Parameters<typeof port>) => listenerMessage(port(...args), options)
const tls = { certificates: ['Secret/default/a'], alpn: ['h2', 'http/1.1'] }
const https = httpChain({ name: 'https/a.com', encrypted: true, serverNames: [host('a.com')], tls })

/** The typed configuration of the first filter of a chain. */
function filterOf(built: ReturnType<typeof listenerMessage>, chain = 0): Uint8Array {
  return built?.filterChains?.[chain]?.filters?.[0]?.typedConfig?.value ?? new Uint8Array()
}

describe('a listener', () => {
  it('binds every address of its port', () => {
    expect(listener({ addresses: ['0.0.0.0', '::'], boundPort: 8080 })).toMatchObject({
      name: 'p',
      address: { socketAddress: { address: '0.0.0.0', portValue: 8080 } },
      additionalAddresses: [{ address: { socketAddress: { address: '::', portValue: 8080 } } }],
    })
  })

  it('is none without chains, which Envoy would refuse', () => {
    expect(listener({ chains: [] })).toBeUndefined()
  })

  it('matches nothing and inspects nothing where there is no TLS', () => {
    const built = listener()
    expect(built?.listenerFilters).toBeUndefined()
    expect(built?.filterChains?.[0]?.filterChainMatch).toBeUndefined()
  })

  it('tells TLS from plaintext and names from names', () => {
    const built = listener({
      chains: [httpChain(), https, streamChain({ name: 'tls/b.com', encrypted: true, serverNames: [host('*.b.com')] })],
    })
    expect(built?.listenerFilters).toMatchObject([{ name: 'envoy.filters.listener.tls_inspector' }])
    expect(built?.filterChains?.map(({ filterChainMatch }) => filterChainMatch)).toEqual([
      { transportProtocol: 'raw_buffer' },
      { transportProtocol: 'tls', serverNames: ['a.com'] },
      { transportProtocol: 'tls', serverNames: ['*.b.com'] },
    ])
    expect(built?.filterChains?.map(({ transportSocket }) => transportSocket?.name)).toEqual([
      undefined,
      'envoy.transport_sockets.tls',
      undefined,
    ])
  })

  it('reads the PROXY protocol before TLS', () => {
    const socket = { ...port().socket, proxyProtocol: 'required' } as const
    expect(listener({ socket, chains: [https] })?.listenerFilters).toMatchObject([
      { name: 'envoy.filters.listener.proxy_protocol' },
      { name: 'envoy.filters.listener.tls_inspector' },
    ])
  })

  it('names its routes, clusters and secrets', () => {
    const clientValidation: ClientValidation = { trust: 'ConfigMap/default/ca', mode: 'require' }
    const chains = [httpChain({ ...https, tls: { ...tls, clientValidation } }), streamChain({ clusters: [weighted('b'), weighted('a')] })]
    expect(encodeListener(port({ chains }), options)).toMatchObject({
      typeUrl: TYPE_URL.listener,
      references: [
        { typeUrl: TYPE_URL.cluster, name: 'a' },
        { typeUrl: TYPE_URL.cluster, name: 'b' },
        { typeUrl: TYPE_URL.extensionConfig, name: 'envoy.filters.http.jwt_authn' },
        { typeUrl: TYPE_URL.routeConfiguration, name: 't' },
        { typeUrl: TYPE_URL.secret, name: 'ConfigMap/default/ca' },
        { typeUrl: TYPE_URL.secret, name: 'Secret/default/a' },
      ],
      origins: [origin('Gateway', 'gw'), origin('TCPRoute', 'tcp')],
    })
  })
})

/** The name of a filter of a chain, or the names of those that it stands for. */
function namesIn({
  name,
  typedConfig,
}: envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter): readonly (string | undefined)[] {
  if (typedConfig?.type_url?.endsWith('.FilterChainConfig') !== true) return [name]
  const { defaultFilterChain } = decode(
    'envoy.extensions.filters.http.filter_chain.v3.FilterChainConfig',
    typedConfig.value ?? new Uint8Array(),
  )
  return (defaultFilterChain?.filters ?? []).map((filter) => filter.name)
}

describe('an HTTP connection manager', () => {
  const manager = (...args: Parameters<typeof port>) =>
    decode('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', filterOf(listener(...args)))

  it('has every filter from the start, the router last', () => {
    const names = manager().httpFilters?.flatMap(namesIn)
    expect(names).toEqual(HTTP_FILTERS.map(({ name }) => name))
    expect(names?.at(-1)).toBe('envoy.filters.http.router')
  })

  it('gets its routes over the ADS stream', () => {
    expect(manager().rds).toEqual({ routeConfigName: 't', configSource: { ads: {}, resourceApiVersion: 2 } })
  })

  it('believes the last hops that are trusted', () => {
    expect(manager({ client: { ...port().client, address: { from: 'connection', trustedHops: 2, append: true } } })).toMatchObject({
      useRemoteAddress: { value: true },
      xffNumTrustedHops: 2,
    })
    expect(manager().xffNumTrustedHops).toBeUndefined()
  })

  it('makes the key of a scope after everything else has changed the request', () => {
    const name = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
    const early = (client: Port['client'], packing: RoutePacking) =>
      decode(name, filterOf(listenerMessage(port({ client }), options, () => tablePacking(packing, () => 0))))
        .earlyHeaderMutationExtensions ?? []
    const changing = { ...port().client, earlyRequestHeaders: [{ do: 'set', header: { name: 'x-a', value: 'b' } }] } as const
    const [own, others] = [early(changing, 'scoped'), early(changing, 'rds')]
    expect(own).toHaveLength(others.length + 1)
    expect(own.slice(0, -1)).toEqual(others)
    expect(Buffer.from(own.at(-1)?.typedConfig?.value ?? []).toString()).toContain(SCOPE_HEADER)
  })

  it('logs one line per request, one per failure, or nothing', () => {
    const name = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
    const logs = (accessLog: AccessLogMode) => decode(name, filterOf(listenerMessage(port(), { ...options, accessLog }))).accessLog ?? []
    expect(logs('all')).toMatchObject([{ name: 'envoy.access_loggers.stdout' }])
    expect(logs('all')[0]?.filter).toBeUndefined()
    expect(logs('errors')).toMatchObject([{ name: 'envoy.access_loggers.stdout', filter: { orFilter: {} } }])
    expect(logs('off')).toEqual([])
  })
})

describe('client certificates', () => {
  const context = (clientValidation: ClientValidation) => {
    const built = listener({ chains: [httpChain({ ...https, tls: { ...tls, clientValidation } })] })
    const value = built?.filterChains?.[0]?.transportSocket?.typedConfig?.value ?? new Uint8Array()
    return decode('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', value)
  }
  const trust = 'ConfigMap/default/ca'

  it.each([
    { mode: 'require', required: true, chain: undefined },
    { mode: 'verifyIfGiven', required: false, chain: undefined },
    { mode: 'request', required: false, chain: 1 },
  ] as const)('$mode', ({ mode, required, chain }) => {
    const { requireClientCertificate, commonTlsContext } = context({ trust, mode })
    expect(requireClientCertificate).toEqual(required ? { value: true } : {})
    expect(commonTlsContext?.combinedValidationContext).toMatchObject({ validationContextSdsSecretConfig: { name: trust } })
    expect(commonTlsContext?.combinedValidationContext?.defaultValidationContext?.trustChainVerification).toBe(chain)
  })

  it('trust nobody where no authority is usable', () => {
    expect(context({ trust: undefined, mode: 'require' }).commonTlsContext?.validationContext).toEqual({
      verifyCertificateHash: ['0'.repeat(64)],
    })
  })

  it('must carry the names and the keys that are asked for', () => {
    const validation: ClientValidation = {
      trust,
      mode: 'require',
      subjectAltNames: [{ type: 'URI', value: 'spiffe://x/', match: 'prefix' }],
      spkiHashes: ['k'],
      certificateHashes: ['c'],
    }
    expect(context(validation).commonTlsContext?.combinedValidationContext?.defaultValidationContext).toEqual({
      matchTypedSubjectAltNames: [{ sanType: 3, matcher: { prefix: 'spiffe://x/' } }],
      verifyCertificateSpki: ['k'],
      verifyCertificateHash: ['c'],
    })
  })
})

describe('a stream', () => {
  const proxy = (more: Parameters<typeof streamChain>[0]) =>
    decode('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', filterOf(listener({ chains: [streamChain(more)] })))

  it.each([
    { rule: 'goes to its cluster', more: {}, want: { cluster: 'a' } },
    { rule: 'is closed without a cluster', more: { clusters: [] }, want: { cluster: INVALID_BACKEND } },
    {
      rule: 'is divided by weight, invalid backends included',
      more: { clusters: [weighted('a', 1), weighted('b', 2)], invalidWeight: 3 },
      want: {
        weightedClusters: {
          clusters: [
            { name: 'a', weight: 1 },
            { name: 'b', weight: 2 },
            { name: INVALID_BACKEND, weight: 3 },
          ],
        },
      },
    },
  ])('$rule', ({ more, want }) => {
    expect(proxy(more)).toMatchObject(want)
  })
})

describe('datagrams', () => {
  const route = (more: Parameters<typeof streamChain>[0]) => {
    const built = listener({ transport: 'UDP', chains: [streamChain({ name: 'udp', ...more })] })
    expect(built).toMatchObject({ address: { socketAddress: { protocol: 1 } }, udpListenerConfig: {} })
    const value = built?.listenerFilters?.[0]?.typedConfig?.value ?? new Uint8Array()
    const { matcher } = decode('envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig', value)
    const actions = [...(matcher?.matcherList?.matchers ?? []).map(({ onMatch }) => onMatch), matcher?.onNoMatch]
    return actions.map(
      (action) => decode('envoy.extensions.filters.udp.udp_proxy.v3.Route', action?.action?.typedConfig?.value ?? new Uint8Array()).cluster,
    )
  }

  it.each([
    { rule: 'go to their cluster', more: {}, want: ['a'] },
    { rule: 'are dropped without a cluster', more: { clusters: [] }, want: [INVALID_BACKEND] },
    {
      rule: 'are divided, invalid backends included',
      more: { clusters: [weighted('a'), weighted('b')], invalidWeight: 1 },
      want: ['a', 'b', INVALID_BACKEND],
    },
  ])('$rule', ({ more, want }) => {
    expect(route(more)).toEqual(want)
  })
})
