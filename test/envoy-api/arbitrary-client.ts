/** Settings of clients in all their variety. */
import fc from 'fast-check'
import type { ClientSettings, HeaderMutation, Http1Settings, Http2Settings, SocketSettings } from '../../src/ir/client.js'
import { DEFAULT_CLIENT_SETTINGS, DEFAULT_SOCKET_SETTINGS } from '../../src/ir/defaults.js'

const texts = fc.record({ kind: fc.constantFrom('exact', 'prefix', 'suffix', 'regex'), value: fc.constantFrom('a', 'h2c') })
const ms = fc.constantFrom(1, 999, 5_000)
const mutations: fc.Arbitrary<readonly HeaderMutation[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constantFrom('set', 'add', 'addIfAbsent'),
      header: fc.record({ name: fc.constant('x-a'), value: fc.constantFrom('', '100%%', '%PROTOCOL%') }),
    }),
    fc.record({ do: fc.constant('remove'), name: fc.constant('x-b') }),
    fc.record({ do: fc.constant('removeMatching'), names: texts }),
  ),
  { minLength: 1, maxLength: 3 },
)
const address: fc.Arbitrary<ClientSettings['address']> = fc.oneof(
  fc.record({ from: fc.constant('connection'), trustedHops: fc.nat(3), append: fc.boolean() }),
  fc.record({
    from: fc.constant('trustedRanges'),
    ranges: fc.constantFrom([{ address: '10.0.0.0', bits: 8 }], [{ address: '::', bits: 0 }]),
    append: fc.boolean(),
  }),
  fc.record({ from: fc.constant('header'), name: fc.constant('x-client'), required: fc.boolean() }),
)
const http1: fc.Arbitrary<Http1Settings> = fc.record(
  {
    trailers: fc.constant(true),
    preserveHeaderCase: fc.constant(true),
    absoluteUrl: fc.constant(false),
    http10: fc.constantFrom({}, { defaultHost: 'a.com' }),
    abruptMaxConnectionDuration: fc.constant(true),
    ignoredUpgrades: fc.array(texts, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
)
const http2: fc.Arbitrary<Http2Settings> = fc.record(
  {
    maxConcurrentStreams: fc.constantFrom(1, 2 ** 31 - 1),
    streamWindowBytes: fc.constantFrom(65_535, 2 ** 31 - 1),
    connectionWindowBytes: fc.constantFrom(65_535, 2 ** 31 - 1),
    invalidMessageEndsStream: fc.constant(true),
    keepalive: fc.record({ timeoutMs: ms, intervalMs: ms, jitterPercent: fc.nat(100) }, { requiredKeys: ['timeoutMs'] }),
  },
  { requiredKeys: ['maxConcurrentStreams', 'streamWindowBytes', 'connectionWindowBytes'] },
)
/** How clients of a chain are treated. */
export const arbitraryClient: fc.Arbitrary<ClientSettings> = fc
  .record(
    {
      tcpIdleTimeoutMs: fc.constantFrom(0, 1_000),
      tlsHandshakeTimeoutMs: ms,
      connectionLimit: fc.record({ connections: fc.constantFrom(1, 1e9), closeDelayMs: ms }, { requiredKeys: ['connections'] }),
      address,
      requestTimeoutMs: fc.constantFrom(0, 1_000),
      maxConnectionDurationMs: ms,
      maxRequestsPerConnection: fc.constantFrom(1, 100),
      maxStreamDurationMs: ms,
      http1,
      http2,
      underscoresInHeaders: fc.constantFrom('allow', 'reject', 'drop'),
      escapedSlashes: fc.constantFrom('keep', 'reject', 'redirect', 'forward'),
      mergeSlashes: fc.boolean(),
      stripTrailingHostDot: fc.boolean(),
      maxRequestHeadersKib: fc.constantFrom(1, 8_192),
      maxRequestHeaders: fc.constantFrom(1, 10_000),
      envoyHeaders: fc.constant(true),
      forwardedClientCertificate: fc.record({
        mode: fc.constantFrom('sanitize', 'forwardOnly', 'appendForward', 'sanitizeSet', 'alwaysForwardOnly'),
        details: fc.subarray<'cert' | 'chain' | 'dns' | 'subject' | 'uri'>(['cert', 'chain', 'dns', 'subject', 'uri']),
      }),
      requestId: fc.constantFrom('preserveOrGenerate', 'preserve', 'disable'),
      earlyRequestHeaders: mutations,
      lateResponseHeaders: mutations,
      healthCheckPath: fc.constant('/healthz'),
      schemeOfBackend: fc.constant(true),
    },
    { requiredKeys: [] },
  )
  .map((more) => ({ ...DEFAULT_CLIENT_SETTINGS, ...more }))
/** How connections to a port are treated. */
export const arbitrarySocket: fc.Arbitrary<SocketSettings> = fc
  .record(
    {
      bufferLimitBytes: fc.constantFrom(1, 2 ** 32 - 1),
      proxyProtocol: fc.constantFrom('off', 'optional', 'required'),
      tcpKeepalive: fc.record(
        { probes: fc.constant(3), idleSeconds: fc.constant(10), intervalSeconds: fc.constant(5) },
        { requiredKeys: [] },
      ),
      inspectionTimeoutMs: ms,
      maxAcceptsPerEvent: fc.constant(3),
      fingerprints: fc.subarray<'JA3' | 'JA4'>(['JA3', 'JA4']),
    },
    { requiredKeys: [] },
  )
  .map((more) => ({ ...DEFAULT_SOCKET_SETTINGS, ...more }))
