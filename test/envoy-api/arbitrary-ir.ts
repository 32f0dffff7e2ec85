/** Arbitrary IR: everything that the types allow and the translation of the Gateway API may say. */
import fc from 'fast-check'
import type { Cluster } from '../../src/ir/cluster.js'
import type { Forward, WeightedCluster } from '../../src/ir/forward.js'
import type { HeaderChanges } from '../../src/ir/headers.js'
import type { PathChange } from '../../src/ir/path-change.js'
import type { Chain, HttpChain, Port } from '../../src/ir/port.js'
import {
  type Authorization,
  type Cors,
  type ExternalAuth,
  MAX_LISTENER_FILTERS,
  type PathMatch,
  type Route,
  type RouteAction,
  type VirtualHost,
} from '../../src/ir/route.js'
import type { SubjectAltName, TlsTermination, UpstreamTls } from '../../src/ir/tls.js'
import { arbitraryClient, arbitrarySocket } from './arbitrary-client.js'
import { arbitraryRequestTraffic } from './arbitrary-request-traffic.js'
import { host, httpChain, type IrValues, origin, port, routeTable, streamChain } from './ir-fixtures.js'

/** Clusters that exist, and one that does not. */
export const CLUSTERS = ['a', 'b', 'c'] as const
const cluster = fc.constantFrom(...CLUSTERS, 'missing')

/** A record whose optional keys may be absent. */
const partly = <T, K extends keyof T>(
  model: { [P in keyof T]: fc.Arbitrary<T[P]> },
  requiredKeys: readonly K[],
): fc.Arbitrary<Partial<T> & Pick<T, K>> =>
  fc.record<T, K>(model, { requiredKeys: [...requiredKeys] }) as fc.Arbitrary<Partial<T> & Pick<T, K>>

