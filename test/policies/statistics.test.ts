/** What Envoy counts and writes besides what it always does: statistics of backends, calls of gRPC, and what health checks find. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals'
import { grpcRoute, grpcWorld } from '../features/grpc-world.js'
import { backend, to } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { GOOD, onRoute, routeTo, said } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'
import { askProxy, statistic } from './proxy.js'

const WITHIN_MS = 20_000
const world = grpcWorld(
  ['g'],
  `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: headgate
  infrastructure: {parametersRef: {group: headgate.dev, kind: GatewayConfig, name: counted}}
  listeners: [{name: http, port: 80, protocol: HTTP}]
`,
)
const config = (spec: string): string => `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: {name: counted}
spec: {${spec}}
`
const everyName = (part: string): Promise<string> => askProxy(world, `/stats?filter=${encodeURIComponent(part)}`)

let a: TestBackend
beforeAll(async () => {
  a = await startBackend('a')
})
afterAll(() => a.close())
const write = (...documents: readonly string[]): Promise<void> => world.write(config(''), backend(a), routeTo('a'), ...documents)

policyField(
  ['BackendTrafficPolicy statistics.{perEndpoint,requestResponseSizes}'],
  'counts for each endpoint, and how large things are',
  async () => {
    await write()
    await world.ask()
    expect(await everyName('size|endpoint\\.')).not.toMatch(/cluster\.Backend/)
    await write(onRoute('statistics: {perEndpoint: true, requestResponseSizes: true}'))
    expect(said(world)).toEqual(GOOD)
    await world.ask({ method: 'POST', body: 'x'.repeat(300) })
    await eventually(async () => {
      const text = await askProxy(world, '/stats/prometheus')
      expect(text).toMatch(new RegExp(`envoy_cluster_endpoint_rq_total\\{[^}]*127\\.0\\.0\\.1:${a.port}[^}]*\\} 1`))
      for (const what of ['rq_body_size', 'rs_body_size', 'rq_headers_size', 'rs_headers_size', 'rq_headers_count', 'rs_headers_count']) {
        expect(text).toMatch(new RegExp(`envoy_cluster_upstream_${what}_count\\{[^}]*\\} 1`))
      }
    }, WITHIN_MS)
  },
)

it('counts answers of backends by class and with their latencies, and nothing twice', async () => {
  await write()
  await world.ask()
  await eventually(async () => {
    const text = await askProxy(world, '/stats/prometheus')
    for (const name of ['upstream_rq_xx', 'upstream_rq_time_count']) {
      expect(text).toMatch(new RegExp(`envoy_cluster_${name}\\{[^}]*envoy_cluster_name="Backend/default/a[^}]*\\} [1-9]`))
    }
    expect(text).toMatch(/envoy_http_downstream_rq_xx\{[^}]*\} [1-9]/)
    expect(text).toMatch(/envoy_http_downstream_rq_time_count\{[^}]*\} [1-9]/)
    expect(text).not.toContain('external')
  }, WITHIN_MS)
}, 60_000)

it('counts what policies of routes refuse', async () => {
  const denies = `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: denies}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}], authorization: {defaultAction: Deny}}
`
  const refused = async (name: RegExp): Promise<number> => {
    const lines = (await askProxy(world, '/stats/prometheus')).split('\n').filter((line) => name.test(line))
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }
  await write(denies)
  const before = await refused(/^envoy_http_rbac_denied\{/)
  expect(await world.ask()).toMatchObject({ status: 403 })
  await eventually(async () => expect(await refused(/^envoy_http_rbac_denied\{/)).toBe(before + 1), WITHIN_MS)
  await write(onRoute('faultInjection: {abort: {httpStatus: 418}}'))
  expect(await world.ask()).toMatchObject({ status: 418 })
  await eventually(async () => expect(await refused(/^envoy_http_fault_aborts_injected\{/)).toBe(1), WITHIN_MS)
}, 60_000)

policyField(['BackendTrafficPolicy statistics.name'], 'names a backend in statistics', async () => {
  const name = 'mine/%BACKEND_KIND%/%BACKEND_NAMESPACE%/%BACKEND_NAME%'
  await write(onRoute(`statistics: {name: "${name}"}`))
  expect(said(world)).toEqual(GOOD)
  await world.ask()
  await eventually(async () => expect(await statistic(world, 'cluster.mine/Backend/default/a.upstream_rq_total')).toBe(1), WITHIN_MS)
})

policyField(['GatewayConfig metrics.enableGRPCStats'], 'counts calls of gRPC by service and method', async () => {
  const calls = grpcRoute('r', `[{${to('g')}}]`)
  const counted = 'cluster.Backend/default/g/grpc.grpc.shop_Cart.Add.success'
  await world.write(config(''), calls)
  expect(await world.grpcAnswerer()).toBe('g')
  expect(await everyName('grpc\\.shop')).not.toContain('shop')
  await world.write(config('metrics: {enableGRPCStats: true}'), calls)
  expect(await world.grpcAnswerer()).toBe('g')
  expect(await world.grpcAnswerer({ metadata: { 'want-code': '5' } })).toBe(5)
  await eventually(async () => {
    expect(await statistic(world, counted)).toBe(1)
    expect(await statistic(world, counted.replace('success', 'total'))).toBe(2)
  }, WITHIN_MS)
})

policyField(
  ['BackendTrafficPolicy healthCheck.active.healthCheckLog.sink.{type,file.path}'],
  'writes what health checks find',
  async () => {
    const checked = (path: string): string => {
      const log = `healthCheckLog: {matches: [Success], sink: {type: File, file: {path: ${path}}}}`
      return onRoute(`healthCheck: {active: {type: HTTP, interval: 100ms, http: {path: /well}, ${log}}}`)
    }
    // What a local Envoy writes to its standard output comes out of ours.
    const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true)
    try {
      await write(checked('/dev/stdout'))
      expect(said(world)).toEqual(GOOD)
      await eventually(() => {
        const lines = written.mock.calls.flatMap(([bytes]) => String(bytes).split('\n')).filter((line) => line.startsWith('{'))
        const events = lines.map((line): unknown => JSON.parse(line))
        expect(events).toContainEqual(
          expect.objectContaining({ health_checker_type: 'HTTP', cluster_name: expect.stringContaining('Backend/default/a') }),
        )
      }, WITHIN_MS)
    } finally {
      written.mockRestore()
    }
    // Envoys are shared: nobody chooses their files but who runs them.
    for (const path of ['/dev/termination-log', '/dev/shm/x', '/var/log/../run/x', '/var/log', '/proc/self/fd/1', '/tmp/x']) {
      await world.writeRefused(config(''), backend(a), routeTo('a'), checked(path))
      expect(world.headgate.running.sources.problems().map(({ message }) => message)).toContainEqual(
        expect.stringContaining('healthCheckLog.sink.file.path'),
      )
    }
  },
)
