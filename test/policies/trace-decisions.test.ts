/** Who decides about traces of clients, through the real Envoy: the client, or the Gateway alone. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { backend, httpRoute, ref, to } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { policyField } from './coverage/policy-field.js'
import { TOLD_GATEWAY } from './told-gateway.js'

const world = featureWorld(['a'], () => [TOLD_GATEWAY, httpRoute('r', `[{${to('a')}}]`)].join('---'))
const config = (spec: string): string => `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: {name: told}
spec: {${spec}}
`
const PATIENCE_MS = 30_000

let collector: Server
let zipkinPort: number
/** What a collector was sent, byte by byte. */
const zipkinSpans: string[] = []
const agentRequests: string[] = []

beforeAll(async () => {
  collector = createServer((request, response) => {
    void buffer(request).then((bytes) => {
      const body = bytes.toString('latin1')
      // An agent of Datadog takes MessagePack.
      const sent = body.startsWith('[{') ? zipkinSpans : agentRequests
      sent.push(body)
      response.writeHead(202).end('{}')
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  zipkinPort = (collector.address() as AddressInfo).port
})

afterAll(() => {
  collector.close()
})

policyField(
  ['GatewayConfig tracing.respectParents'],
  'decides for itself about traces of clients with Zipkin, too',
  async () => {
    const traced = (more: string): string => config(`tracing: {provider: {type: Zipkin, backendRef: {${ref('zipkin')}}}, ${more}}`)
    const collectorAt = backend({ name: 'zipkin', port: zipkinPort })
    const ids = { 'x-b3-traceid': 'a'.repeat(16), 'x-b3-spanid': 'b'.repeat(16) }
    const asks: readonly Readonly<Record<string, string>>[] = [
      { ...ids, 'x-b3-sampled': '1' },
      { b3: `${'a'.repeat(16)}-${'b'.repeat(16)}-1` },
    ]
    const ask = async (path: string): Promise<void> => {
      for (const [at, headers] of asks.entries()) await world.ask({ path: `${path}-${at}`, headers })
    }
    const seen = (path: string): readonly number[] => [...asks.keys()].filter((at) => zipkinSpans.join().includes(`${path}-${at}"`))
    await world.write(collectorAt, traced('samplingRate: {numerator: 0}'))
    await ask('/followed')
    await eventually(() => expect(seen('/followed')).toEqual([0, 1]), PATIENCE_MS)
    await world.write(collectorAt, traced('samplingRate: {numerator: 0}, respectParents: false'))
    await ask('/ignored')
    await world.write(collectorAt, traced('overallSamplingRate: {numerator: 0}, respectParents: false'))
    await ask('/lidded')
    await world.write(collectorAt, traced('respectParents: false'))
    await world.ask({ path: '/all', headers: { ...ids, 'x-b3-sampled': '0' } })
    await eventually(() => expect(zipkinSpans.join()).toContain('/all"'), PATIENCE_MS)
    expect([seen('/ignored'), seen('/lidded')]).toEqual([[], []])
  },
  120_000,
)

policyField(
  ['GatewayConfig tracing.respectParents'],
  'decides for itself about traces of clients with Datadog, too',
  async () => {
    const traced = (more: string): string => config(`tracing: {provider: {type: Datadog, backendRef: {${ref('zipkin')}}}, ${more}}`)
    const collectorAt = backend({ name: 'zipkin', port: zipkinPort })
    const asks: readonly Readonly<Record<string, string>>[] = [
      { 'x-datadog-trace-id': '42', 'x-datadog-parent-id': '43', 'x-datadog-sampling-priority': '2' },
      { traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01` },
    ]
    const ask = async (path: string): Promise<void> => {
      for (const [at, headers] of asks.entries()) await world.ask({ path: `${path}-${at}`, headers })
    }
    // In MessagePack a number behind its name: positive for what is kept.
    const priority = (path: string): number | undefined => {
      const body = agentRequests.find((each) => each.includes(path))
      const at = body?.indexOf('_sampling_priority_v1') ?? -1
      return body === undefined || at < 0 ? undefined : Buffer.from(body, 'latin1').readDoubleBE(at + '_sampling_priority_v1'.length + 1)
    }
    const priorities = (path: string): readonly unknown[] => asks.map((_, at) => Math.sign(priority(`${path}-${at}`) ?? Number.NaN))
    await world.write(collectorAt, traced('samplingRate: {numerator: 0}'))
    await ask('/dog-followed')
    await eventually(() => expect(priorities('/dog-followed')).toEqual([1, 1]), PATIENCE_MS)
    await world.write(collectorAt, traced('samplingRate: {numerator: 0}, respectParents: false'))
    await ask('/dog-ignored')
    await eventually(() => expect(priorities('/dog-ignored')).toEqual([-1, -1]), PATIENCE_MS)
  },
  120_000,
)
