/** `gatewayctl get policies`: the effective policy of a route, with the origin of each field, from a running Headgate. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type RunningHttpServer, startHttpServer } from '../../src/admin/http-server.js'
import { adminRoutes } from '../../src/admin/routes.js'
import { runGatewayctl } from '../../src/cli/run-gatewayctl.js'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'

const world = featureWorld(['a'])
let admin: RunningHttpServer
beforeAll(async () => {
  const routes = adminRoutes(world.headgate.running.sources)
  admin = await startHttpServer({ what: 'admin', host: '127.0.0.1', port: 0, flag: '', routes, onError: () => {} })
}, 30_000)
afterAll(() => admin?.stop())

const ROUTE = httpRoute('r', `[${under('/admin', `name: admin, ${to('a')}`)}, {${to('a')}}]`)

function policy(kind: string, name: string, target: string, spec: string): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: ${kind}
metadata: {name: ${name}}
spec: {targetRefs: [{group: gateway.networking.k8s.io, ${target}}], ${spec}}
`
}

async function gatewayctl(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  const out: string[] = []
  const code = await runGatewayctl(args, {
    environment: { HEADGATE_SERVER: `http://127.0.0.1:${admin.port}` },
    out: (text) => void out.push(text),
    error: (text) => void out.push(text),
    isTerminal: false,
    now: () => 0,
    workingFolder: '/',
  })
  return { code, out: out.join('') }
}

it('says for each field which policy decides it', async () => {
  await world.write(
    ROUTE,
    policy(
      'BackendTrafficPolicy',
      'platform',
      'kind: Gateway, name: gw',
      'retry: {numRetries: 1}, overrides: {circuitBreaker: {maxConnections: 7}}',
    ),
    policy('BackendTrafficPolicy', 'team', 'kind: HTTPRoute, name: r', 'retry: {numRetries: 4}'),
    policy('SecurityPolicy', 'admin', 'kind: HTTPRoute, name: r, sectionName: admin', 'authorization: {}'),
  )
  const { code, out } = await gatewayctl('get', 'policies', '--for', 'httproute/r')
  const cells = out.split('\n').map((line) => line.split(/ {2,}/))
  expect(code).toBe(0)
  expect(cells).toEqual(
    expect.arrayContaining([
      ['GATEWAY', 'RULE', 'FIELD', 'VALUE', 'FROM', 'STATE'],
      [
        'default/gw',
        '*',
        'BackendTrafficPolicy circuitBreaker.maxConnections',
        '7',
        'default/platform',
        'counts, nothing further inside can change it',
      ],
      ['default/gw', '*', 'BackendTrafficPolicy retry.numRetries', '4', 'default/team', 'counts'],
      ['default/gw', '*', 'BackendTrafficPolicy retry.numRetries', 'default/platform', 'decided by BackendTrafficPolicy/default/team'],
      ['default/gw', 'admin', 'SecurityPolicy authorization', '{"defaultAction":"Deny"}', 'default/admin', 'counts'],
    ]),
  )
  const asJson = await gatewayctl('get', 'policies', '--for', 'HTTPRoute/default/r', '-o', 'json')
  expect(JSON.parse(asJson.out)).toContainEqual(expect.objectContaining({ field: 'retry.numRetries', state: 'counts', value: 4 }))
}, 60_000)

it('says what rules decide themselves', async () => {
  const cors = 'filters: [{type: CORS, cors: {allowOrigins: ["https://own.example.com"]}}]'
  await world.write(
    httpRoute(
      'r',
      `[${under('/a', `name: a, timeouts: {request: 2s, backendRequest: 1s}, ${to('a')}`)}, ${under('/b', `${cors}, ${to('a')}`)}, {${to('a')}}]`,
    ),
    policy('BackendTrafficPolicy', 'times', 'kind: HTTPRoute, name: r', 'timeouts: {http: {requestTimeout: 9s, streamIdleTimeout: 8s}}'),
    policy('BackendTrafficPolicy', 'of-a', 'kind: HTTPRoute, name: r, sectionName: a', 'retry: {numRetries: 3}'),
    policy('SecurityPolicy', 'origins', 'kind: HTTPRoute, name: r', 'cors: {allowOrigins: ["https://policy.example.com"]}'),
    policy('BackendTrafficPolicy', 'forced', 'kind: Gateway, name: gw', 'overrides: {retry: {perRetry: {timeout: 3s}}}'),
  )
  const { out } = await gatewayctl('get', 'policies', '--for', 'httproute/r')
  const states = out.split('\n').map((line) => line.split(/ {2,}/).slice(1))
  const of = (rule: string, field: string) =>
    states.filter((cells) => cells[0] === rule && cells[1] === field).map((cells) => cells.slice(2))
  expect(of('a', 'BackendTrafficPolicy timeouts.http.requestTimeout')).toEqual([['default/times', 'decided by HTTPRoute/default/r']])
  expect(of('*', 'BackendTrafficPolicy timeouts.http.requestTimeout')).toEqual([['"9s"', 'default/times', 'counts']])
  expect(of('a', 'BackendTrafficPolicy timeouts.http.streamIdleTimeout')).toEqual([['"8s"', 'default/times', 'counts']])
  expect(of('*', 'SecurityPolicy cors').map((cells) => cells.slice(1))).toEqual([
    ['default/origins', 'counts, but not for spec.rules[1], which say it themselves'],
  ])
  expect(of('a', 'BackendTrafficPolicy retry.perRetry.timeout')).toEqual([
    ['"3s"', 'default/forced', 'counts, nothing further inside can change it'],
  ])
}, 60_000)

it('says which policy cannot be used, and ends with 3', async () => {
  await world.write(
    ROUTE,
    policy(
      'SecurityPolicy',
      'broken',
      'kind: HTTPRoute, name: r',
      'authorization: {rules: [{action: Allow, principal: {clientCIDRs: [10.0.0.1]}}]}',
    ),
  )
  const { code, out } = await gatewayctl('get', 'policies', '--for', 'httproute/r')
  expect(code).toBe(3)
  expect(out).toContain('default/broken')
  expect(out).toContain('cannot be used')
}, 60_000)

it('says where there is none, and what it needs to know', async () => {
  await world.write(ROUTE)
  expect(await gatewayctl('get', 'policies', '--for', 'httproute/r')).toEqual({
    code: 0,
    out: expect.stringMatching(/^No policy says anything/),
  })
  // A slip in its name is not the same as a route without policies.
  expect(await gatewayctl('get', 'policies', '--for', 'httproute/nosuch')).toEqual({
    code: 3,
    out: expect.stringContaining('There is no httproute/default/nosuch'),
  })
  expect((await gatewayctl('get', 'policies', '--for', 'httproute')).out).toContain('KIND/NAME')
  // A SecurityPolicy may well be about one.
  expect((await gatewayctl('get', 'policies', '--for', 'tcproutes/r')).out).toContain('HTTPRoutes and GRPCRoutes')
}, 60_000)
