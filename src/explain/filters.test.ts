/** Which filters a request is said to meet, with each packing of routes. */
import { expect, it } from '@jest/globals'
import { createRouteWorld, gateway, HTTP_LISTENER, route } from '../../test/support/route-world.js'
import type { EncodedResource, TypeUrl } from '../xds/resource.js'
import { declareXds } from '../xds/translate/declare.js'
import type { RoutePacking } from '../xds/translate/packing.js'
import { parseResourceKey } from '../xds/translate/resource-key.js'
import type { ConfigurationSource } from './configuration.js'
import { explain } from './explain.js'
import type { Question } from './question.js'

const policy = (kind: string, name: string, spec: string, rule?: string): string => `
---
apiVersion: headgate.dev/v1alpha1
kind: ${kind}
metadata: { name: ${name}, namespace: infra }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: web${rule === undefined ? '' : `, sectionName: ${rule}`} }]
  ${spec}
`

const OBJECTS = [
  gateway(HTTP_LISTENER),
  route(
    'web',
    `hostnames: [web.test, "*.near.test"], rules: [
      { name: plain, matches: [{ path: { value: /plain } }], backendRefs: [{ name: app, port: 8080 }] },
      { name: guarded, matches: [{ path: { value: /guarded } }], backendRefs: [{ name: app, port: 8080 }] },
      { name: script, matches: [{ path: { value: /script } }], backendRefs: [{ name: app, port: 8080 }] },
      { name: shared, matches: [{ path: { value: /shared } }], filters: [{ type: CORS, cors: { allowOrigins: ["https://a.test"] } }], backendRefs: [{ name: app, port: 8080 }] }]`,
  ),
  policy('SecurityPolicy', 'guard', 'authorization: { rules: [{ action: Allow, principal: { clientCIDRs: [10.0.0.0/8] } }] }', 'guarded'),
  policy('BackendTrafficPolicy', 'limit', 'rateLimit: { type: Local, rules: [{ limit: { requests: 1, unit: Second } }] }', 'guarded'),
  policy('ExtensionPolicy', 'script', 'lua: [{ type: Inline, inline: "function envoy_on_request(request) end" }]', 'script'),
]

function sourceOf(packing: RoutePacking): ConfigurationSource {
  const { graph, gatewayApi } = createRouteWorld(OBJECTS).translation
  const xds = declareXds(graph, gatewayApi, { packing })
  graph.flush()
  const entries = [...xds.resources.entries()].flatMap(([key, resource]) => {
    const parsed = parseResourceKey(key)
    return parsed === undefined ? [] : [{ group: parsed.group, resource }]
  })
  return {
    groups: () => [...new Set(entries.map(({ group }) => group))],
    resources: (group: string, typeUrl: TypeUrl) =>
      new Map<string, EncodedResource>(
        entries.flatMap(({ group: own, resource }) => (own === group && resource.typeUrl === typeUrl ? [[resource.name, resource]] : [])),
      ),
  }
}

const QUESTION: Question = { scheme: 'http', host: 'web.test', port: 80, method: 'GET', path: '/', headers: [] }

const ASKED = [
  { path: '/plain', filters: [] },
  { path: '/guarded', filters: ['envoy.filters.http.rbac', 'envoy.filters.http.local_ratelimit'] },
  { path: '/script', filters: ['envoy.filters.http.lua'] },
  { path: '/shared', filters: ['envoy.filters.http.cors'] },
]

it.each<RoutePacking>(['rds', 'scoped'])('names filters that do something, with %s', (packing) => {
  const source = sourceOf(packing)
  for (const host of ['web.test', 'x.near.test', 'WEB.test']) {
    const said = ASKED.map(({ path }) => ({
      path,
      filters: explain(source, 'infra/gw', { ...QUESTION, host, path })[0]?.outcomes[0]?.filters,
    }))
    expect(said).toEqual(ASKED)
  }
})

it('knows that preflight requests are answered before anything else', () => {
  const headers = [
    ['origin', 'https://other.test'],
    ['access-control-request-method', 'PUT'],
  ] as const
  const ask = (path: string) => explain(sourceOf('rds'), 'infra/gw', { ...QUESTION, method: 'OPTIONS', path, headers })[0]?.outcomes[0]
  expect(ask('/shared')).toMatchObject({ does: 'answer', status: 200, filters: ['envoy.filters.http.cors'] })
  expect(ask('/plain')).toMatchObject({ does: 'answer', status: 503 })
})
