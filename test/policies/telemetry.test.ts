/** Access logs and traces of the configuration of a Gateway, through the real Envoy to real collectors. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals'
import { backend, gateway, httpRoute, ref, to } from '../features/manifests.js'
import { https, secret } from '../features/tls-manifests.js'
import { featureWorld } from '../features/world.js'
import { createAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { startTelemetryCollector, type TelemetryCollector } from '../support/telemetry-collector.js'
import { about, clientPolicy } from './client-manifests.js'
import { policyField } from './coverage/policy-field.js'
import { TOLD_GATEWAY } from './told-gateway.js'

const world = featureWorld(['a'], () => [TOLD_GATEWAY, httpRoute('r', `[{${to('a')}}]`)].join('---'))
const config = (spec: string): string => `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: {name: told}
spec:
  ${spec.trim().replaceAll('\n', '\n  ')}
`
const PATIENCE_MS = 30_000

let collector: TelemetryCollector
let zipkin: Server
let zipkinPort: number
const zipkinSpans: { readonly url: string; readonly spans: readonly Record<string, unknown>[] }[] = []
const agentPaths: string[] = []
let folder: string
let file: string
let test = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-logs-'))
  zipkin = createServer((request, response) => {
    void text(request).then((body) => {
      // An agent of Datadog takes MessagePack, which nobody here reads.
      if (body.startsWith('[{')) zipkinSpans.push({ url: request.url ?? '', spans: JSON.parse(body) as Record<string, unknown>[] })
      else agentPaths.push(request.url ?? '')
      response.writeHead(202).end('{}')
    })
  })
  await new Promise<void>((resolve) => zipkin.listen(0, '127.0.0.1', resolve))
  zipkinPort = (zipkin.address() as AddressInfo).port
})

beforeEach(async () => {
  file = join(folder, `${++test}.log`)
  collector?.close()
  collector = await startTelemetryCollector('collector')
})

afterAll(async () => {
  collector.close()
  zipkin.closeAllConnections()
  zipkin.close()
  await rm(folder, { recursive: true, force: true })
})

const lines = async (): Promise<readonly string[]> => (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean)

policyField(
  [
    'GatewayConfig accessLogs.format.{text,json}',
    'GatewayConfig accessLogs.expressions',
    'GatewayConfig accessLogs.sink.type',
    'GatewayConfig accessLogs.sink.file.path',
  ],
  'writes text and JSON with fields of its own, for the entries that an expression lets through',
  async () => {
    await world.write(
      config(`
accessLogs:
- format: {text: '%REQ(:METHOD)% %PATH(NQ)% %RESPONSE_CODE% %CEL(request.path.size())%'}
  sink: {type: File, file: {path: ${file}}}
- format: {json: {code: '%RESPONSE_CODE%', who: '%REQ(X-WHO)%', all: '%REQ(:METHOD)% of %REQ(:AUTHORITY)%'}}
  expressions: ['response.code >= 400', 'request.method == "GET"']
  sink: {type: File, file: {path: ${file}}}`),
    )
    await world.ask({ path: '/fine?secret=1' })
    await world.ask({ path: '/bad?status=503', headers: { 'x-who': 'me' } })
    await eventually(async () => expect(await lines()).toHaveLength(3), PATIENCE_MS)
    const found = await lines()
    expect(found).toContain('GET /fine 200 14')
    expect(found).toContain('GET /bad 503 15')
    expect(JSON.parse(found.find((line) => line.startsWith('{')) ?? '')).toEqual({ code: 503, who: 'me', all: 'GET of example.com' })
  },
  60_000,
)

policyField(
  ['GatewayConfig accessLogs', 'GatewayConfig accessLogs.sample'],
  'keeps a share of the entries, and none when there is no log',
  async () => {
    await world.write(
      config(
        `accessLogs: [{sample: {numerator: 0}, sink: {type: File, file: {path: ${file}}}}, {expressions: ['true'], format: {text: all}, sink: {type: File, file: {path: ${file}}}}]`,
      ),
    )
    for (let at = 0; at < 5; at++) await world.ask()
    await eventually(async () => expect(await lines()).toEqual(Array(5).fill('all')), PATIENCE_MS)
  },
  60_000,
)

policyField(
  [
    'GatewayConfig accessLogs.sink.{grpc,openTelemetry,file}',
    'GatewayConfig accessLogs.sink.openTelemetry.{headers,attributes,resourceAttributes}',
    'GatewayConfig accessLogs.sink.grpc.{logName,requestHeaders}',
  ],
  'sends logs to an OpenTelemetry collector and to a server of the access log service',
  async () => {
    await world.write(
      backend(collector),
      config(`
accessLogs:
- format: {json: {status: '%RESPONSE_CODE%'}}
  sink:
    type: OpenTelemetry
    openTelemetry:
      backendRef: {${ref('collector')}}
      headers: [{name: X-Token, value: t0ken}]
      attributes: {gateway: gw}
      resourceAttributes: {service.name: edge}
- format: {text: 'said %REQ(:METHOD)%'}
  sink: {type: OpenTelemetry, openTelemetry: {backendRef: {${ref('collector')}}}}
- sink: {type: GRPC, grpc: {backendRef: {${ref('collector')}}, logName: audit, requestHeaders: [X-Who]}}`),
    )
    await world.ask({ headers: { 'x-who': 'me' } })
    await eventually(() => {
      expect(collector.records.map(({ body }) => body).toSorted()).toEqual(['', 'said GET'])
      expect(collector.entries.length).toBeGreaterThan(0)
    }, PATIENCE_MS)
    const record = collector.records.find(({ body }) => body === '')
    expect(record).toMatchObject({ attributes: { status: '200', gateway: 'gw' }, resource: { 'service.name': 'edge' } })
    expect(collector.metadata).toContainEqual(expect.objectContaining({ 'x-token': 't0ken' }))
    expect(JSON.stringify(collector.entries)).toMatch(/"logName":"audit".*"x-who":"me"/)
  },
  90_000,
)

policyField(
  [
    'GatewayConfig tracing.provider.{type,backendRef,resourceAttributes}',
    'GatewayConfig tracing.{serviceName,spanName,tags}',
    'GatewayConfig tracing.tags.value',
  ],
  'sends spans to an OpenTelemetry collector, with tags and a name, as part of the trace of the client',
  async () => {
    await world.write(
      backend(collector),
      config(`
tracing:
  provider:
    type: OpenTelemetry
    backendRef: {${ref('collector')}}
    resourceAttributes: {deployment.environment: test}
  serviceName: edge
  spanName: '%REQ(:METHOD)% at the edge'
  tags: [{name: who, requestHeader: X-Who}, {name: code, value: 'c%RESPONSE_CODE%'}]`),
    )
    const traceId = 'a'.repeat(32)
    await world.ask({ headers: { 'x-who': 'me', traceparent: `00-${traceId}-${'b'.repeat(16)}-01` } })
    await eventually(() => expect(collector.spans.some(({ kind }) => kind === 2)).toBe(true), PATIENCE_MS)
    const span = collector.spans.find(({ kind }) => kind === 2)
    expect(span).toMatchObject({
      name: 'GET at the edge',
      traceId,
      parentSpanId: 'b'.repeat(16),
      attributes: { who: 'me', code: 'c200' },
      resource: { 'service.name': 'edge', 'deployment.environment': 'test' },
    })
    const seen = world.backend('a').requests.at(-1)
    expect(seen?.headers.traceparent).toMatch(new RegExp(`^00-${traceId}-`))
  },
  90_000,
)

policyField(
  ['GatewayConfig tracing.provider.path'],
  'sends spans to Zipkin over HTTP',
  async () => {
    await world.write(
      backend({ name: 'zipkin', port: zipkinPort }),
      config(`tracing: {provider: {type: Zipkin, backendRef: {${ref('zipkin')}}}, tags: [{name: gateway, value: gw}]}`),
    )
    await world.ask({ path: '/zipped' })
    await eventually(() => expect(zipkinSpans.length).toBeGreaterThan(0), PATIENCE_MS)
    expect(zipkinSpans[0]?.url).toBe('/api/v2/spans')
    expect(JSON.stringify(zipkinSpans)).toMatch(/"gateway":"gw"/)
  },
  90_000,
)

policyField(
  ['GatewayConfig tracing.provider'],
  'says that a collector is not there, and serves all the same with the rest of what is asked for',
  async () => {
    await world.write(
      config(`
accessLogs:
- sink: {type: GRPC, grpc: {backendRef: {${ref('nowhere')}}}}
- format: {text: here}
  sink: {type: File, file: {path: ${file}}}
tracing: {provider: {type: Datadog, backendRef: {${ref('nowhere')}}}}`),
    )
    expect(await world.answerer()).toBe('a')
    expect(world.conditions('Gateway/default/gw')).toContain('ResolvedRefs=False/BackendNotFound')
    await eventually(async () => expect(await lines()).toEqual(['here']), PATIENCE_MS)
  },
  60_000,
)

policyField(
  ['GatewayConfig accessLogs.format'],
  'goes back to the default log when Envoy refuses what is asked for, and says so',
  async () => {
    await world.write(config(`accessLogs: [{format: {text: '%NO_SUCH_OPERATOR%'}}]`))
    await eventually(() => expect(world.conditions('Gateway/default/gw')).toContain('ResolvedRefs=False/InvalidParameters'), PATIENCE_MS)
    expect(await world.answerer()).toBe('a')
    await world.write(config(`accessLogs: [{format: {text: good}, sink: {type: File, file: {path: ${file}}}}]`))
    expect(world.conditions('Gateway/default/gw')).toContain('ResolvedRefs=True/ResolvedRefs')
    expect(await world.answerer()).toBe('a')
    await eventually(async () => expect(await lines()).toEqual(['good']), PATIENCE_MS)
  },
  90_000,
)

policyField(
  ['GatewayConfig accessLogs.format.text'],
  'keeps the last version that Envoy took when it refuses the next one',
  async () => {
    const log = (format: string): string => config(`accessLogs: [{format: {text: '${format}'}, sink: {type: File, file: {path: ${file}}}}]`)
    await world.write(log('first'))
    await world.write(log('%NO_SUCH_OPERATOR%'))
    await eventually(() => expect(world.conditions('Gateway/default/gw')).toContain('ResolvedRefs=False/InvalidParameters'), PATIENCE_MS)
    await world.headgate.settle()
    await world.ask()
    await eventually(async () => expect(await lines()).toEqual(['first']), PATIENCE_MS)
  },
  90_000,
)

policyField(
  ['GatewayConfig accessLogs.of'],
  'writes about connections whose bytes are forwarded where that is asked for',
  async () => {
    const tcp = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: tcp}
spec:
  gatewayClassName: headgate
  infrastructure: {parametersRef: {group: headgate.dev, kind: GatewayConfig, name: told}}
  listeners: [{name: tcp, port: 9000, protocol: TCP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: tcp}
spec: {parentRefs: [{name: tcp}], rules: [{${to('a')}}]}
`
    const log = (of: string, text: string): string => `{of: [${of}], format: {text: ${text}}, sink: {type: File, file: {path: ${file}}}}`
    await world.write(tcp, config(`accessLogs: [${log('Connections', 'connection')}, ${log('Requests', 'request')}]`))
    expect(await world.answerer({ gateway: 'default/tcp', port: 9000 })).toBe('a')
    await eventually(async () => expect(await lines()).toEqual(['connection']), PATIENCE_MS)
    await world.ask()
    await eventually(async () => expect((await lines()).toSorted()).toEqual(['connection', 'request']), PATIENCE_MS)
  },
  90_000,
)

policyField(
  ['GatewayConfig accessLogs.of', 'GatewayConfig accessLogs'],
  'writes about handshakes that fail, and about nothing else of a port with TLS where only that is asked for',
  async () => {
    const servers = await createAuthority('servers')
    const infrastructure = 'infrastructure: {parametersRef: {group: headgate.dev, kind: GatewayConfig, name: told}}'
    await world.write(
      secret('cert', await servers.issue({ dns: ['*.example.com'] })),
      gateway('tls', `[${https('open', 'a.example.com')}, ${https('strict', 'strict.example.com')}]\n  ${infrastructure}`),
      httpRoute('tls', `[{${to('a')}}]`, 'parentRefs: [{name: tls}]'),
      clientPolicy('tls: {clientValidation: {mode: RequireAny}}', about('strict', 'tls')),
      config(`accessLogs: [{of: [Handshakes], sink: {type: File, file: {path: ${file}}}}]`),
    )
    const ask = (host: string) => world.answerer({ gateway: 'default/tls', port: 443, host, tls: { ca: servers.certificate } })
    expect(await ask('a.example.com')).toBe('a')
    expect(await ask('b.example.com')).toBe('closed')
    expect(await ask('strict.example.com')).toBe('closed')
    expect(await ask('a.example.com')).toBe('a')
    await eventually(async () => expect(await lines()).toHaveLength(2), PATIENCE_MS)
    const entries = (await lines()).map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(entries).toMatchObject([
      { server_name: 'b.example.com', response_flags: 'NR' },
      { server_name: 'strict.example.com', tls_failure: expect.stringContaining('PEER_DID_NOT_RETURN_A_CERTIFICATE') },
    ])
  },
  90_000,
)

policyField(
  ['GatewayConfig tracing.{samplingRate,respectParents}'],
  'traces a share of the requests, and follows their traces or does not',
  async () => {
    const traced = (more: string): string =>
      config(`tracing: {provider: {type: OpenTelemetry, backendRef: {${ref('collector')}}, headers: [{name: X-Key, value: k}]}, ${more}}`)
    const ask = (path: string): Promise<unknown> =>
      world.ask({ path, headers: { traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01` } })
    const count = (path: string): number =>
      collector.spans.filter(({ kind, attributes }) => kind === 2 && attributes['http.url']?.endsWith(path) === true).length
    await world.write(backend(collector), traced('samplingRate: {numerator: 0}'))
    await world.ask({ path: '/new' })
    await ask('/followed')
    await eventually(() => expect(count('/followed')).toBe(1), PATIENCE_MS)
    await world.write(backend(collector), traced('samplingRate: {numerator: 0}, respectParents: false'))
    await ask('/ignored')
    await world.write(backend(collector), traced('respectParents: false'))
    await ask('/all')
    await eventually(() => expect(count('/all')).toBe(1), PATIENCE_MS)
    expect([count('/new'), count('/ignored')]).toEqual([0, 0])
  },
  120_000,
)

policyField(
  ['GatewayConfig tracing.provider.{headers,type}'],
  'sends spans to an agent of Datadog',
  async () => {
    await world.write(
      backend({ name: 'zipkin', port: zipkinPort }),
      config(`tracing: {serviceName: edge, provider: {type: Datadog, backendRef: {${ref('zipkin')}}}}`),
    )
    await world.ask({ path: '/dog' })
    await eventually(() => expect(agentPaths.some((path) => path.endsWith('/traces'))).toBe(true), PATIENCE_MS)
  },
  90_000,
)

policyField(
  ['GatewayConfig tracing.upstreamSpanName'],
  'names the spans of tries',
  async () => {
    await world.write(
      backend(collector),
      config(`
tracing:
  provider: {type: OpenTelemetry, backendRef: {${ref('collector')}}}
  upstreamSpanName: 'try of %REQ(:METHOD)%'`),
    )
    await world.ask()
    await eventually(() => expect(collector.spans.find(({ kind }) => kind === 3)?.name).toBe('try of GET'), PATIENCE_MS)
  },
  90_000,
)

policyField(
  ['GatewayConfig tracing.{clientSamplingRate,overallSamplingRate}'],
  'traces for clients that ask for it where they may, and no more than the lid lets through',
  async () => {
    const traced = (more: string): string => config(`tracing: {provider: {type: Zipkin, backendRef: {${ref('zipkin')}}}, ${more}}`)
    const ask = (path: string): Promise<unknown> => world.ask({ path, headers: { 'x-client-trace-id': 'mine' } })
    const sawAny = (path: string): boolean => JSON.stringify(zipkinSpans).includes(path)
    const collectorAt = backend({ name: 'zipkin', port: zipkinPort })
    await world.write(collectorAt, traced('samplingRate: {numerator: 0}'))
    await ask('/asks-in-vain')
    await world.write(collectorAt, traced('overallSamplingRate: {numerator: 0}, clientSamplingRate: {numerator: 100}'))
    await ask('/under-the-lid')
    await world.write(collectorAt, traced('samplingRate: {numerator: 0}, clientSamplingRate: {numerator: 100}'))
    await world.ask({ path: '/asks-nothing' })
    await ask('/asks-and-gets')
    await eventually(() => expect(sawAny('/asks-and-gets')).toBe(true), PATIENCE_MS)
    expect(['/asks-in-vain', '/under-the-lid', '/asks-nothing'].filter(sawAny)).toEqual([])
  },
  120_000,
)

policyField(
  ['GatewayConfig tracing.provider.{traceId128Bit,sharedSpanContext}'],
  'gives Zipkin long ids or short ones, and the span of the client or one of its own',
  async () => {
    const traced = (more: string): string => config(`tracing: {provider: {type: Zipkin, backendRef: {${ref('zipkin')}}${more}}}`)
    const collectorAt = backend({ name: 'zipkin', port: zipkinPort })
    const server = async (path: string) => {
      const all = () => zipkinSpans.flatMap(({ spans }) => spans)
      const find = () => all().find((span) => span.kind === 'SERVER' && JSON.stringify(span).includes(path))
      await eventually(() => expect(find()).toBeDefined(), PATIENCE_MS)
      return find()
    }
    const parent = { 'x-b3-traceid': 'a'.repeat(16), 'x-b3-spanid': 'b'.repeat(16), 'x-b3-sampled': '1' }
    await world.write(collectorAt, traced(''))
    await world.ask({ path: '/long-id' })
    await world.ask({ path: '/shares', headers: parent })
    expect(await server('/long-id')).toMatchObject({ traceId: expect.stringMatching(/^.{32}$/) })
    expect(await server('/shares')).toMatchObject({ id: 'b'.repeat(16), shared: true })
    await world.write(collectorAt, traced(', traceId128Bit: false, sharedSpanContext: false'))
    await world.ask({ path: '/short-id' })
    await world.ask({ path: '/apart', headers: parent })
    expect(await server('/short-id')).toMatchObject({ traceId: expect.stringMatching(/^.{16}$/) })
    expect(await server('/apart')).toMatchObject({ parentId: 'b'.repeat(16) })
  },
  120_000,
)

policyField(
  ['GatewayConfig tracing.requestId'],
  'lets the id of a request say whether it is traced, and decide it, or neither',
  async () => {
    const traced = (more: string): string => config(`tracing: {provider: {type: Zipkin, backendRef: {${ref('zipkin')}}}${more}}`)
    const collectorAt = backend({ name: 'zipkin', port: zipkinPort })
    const sawAny = (path: string): boolean => JSON.stringify(zipkinSpans).includes(path)
    /** The digit in which an id says whether its request is traced; 4 in one that says nothing. */
    const digit = async (path: string): Promise<string | undefined> => {
      await world.ask({ path })
      return world.backend('a').requests.findLast((request) => request.path === path)?.headers['x-request-id']?.[14]
    }
    await world.write(collectorAt, traced(''))
    expect(await digit('/both')).toBe('9')
    await world.write(collectorAt, traced(', requestId: Disable'))
    expect(await digit('/neither')).toBe('4')
    await world.write(collectorAt, traced(', requestId: Sample, samplingRate: {numerator: 0}'))
    expect(await digit('/sampled-out')).toBe('4')
    await world.write(collectorAt, traced(', requestId: Disable, samplingRate: {numerator: 0}'))
    expect(await digit('/sampled-all-the-same')).toBe('4')
    await eventually(() => expect(['/both', '/neither', '/sampled-all-the-same'].filter((path) => !sawAny(path))).toEqual([]), PATIENCE_MS)
    expect(sawAny('/sampled-out')).toBe(false)
  },
  120_000,
)
