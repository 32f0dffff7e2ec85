/** BackendTrafficPolicy: how requests of a rule are traced, beside what the Gateway says about all. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import { backend, httpRoute, ref, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { startTelemetryCollector, type TelemetryCollector } from '../support/telemetry-collector.js'
import { GOOD, policy, said } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'
import { TOLD_GATEWAY } from './told-gateway.js'

// A host that is written out: whether to trace is decided before a scope is searched.
const ROUTE = httpRoute(
  'r',
  `[${under('/told', `name: told, ${to('a')}`)}, {${to('a')}}]`,
  'parentRefs: [{name: gw}]\n  hostnames: [example.com]',
)
const world = featureWorld(['a'], () => [TOLD_GATEWAY, ROUTE].join('---'))
const PATIENCE_MS = 30_000

let collector: TelemetryCollector
let zipkin: Server
const zipkinPaths: string[] = []
beforeAll(async () => {
  collector = await startTelemetryCollector('collector')
  zipkin = createServer((request, response) => {
    void text(request).then((body) => {
      zipkinPaths.push(...[...body.matchAll(/"http\.url":"[^"]*?(\/[a-z]+\/[a-z0-9]+)"/g)].map(([, path]) => path ?? ''))
      response.writeHead(202).end()
    })
  })
  await new Promise<void>((resolve) => zipkin.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  collector?.close()
  zipkin?.closeAllConnections()
  zipkin?.close()
})

const traced = (provider: string, more: string): string => `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: {name: told}
spec: {tracing: {provider: ${provider}${more}}}
`
const byOpenTelemetry = (more = ''): string => traced(`{type: OpenTelemetry, backendRef: {${ref('collector')}}}`, more)
const onRule = (tracing: string): string =>
  policy(
    `targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: told}], telemetry: {tracing: {${tracing}}}`,
  )

let requests = 0
type Asked = readonly [below: string, headers?: Readonly<Record<string, string>>]
/**
 * Asks over one connection and returns the paths, which nobody asked for before. One connection is one thread of Envoy: spans come in the
 * order of the requests.
 */
async function ask(...asked: readonly Asked[]): Promise<readonly string[]> {
  const client = world.headgate.http2('default/gw', 80)
  const paths: string[] = []
  try {
    for (const [below, headers = {}] of asked) {
      requests += 1
      const path = `${below}/${requests}`
      expect((await client.send({ host: 'example.com', path, headers })).echo?.backend).toBe('a')
      paths.push(path)
    }
  } finally {
    client.close()
  }
  return paths
}
const spanOf = (path: string, kind: number) =>
  collector.spans.find((span) => span.kind === kind && span.attributes['http.url']?.endsWith(path) === true)

/** The spans of the tries of a request. */
const triesOf = (path: string) => collector.spans.filter(({ kind, traceId }) => kind === 3 && traceId === spanOf(path, 2)?.traceId)

/** Whether a request is traced: as soon as a later one is, which always is. */
async function isTraced(below: string, headers: Readonly<Record<string, string>> = {}): Promise<boolean> {
  const [path = '', other = ''] = await ask([below, headers], ['/other'])
  await eventually(() => expect(spanOf(other, 2)).toBeDefined(), PATIENCE_MS)
  return spanOf(path, 2) !== undefined
}

describe('telemetry.tracing', () => {
  policyField(
    [
      'BackendTrafficPolicy telemetry.tracing.tags.{name,value,requestHeader}',
      'BackendTrafficPolicy telemetry.tracing.{spanName,upstreamSpanName}',
    ],
    'names spans and adds tags, and leaves other rules alone',
    async () => {
      await world.write(
        backend(collector),
        byOpenTelemetry(', spanName: everything, tags: [{name: place, value: edge}, {name: who, value: nobody}]'),
        onRule(
          "spanName: 'told %REQ(:METHOD)%', upstreamSpanName: a try, tags: [{name: who, requestHeader: X-Who}, {name: code, value: 'c%RESPONSE_CODE%'}]",
        ),
      )
      expect(said(world)).toEqual(GOOD)
      const [told = '', other = ''] = await ask(['/told', { 'x-who': 'me' }], ['/other', { 'x-who': 'me' }])
      await eventually(() => expect([spanOf(told, 2), triesOf(told)[0], spanOf(other, 2)]).not.toContain(undefined), PATIENCE_MS)
      expect(spanOf(told, 2)).toMatchObject({ name: 'told GET', attributes: { who: 'me', code: 'c200', place: 'edge' } })
      expect(triesOf(told).map(({ name }) => name)).toEqual(['a try'])
      expect(spanOf(other, 2)).toMatchObject({ name: 'everything', attributes: { who: 'nobody', place: 'edge' } })
      expect(spanOf(other, 2)?.attributes).not.toHaveProperty('code')
    },
    90_000,
  )

  policyField(
    ['BackendTrafficPolicy telemetry.tracing.{samplingRate,clientSamplingRate,overallSamplingRate}'],
    'traces another share',
    async () => {
      const none = '{numerator: 0}'
      const asks = { 'x-client-trace-id': 'mine' }
      const outcome = async (tracing: string): Promise<readonly boolean[]> => {
        await world.write(backend(collector), byOpenTelemetry(), ...(tracing === '' ? [] : [onRule(tracing)]))
        return [await isTraced('/told'), await isTraced('/told', asks)]
      }
      expect(await outcome('')).toEqual([true, true])
      expect(await outcome('tags: [{name: a, value: b}]')).toEqual([true, true])
      expect(await outcome(`samplingRate: ${none}`)).toEqual([false, false])
      expect(await outcome(`samplingRate: ${none}, clientSamplingRate: {numerator: 100}`)).toEqual([false, true])
      expect(await outcome(`overallSamplingRate: ${none}`)).toEqual([false, false])
    },
    120_000,
  )

  policyField(
    ['BackendTrafficPolicy telemetry.tracing.samplingRate'],
    'of what the Gateway would trace, whoever takes the spans',
    async () => {
      const byZipkin = (more: string): string => traced(`{type: Zipkin, backendRef: {${ref('zipkin')}}}`, more)
      const sends = backend({ name: 'zipkin', port: (zipkin.address() as AddressInfo).port })
      await world.write(sends, byZipkin(''), onRule('samplingRate: {numerator: 0}'))
      const [hidden, shown] = await ask(['/told'], ['/other'])
      await eventually(() => expect(zipkinPaths).toContain(shown), PATIENCE_MS)
      expect(zipkinPaths).not.toContain(hidden)
      await world.write(
        sends,
        byZipkin(', samplingRate: {numerator: 0}, clientSamplingRate: {numerator: 100}'),
        onRule('samplingRate: {numerator: 100}'),
      )
      const [quiet, wanted] = await ask(['/told'], ['/told', { 'x-client-trace-id': 'mine' }])
      await eventually(() => expect(zipkinPaths).toContain(wanted), PATIENCE_MS)
      expect(zipkinPaths).not.toContain(quiet)
    },
    90_000,
  )
})