const segment = fc.stringMatching(/^[a-zA-Z0-9._~!$&'()*+,;=:@-]{1,8}$/)
const path = fc.array(segment, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`)
const regex = fc.constantFrom('/a.*', '/(users|orders|products)/[a-zA-Z0-9_-]{1,64}', '.*', '[0-9]+')
const headerName = fc.constantFrom('x-a', 'x-b', 'host', 'user-agent', 'content-type', ':path')
const headerValue = fc.stringMatching(/^[ -~]{0,20}$/)

const pathMatch: fc.Arbitrary<PathMatch> = fc.oneof(
  fc.record({ kind: fc.constantFrom('exact', 'prefix'), value: path }),
  fc.record({ kind: fc.constant('regex' as const), value: regex }),
)
const pathChange: fc.Arbitrary<PathChange> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('fullPath', 'prefix'),
    value: fc.oneof(
      path,
      fc.constant(''),
      path.map((value) => `${value}/`),
    ),
  }),
  fc.record({ kind: fc.constant('regex' as const), pattern: regex, substitution: fc.constantFrom('/x', '\\0', '') }),
)
const headers = fc.uniqueArray(fc.record({ name: headerName, value: headerValue }), { maxLength: 3, selector: ({ name }) => name })
const headerChanges: fc.Arbitrary<HeaderChanges> = fc.record({
  set: headers,
  add: headers,
  remove: fc.uniqueArray(headerName, { maxLength: 2 }),
})
const weight = fc.integer({ min: 1, max: 1_000_000 })

const weightedCluster: fc.Arbitrary<WeightedCluster> = partly<WeightedCluster, 'cluster' | 'weight' | 'requestHeaders' | 'responseHeaders'>(
  {
    cluster,
    weight,
    requestHeaders: headerChanges,
    responseHeaders: headerChanges,
    hostRewrite: fc.constant('b.com'),
    pathRewrite: pathChange,
  },
  ['cluster', 'weight', 'requestHeaders', 'responseHeaders'],
)
const milliseconds = fc.nat(1_000_000)

const forward: fc.Arbitrary<Forward> = fc.record(
  {
    kind: fc.constant('forward' as const),
    clusters: fc.array(weightedCluster, { maxLength: 3 }),
    invalidWeight: fc.nat(10),
    hostRewrite: fc.constant('h.com'),
    pathRewrite: pathChange,
    mirrors: fc.array(fc.record({ cluster, numerator: fc.nat(100), denominator: fc.constantFrom(100, 1000) }), { maxLength: 2 }),
    timeouts: fc.record(
      { requestMs: milliseconds, perTryMs: milliseconds, idleMs: milliseconds, streamMs: milliseconds },
      { requiredKeys: ['requestMs', 'perTryMs'] },
    ),
    retry: fc.record(
      {
        attempts: fc.nat(100),
        statusCodes: fc.uniqueArray(fc.integer({ min: 400, max: 599 }), { maxLength: 3 }),
        connectionErrors: fc.boolean(),
        triggers: fc.uniqueArray(fc.constantFrom('5xx', 'reset', 'gateway-error', 'cancelled', 'retriable-4xx'), { maxLength: 3 }),
        backoffBaseMs: fc.nat(2000),
        backoffMaxMs: fc.nat(2000),
        perTryIdleMs: fc.integer({ min: 1, max: 10_000 }),
        attemptsPerPriority: fc.integer({ min: 1, max: 100 }),
      },
      { requiredKeys: ['attempts', 'statusCodes', 'connectionErrors'] },
    ),
    connect: fc.constantFrom<NonNullable<Forward['connect']>>('forward', 'terminate'),
    hidesLoadReports: fc.constant(true),
    hash: fc.oneof(
      fc.constant({ kind: 'sourceIp' as const }),
      fc.record({
        kind: fc.constantFrom('headers', 'queryParameters'),
        names: fc.uniqueArray(fc.constantFrom('x-user', 'user'), { minLength: 1 }),
      }),
      fc.record(
        {
          kind: fc.constant('cookie' as const),
          name: fc.constant('user'),
          ttlMs: fc.nat(10_000),
          attributes: fc.constantFrom([], [{ name: 'SameSite', value: 'Strict' }]),
        },
        { requiredKeys: ['kind', 'name', 'attributes'] },
      ),
    ),
    sessionPersistence: fc.record(
      {
        kind: fc.constantFrom('cookie', 'header'),
        name: fc.constantFrom('sid', 'x-session'),
        path,
        lifetimeSeconds: fc.nat(100),
        absoluteTimeoutSeconds: fc.nat(100),
        strict: fc.boolean(),
        backends: fc.array(weightedCluster, { maxLength: 2 }),
      },
      { requiredKeys: ['kind', 'name', 'lifetimeSeconds', 'strict'] },
    ),
    upgrades: fc.constantFrom([], ['websocket'], ['websocket', 'other']),
  },
  { requiredKeys: ['kind', 'clusters', 'invalidWeight', 'mirrors', 'timeouts', 'upgrades'] },
)

const action: fc.Arbitrary<RouteAction> = fc.oneof(
  { arbitrary: forward, weight: 4 },
  fc.record(
    {
      kind: fc.constant('redirect' as const),
      scheme: fc.constantFrom('http', 'https'),
      hostname: fc.constant('r.com'),
      port: fc.integer({ min: 1, max: 65_535 }),
      impliedPort: fc.constantFrom(80, 443),
      path: pathChange,
      statusCode: fc.constantFrom(301, 302, 303, 307, 308),
    },
    { requiredKeys: ['kind', 'statusCode'] },
  ),
  fc.record(
    {
      kind: fc.constant('directResponse' as const),
      statusCode: fc.integer({ min: 200, max: 599 }),
      body: headerValue,
      contentType: fc.constant('text/plain'),
    },
    { requiredKeys: ['kind', 'statusCode'] },
  ),
)

const cors: fc.Arbitrary<Cors> = fc.record({
  allowOrigins: fc.array(fc.constantFrom('*', 'https://a.com', 'https://*.b.com', 'http://c.com:*', 'http://*.d.com:8080'), {
    minLength: 1,
    maxLength: 3,
  }),
  allowCredentials: fc.boolean(),
  allowMethods: fc.array(fc.constantFrom('*', 'GET', 'PUT'), { maxLength: 2 }),
  allowHeaders: fc.array(fc.constantFrom('*', 'x-a'), { maxLength: 2 }),
  exposeHeaders: fc.array(fc.constantFrom('*', 'x-b'), { maxLength: 2 }),
  maxAgeSeconds: fc.nat(10_000),
})
const count = fc.integer({ min: 1, max: 1_000 })
const time = fc.integer({ min: 1, max: 60_000 })
/** What only policies say about clusters. */
const policyTraffic = {
  limits: fc.record(
    {
      connections: count,
      pendingRequests: count,
      requests: count,
      retries: count,
      connectionsPerEndpoint: count,
      retryShare: fc.record({ percent: fc.nat(100), minConcurrency: count }, { requiredKeys: ['percent'] }),
    },
    { requiredKeys: [] },
  ),
  endpointOverride: fc.constantFrom(['x-endpoint'], ['x-a', 'x-b']),
  zoneWeights: fc.constantFrom<Readonly<Record<string, number>>>({}, { a: 0 }, { a: 2, b: 1 }),
  preconnect: fc.record({ perEndpointRatio: fc.constantFrom(1, 1.5, 3), predictiveRatio: fc.constantFrom(1, 2.5) }, { requiredKeys: [] }),
  dns: fc.record(
    {
      refreshMs: time.map((milliseconds) => milliseconds + 1),
      respectsTtl: fc.boolean(),
      family: fc.constantFrom('IPv4', 'IPv6', 'IPv6Preferred', 'IPv4AndIPv6'),
    },
    { requiredKeys: [] },
  ),
  proxyProtocol: fc.constantFrom('v1', 'v2'),
  activeHealthCheck: fc.record(
    {
      host: fc.constant('app.default'),
      timeoutMs: time,
      intervalMs: time,
      unhealthyThreshold: count,
      healthyThreshold: count,
      initialJitterMs: time,
      port: fc.integer({ min: 1, max: 65_535 }),
      question: fc.oneof(
        fc.record(
          {
            kind: fc.constant('http' as const),
            path,
            method: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'),
            expectedStatuses: fc.uniqueArray(fc.integer({ min: 100, max: 599 }), { minLength: 1, maxLength: 3 }),
            retriableStatuses: fc.uniqueArray(fc.integer({ min: 100, max: 599 }), { minLength: 1, maxLength: 3 }),
            expectedBody: fc.constant('6162'),
          },
          { requiredKeys: ['kind', 'path', 'method', 'expectedStatuses'] },
        ),
        fc.record(
          { kind: fc.constant('tcp' as const), send: fc.constant('00ff'), receive: fc.constant('6162') },
          { requiredKeys: ['kind'] },
        ),
        fc.record({ kind: fc.constant('grpc' as const), service: segment }, { requiredKeys: ['kind'] }),
      ),
    },
    { requiredKeys: ['host', 'timeoutMs', 'intervalMs', 'unhealthyThreshold', 'healthyThreshold', 'question'] },
  ),
  passiveHealthCheck: fc.record(
    {
      intervalMs: time,
      baseEjectionMs: fc.integer({ min: 1, max: 10_000_000 }),
      maxEjectionPercent: fc.integer({ min: 1, max: 100 }),
      consecutive5xx: fc.nat(10),
      consecutiveGatewayFailures: fc.nat(10),
      consecutiveLocalFailures: fc.nat(10),
      failurePercent: fc.integer({ min: 1, max: 100 }),
      mayEjectOne: fc.boolean(),
    },
    { requiredKeys: ['intervalMs', 'baseEjectionMs', 'maxEjectionPercent', 'consecutive5xx', 'consecutiveGatewayFailures'] },
  ),
  panicThresholdPercent: fc.nat(100),
  tcpKeepalive: fc.record({ probes: count, idleSeconds: count, intervalSeconds: count }, { requiredKeys: [] }),
  http: fc.record(
    {
      idleTimeoutMs: fc.nat(10_000),
      maxConnectionDurationMs: fc.nat(10_000),
      maxRequestsPerConnection: count,
      streamWindowBytes: fc.integer({ min: 65_535, max: 2_147_483_647 }),
      connectionWindowBytes: fc.integer({ min: 65_535, max: 2_147_483_647 }),
      maxConcurrentStreams: fc.integer({ min: 1, max: 2_147_483_647 }),
      keepsConnectionOnInvalidMessage: fc.boolean(),
      ping: fc.record({ intervalMs: time, timeoutMs: time, jitterPercent: fc.nat(100), idleMs: time }, { requiredKeys: [] }),
      followsClient: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
}
const authorization: fc.Arbitrary<Authorization> = fc.record({
  rules: fc.array(
    fc.record({
      action: fc.constantFrom('allow', 'deny'),
      methods: fc.uniqueArray(fc.constantFrom('GET', 'POST', 'OPTIONS'), { maxLength: 2 }),
      clients: fc.uniqueArray(
        fc.constantFrom({ address: '10.0.0.0', bits: 8 }, { address: '::', bits: 0 }, { address: '2001:db8::', bits: 128 }),
        {
          maxLength: 2,
        },
      ),
      headers: fc.array(
        fc.record({ name: headerName, values: fc.array(fc.stringMatching(/^[ -~]{1,128}$/), { minLength: 1, maxLength: 32 }) }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 4 },
  ),
  otherwise: fc.constantFrom('allow', 'deny'),
})
const externalAuth: fc.Arbitrary<ExternalAuth> = fc.record({
  protocol: fc.constantFrom('HTTP', 'GRPC'),
  cluster: fc.option(cluster, { nil: undefined }),
  pathPrefix: fc.constantFrom('', '/auth'),
  allowedRequestHeaders: fc.array(headerName, { maxLength: 2 }),
  allowedResponseHeaders: fc.array(headerName, { maxLength: 2 }),
  maxBodyBytes: fc.nat(65_536),
})

const valueMatches = fc.array(
  fc.record({ name: fc.constantFrom('x-a', 'host', 'Q'), kind: fc.constant('exact' as const), value: headerValue }),
  { maxLength: 2 },
)
const route: fc.Arbitrary<Route> = fc.record(
  {
    name: fc.constantFrom('HTTPRoute/default/r/rule/0/match/0', 'GRPCRoute/default/g/rule/1/match/0'),
    origin: fc.constant(origin('HTTPRoute', 'r')),
    ruleName: fc.constant('rule'),
    match: fc.record(
      { path: pathMatch, method: fc.constantFrom('GET', 'OPTIONS'), headers: valueMatches, queryParams: valueMatches },
      { requiredKeys: ['path', 'headers', 'queryParams'] },
    ),
    action,
    requestHeaders: headerChanges,
    responseHeaders: headerChanges,
    cors,
    authorization,
    externalAuth,
    traffic: arbitraryRequestTraffic,
    grpc: fc.boolean(),
  },
  { requiredKeys: ['name', 'origin', 'match', 'action', 'requestHeaders', 'responseHeaders', 'grpc'] },
)

const virtualHosts = (table: string): fc.Arbitrary<readonly VirtualHost[]> =>
  fc.uniqueArray(
    fc.record({
      routeTable: fc.constant(table),
      domain: fc.constantFrom('*' as const, host('a.com'), host('*.a.com'), host('*.com')),
      routes: fc.array(route, { maxLength: 4 }),
      otherwise: fc.constantFrom(404, 421),
      listenerFilters: fc.array(externalAuth, { maxLength: MAX_LISTENER_FILTERS }),
      origins: fc.constant([]),
    }),
    { maxLength: 3, selector: ({ domain }) => domain },
  )

const subjectAltNames: fc.Arbitrary<readonly SubjectAltName[]> = fc.array(
  fc.record({
    type: fc.constantFrom<SubjectAltName['type']>('DNS', 'URI', 'IP', 'email', { oid: '1.2.3' }),
    value: fc.constantFrom('a.com', 'x'),
    match: fc.constantFrom('exact', 'prefix', 'suffix', 'regex'),
  }),
  { maxLength: 2 },
)
const versions = {
  minVersion: fc.constantFrom('1.0', '1.2'),
  maxVersion: fc.constantFrom('1.2', '1.3'),
  ciphers: fc.constant(['ECDHE-ECDSA-AES128-GCM-SHA256']),
} as const
const termination: fc.Arbitrary<TlsTermination> = fc.record(
  {
    ...versions,
    certificates: fc.constant(['cert']),
    clientValidation: fc.record(
      {
        trust: fc.option(fc.constant('ca'), { nil: undefined }),
        mode: fc.constantFrom('require', 'requireAny', 'request', 'verifyIfGiven'),
        pinned: fc.constant(true),
        revocationOfLeafOnly: fc.constant(true),
        allowExpired: fc.constant(true),
        subjectAltNames,
        certificateHashes: fc.constant(['ab'.repeat(32)]),
        spkiHashes: fc.constant([`${'A'.repeat(43)}=`]),
      },
      { requiredKeys: ['trust', 'mode'] },
    ),
    curves: fc.constant(['X25519', 'P-256']),
    signatureAlgorithms: fc.constant(['ecdsa_secp256r1_sha256']),
    alpn: fc.constantFrom(['h2', 'http/1.1'], ['http/1.1'], []),
    resumption: fc.subarray(['stateful', 'stateless']),
  },
  { requiredKeys: ['certificates', 'alpn'] },
)
const upstreamTls: fc.Arbitrary<UpstreamTls> = fc.record(
  {
    ...versions,
    serverName: fc.constantFrom(undefined, 'a.com', '192.0.2.1'),
    trust: fc.constantFrom<UpstreamTls['trust']>({ kind: 'material', name: 'ca' }, { kind: 'system' }, { kind: 'none' }),
    subjectAltNames,
    clientCertificate: fc.constant('cert'),
    alpn: fc.constant(['h2']),
  },
  { requiredKeys: ['serverName', 'trust', 'subjectAltNames'] },
)

const streams = fc.record({ clusters: fc.array(weightedCluster, { maxLength: 3 }), invalidWeight: fc.nat(3) })
const tcpPort: fc.Arbitrary<Port> = fc
  .record({
    client: arbitraryClient,
    ofChain: fc.option(arbitraryClient, { nil: undefined }),
    socket: arbitrarySocket,
    plain: fc.option(
      fc.oneof(
        fc.constant<Chain>(httpChain()),
        streams.map((more): Chain => streamChain(more)),
      ),
    ),
    tls: fc.uniqueArray(
      fc.record({ name: fc.constantFrom('', 'a.com', '*.a.com'), tls: termination, stream: fc.option(streams), passthrough: fc.boolean() }),
      { maxLength: 3, selector: ({ name }) => name },
    ),
  })
  .map(({ client, ofChain, socket, plain, tls }) => {
    const encrypted = tls.map(({ name, tls, stream, passthrough }): Chain => {
      const base = { name: `tls/${name}`, encrypted: true, serverNames: name === '' ? [] : [host(name)] }
      if (stream === null) return httpChain({ ...base, tls }) satisfies HttpChain
      return streamChain({ ...base, ...stream, ...(passthrough ? {} : { tls }) })
    })
    const chains = [...(plain === null ? [] : [plain]), ...encrypted]
    return port({ client, socket, chains: chains.map((chain) => (ofChain === undefined ? chain : { ...chain, client: ofChain })) })
  })
const udpPort: fc.Arbitrary<Port> = streams.map((more) =>
  port({ name: 'u', transport: 'UDP', chains: [streamChain({ name: 'udp', ...more })] }),
)

/** The health service of gRPC is asked over HTTP/2. */
function withPossibleCheck(made: Cluster): Cluster {
  const { activeHealthCheck, ...traffic } = made.traffic
  return activeHealthCheck?.question.kind === 'grpc' && made.protocol !== 'http2' ? { ...made, traffic } : made
}

const clusterOf = (name: string): fc.Arbitrary<Cluster> =>
  fc
    .record(
      {
        name: fc.constant(name),
        protocol: fc.constantFrom('http1', 'http2', 'auto', 'tcp', 'udp'),
        discovery: fc.constantFrom<Cluster['discovery']>(
          { kind: 'endpoints' },
          { kind: 'dns', hosts: [{ hostname: 'localhost', port: 80, weight: 2 }] },
        ),
        tls: upstreamTls,
        traffic: fc.record(
          {
            connectTimeoutMs: fc.integer({ min: 1, max: 100_000 }),
            bufferLimitBytes: fc.integer({ min: 1, max: 1_000_000 }),
            loadBalancing: fc.oneof(
              fc.record(
                { kind: fc.constantFrom('leastRequest', 'roundRobin'), slowStartMs: fc.integer({ min: 1, max: 60_000 }) },
                { requiredKeys: ['kind'] },
              ),
              fc.constant({ kind: 'random' as const }),
              fc.record({ kind: fc.constant('consistentHash' as const), tableSize: fc.constantFrom(5003, 65_537) }),
              fc.record(
                {
                  kind: fc.constant('backendUtilization' as const),
                  blackoutMs: time,
                  expirationMs: time,
                  updateMs: time,
                  errorPenalty: fc.constantFrom(0, 1.5),
                  metricNames: fc.constantFrom([], ['named_metrics.x']),
                  outOfBand: fc.record(
                    { periodMs: time, port: fc.integer({ min: 1, max: 65_535 }), authority: fc.constant('x') },
                    { requiredKeys: [] },
                  ),
                },
                { requiredKeys: ['kind', 'metricNames'] },
              ),
            ),
            ...policyTraffic,
            retryBudget: fc.record({
              percent: fc.nat(100),
              intervalMs: fc.integer({ min: 1000, max: 60_000 }),
              minRetriesPerInterval: fc.nat(100),
              minIntervalMs: fc.integer({ min: 1000, max: 60_000 }),
            }),
          },
          { requiredKeys: ['connectTimeoutMs', 'bufferLimitBytes', 'loadBalancing'] },
        ) as fc.Arbitrary<Cluster['traffic']>,
        origins: fc.constant([]),
      },
      { requiredKeys: ['name', 'protocol', 'discovery', 'traffic', 'origins'] },
    )
    .map((made) => withPossibleCheck(made as Cluster))

/** The IR of one gateway. Secrets are named `cert` and `ca`; the caller adds them. */
export const arbitraryIr: fc.Arbitrary<IrValues> = fc.record({
  ports: fc.tuple(tcpPort, udpPort),
  routeTables: fc.constant([routeTable()]),
  virtualHosts: virtualHosts('t'),
  clusters: fc.tuple(...CLUSTERS.map(clusterOf)),
})
