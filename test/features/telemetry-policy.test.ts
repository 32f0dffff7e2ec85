/** XTelemetryPolicy: traces of a Gateway as the Gateway API describes them, through the real Envoy to a real collector. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { type CollectedSpan, startTelemetryCollector, type TelemetryCollector } from '../support/telemetry-collector.js'
import { backend, gateway, httpRoute, ref, to } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'], () => [gateway('gw'), httpRoute('r', `[{${to('a')}}]`)].join('---'))
const PATIENCE_MS = 30_000
const TRACE = 'a'.repeat(32)

let collector: TelemetryCollector

beforeAll(async () => {
  collector = await startTelemetryCollector('collector')
})
afterAll(() => collector.close())

const policy = (
  name: string,
  created: string,
  tracing: string,
  target = '{group: gateway.networking.k8s.io, kind: Gateway, name: gw}',
): string =>
  `
apiVersion: gateway.networking.k8s.io/v1
kind: XTelemetryPolicy
metadata: {name: ${name}, creationTimestamp: "${created}T00:00:00Z"}
spec:
  targetRefs: [${target}]
  tracing: {${tracing}}
`.replace('networking.k8s.io/v1', 'networking.x-k8s.io/v1alpha1')
const enabled = (more = ''): string =>
  `mode: Enabled, provider: {backendRef: {${ref('collector')}}, headers: [{name: X-Key, value: k3y}]}${more}`
const conditions = (name: string): readonly string[] => world.conditions(`XTelemetryPolicy/default/${name}`)
/** Spans of requests to a path. */
const spansOf = (path: string): readonly CollectedSpan[] =>
  collector.spans.filter(({ kind, attributes }) => kind === 2 && attributes['http.url']?.endsWith(path) === true)

it('sends spans with its attributes, name and service to the collector', async () => {
  await world.write(
    backend(collector),
    policy(
      'one',
      '2026-01-01',
      enabled(
        ', serviceName: edge, spanName: at the edge, attributes: [{name: user, sourceType: Header, headerName: X-User}, {name: tier, sourceType: Literal, literalValue: gold}, {name: code, sourceType: Attribute, attributeKey: http.response.status_code}]',
      ),
    ),
  )
  expect(conditions('one')).toEqual(['Accepted=True/Accepted', 'ResolvedRefs=True/ResolvedRefs'])
  await world.ask({ path: '/first', headers: { 'x-user': 'me' } })
  await eventually(() => expect(spansOf('/first')).toHaveLength(1), PATIENCE_MS)
  expect(spansOf('/first')[0]).toMatchObject({
    name: 'at the edge',
    attributes: { user: 'me', tier: 'gold', code: '200' },
    resource: { 'service.name': 'edge' },
  })
  expect(collector.metadata).toContainEqual(expect.objectContaining({ 'x-key': 'k3y' }))
}, 90_000)

it('traces no request at a rate of nothing but those whose trace is sampled, and with mode Disabled for parents not even those', async () => {
  const ask = (path: string, flags: string) => world.ask({ path, headers: { traceparent: `00-${TRACE}-${'b'.repeat(16)}-${flags}` } })
  await world.write(backend(collector), policy('one', '2026-01-01', enabled(', samplingRate: {numerator: 0}')))
  await world.ask({ path: '/plain' })
  await ask('/not-sampled', '00')
  await ask('/sampled', '01')
  await eventually(() => expect(spansOf('/sampled')).toHaveLength(1), PATIENCE_MS)
  expect(spansOf('/plain')).toEqual([])
  expect(spansOf('/not-sampled')).toEqual([])

  await world.write(
    backend(collector),
    policy('one', '2026-01-01', enabled(', samplingRate: {numerator: 100}, parentBasedSampling: {mode: Disabled}')),
  )
  await ask('/ignored', '00')
  await eventually(() => expect(spansOf('/ignored')).toHaveLength(1), PATIENCE_MS)
}, 120_000)

it('counts for a Gateway when it is the oldest; the others are told', async () => {
  await world.write(
    backend(collector),
    policy('younger', '2026-01-02', enabled(', serviceName: younger')),
    policy('older', '2026-01-01', enabled(', serviceName: older')),
  )
  expect(conditions('younger')).toEqual(['Accepted=False/Conflicted'])
  expect(conditions('older')).toContain('Accepted=True/Accepted')
  await world.ask({ path: '/whose' })
  await eventually(() => expect(spansOf('/whose')[0]?.resource['service.name']).toBe('older'), PATIENCE_MS)
}, 90_000)

it('turns off what the configuration of the Gateway says, or leaves it alone', async () => {
  const configured = [
    `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: {name: traced}
spec: {tracing: {serviceName: configured, provider: {type: OpenTelemetry, backendRef: {${ref('collector')}}}}}
`,
    `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: other}
spec:
  gatewayClassName: headgate
  infrastructure: {parametersRef: {group: headgate.dev, kind: GatewayConfig, name: traced}}
  listeners: [{name: http, port: 80, protocol: HTTP}]
`,
    httpRoute('of-other', `[{${to('a')}}]`, 'parentRefs: [{name: other}]'),
    backend(collector),
  ]
  const other = '{group: gateway.networking.k8s.io, kind: Gateway, name: other}'
  await world.write(...configured, policy('p', '2026-01-01', 'mode: Disabled', other))
  await world.ask({ gateway: 'default/other', path: '/off' })
  await world.write(...configured, policy('p', '2026-01-01', 'mode: ImplementationDefault', other))
  await world.ask({ gateway: 'default/other', path: '/on' })
  await eventually(() => expect(spansOf('/on')[0]?.resource['service.name']).toBe('configured'), PATIENCE_MS)
  expect(spansOf('/off')).toEqual([])
}, 90_000)

it.each([
  {
    rule: 'a collector that does not exist',
    tracing: `mode: Enabled, provider: {backendRef: {${ref('nowhere')}}}`,
    want: ['Accepted=True/Accepted', 'ResolvedRefs=False/BackendNotFound'],
  },
  {
    rule: 'a collector of a kind that is none',
    tracing: 'mode: Enabled, provider: {backendRef: {group: example.com, kind: Thing, name: x, port: 1}}',
    want: ['Accepted=True/Accepted', 'ResolvedRefs=False/InvalidKind'],
  },
  {
    rule: 'a collector of another namespace that nobody grants',
    tracing: 'mode: Enabled, provider: {backendRef: {name: x, namespace: elsewhere, port: 4317}}',
    want: ['Accepted=True/Accepted', 'ResolvedRefs=False/RefNotPermitted'],
  },
  {
    rule: 'an attribute that nobody knows',
    tracing: enabled(', attributes: [{name: x, sourceType: Attribute, attributeKey: no.such.thing}]'),
    want: ['Accepted=False/UnsupportedValue'],
  },
  {
    rule: 'a second share for parents, which Envoy cannot do',
    tracing: enabled(', parentBasedSampling: {mode: Enabled, samplingRate: {numerator: 50}}'),
    want: ['Accepted=False/UnsupportedValue'],
  },
])(
  'says what is wrong with $rule, and the Gateway serves',
  async ({ tracing, want }) => {
    await world.write(backend(collector), policy('wrong', '2026-01-01', tracing))
    expect(conditions('wrong')).toEqual(want)
    expect(await world.answerer()).toBe('a')
  },
  60_000,
)
