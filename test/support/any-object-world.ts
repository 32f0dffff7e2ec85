/** A world with every kind of route, and something of each kind that objects refer to, for tests that add any object to it. */
import type { JsonObject } from '../../src/schema/json.js'
import { createAuthority } from './certificates.js'
import { gateway, route, service } from './route-world.js'

const LISTENERS = [
  '{ name: http, port: 80, protocol: HTTP }',
  '{ name: https, port: 443, protocol: HTTPS, hostname: "*.example.com", tls: { certificateRefs: [{ name: a }] } }',
  '{ name: pass, port: 8443, protocol: TLS, tls: { mode: Passthrough } }',
  '{ name: end, port: 8443, protocol: TLS, hostname: "*.example.com", tls: { mode: Terminate, certificateRefs: [{ name: a }] } }',
  '{ name: tcp, port: 9000, protocol: TCP }',
  '{ name: udp, port: 9000, protocol: UDP }',
].join(', ')

const GATEWAY_MORE = [
  'infrastructure: { parametersRef: { group: headgate.dev, kind: GatewayConfig, name: a } }',
  'allowedListeners: { namespaces: { from: Same } }',
].join(', ')

const PORTS = '{ name: a, port: 1, appProtocol: kubernetes.io/h2c }, { name: u, port: 2, protocol: UDP }, { name: c, port: 3 }'

const secret = { group: '', kind: 'Secret', name: 'a' } as const
const configMap = { group: '', kind: 'ConfigMap', name: 'a' } as const
const backendAt = (port: number): JsonObject => ({ group: '', kind: 'Service', name: 'a', port })

/** What a reference of a field may lead to in that world, by the name of the field. */
export function referentsOf(field: string): readonly [JsonObject, ...JsonObject[]] {
  if (/secret|credential|users|hmac/i.test(field)) return [secret]
  if (/valueRef/i.test(field)) return [configMap]
  if (/cert|crl/i.test(field)) return [secret, configMap]
  if (/extension/i.test(field)) return [{ group: 'headgate.dev', kind: 'HTTPRouteFilter', name: 'a' }]
  return [backendAt(1), backendAt(3), { group: 'headgate.dev', kind: 'Backend', name: 'a' }]
}

/** Its objects as YAML, all in the namespace `infra`: the Gateway is `gw`, the routes are `r`, `g`, `t`, `l` and `u`, everything else is `a`. */
export async function anyObjectWorld(): Promise<readonly string[]> {
  const { certificate, privateKey } = await (await createAuthority()).issue({ dns: ['*.example.com'] })
  const data = {
    'tls.crt': certificate,
    'tls.key': privateKey,
    'ca.crt': certificate,
    '.htpasswd': 'user:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    'client-secret': 'secret',
    client: 'key',
  }
  const stringData = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))
  const named = { metadata: { name: 'a', namespace: 'infra' } }
  const ours = { apiVersion: 'headgate.dev/v1alpha1', ...named }
  const to = (port: number): string => `backendRefs: [{ name: a, port: ${port} }]`
  const filter = 'filters: [{ type: ExtensionRef, extensionRef: { group: headgate.dev, kind: HTTPRouteFilter, name: a } }]'
  return [
    gateway(LISTENERS, GATEWAY_MORE),
    service('a', PORTS),
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', ...named, type: 'kubernetes.io/tls', data: stringData }),
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', ...named, data: { 'ca.crt': certificate, 'response.body': 'hi' } }),
    JSON.stringify({ ...ours, kind: 'Backend', spec: { endpoints: [{ fqdn: { hostname: 'a.example.com', port: 80 } }] } }),
    JSON.stringify({ ...ours, kind: 'HTTPRouteFilter', spec: { urlRewrite: { hostname: { type: 'Backend' } } } }),
    JSON.stringify({ ...ours, kind: 'GatewayConfig', spec: {} }),
    route(
      'r',
      `rules: [{ name: one, matches: [{ path: { type: RegularExpression, value: "/x.*" } }], ${to(3)} }, { name: two, ${to(1)} },
        { matches: [{ path: { value: /filtered } }], ${filter}, ${to(3)} },
        { matches: [{ path: { value: /backend } }], backendRefs: [{ group: headgate.dev, kind: Backend, name: a }] }]`,
    ),
    route('g', `hostnames: [g.example.com], rules: [{ ${to(1)} }]`, { kind: 'GRPCRoute' }),
    route('t', `rules: [{ ${to(3)} }]`, { kind: 'TCPRoute', parents: '[{ name: gw, sectionName: tcp }]' }),
    route('l', `hostnames: [l.example.com], rules: [{ ${to(3)} }]`, { kind: 'TLSRoute' }),
    route('u', `rules: [{ ${to(2)} }]`, { kind: 'UDPRoute', parents: '[{ name: gw, sectionName: udp }]' }),
  ]
}
