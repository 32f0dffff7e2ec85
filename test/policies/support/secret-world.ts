/** Objects with a secret in every place that any kind has for one, and each of these secrets. */
import { createHash } from 'node:crypto'
import { backend, httpRoute, service, to, under } from '../../features/manifests.js'
import { authorities, secret as certificate } from '../../features/tls-manifests.js'
import { createAuthority } from '../../support/certificates.js'
import { linesOf } from './secret-findings.js'
import { secret } from './secrets.js'

/** In every secret of this world that a person chose. */
export const MARKER = 'hunter2x7Q'

/** A place for a secret. */
export interface SecretPlace {
  readonly where: string
  /** What must be told nowhere: the secret, or the part of it that nothing else holds. */
  readonly secrets: readonly string[]
}

/** The objects, and what is secret in them. */
export interface SecretWorld {
  readonly yaml: string
  readonly places: readonly SecretPlace[]
}

/**
 * Makes the objects.
 *
 * @param servers ports of 127.0.0.1: of the only backend, and of a registry
 */
export async function secretWorld(servers: { readonly backend: number; readonly registry: number }): Promise<SecretWorld> {
  const authority = await createAuthority()
  const pairs = {
    listener: await authority.issue({ dns: ['example.com'] }),
    gateway: await authority.issue({ dns: ['gateway.example'] }),
    backend: await authority.issue({ dns: ['client.example'] }),
  }
  const hash = createHash('sha1').update(`${MARKER}-password`).digest('base64')
  const key = Buffer.from(`${MARKER}-shared-key-of-tokens-32-bytes`).toString('base64url')
  const login = `${MARKER}-registry`
  const docker = { auths: { [`127.0.0.1:${servers.registry}`]: { username: 'robot', password: login } } }
  const places: readonly SecretPlace[] = [
    ...Object.entries(pairs).map(([name, pair]) => ({ where: `private key of the ${name}`, secrets: linesOf(pair.privateKey) })),
    { where: 'basicAuth', secrets: [hash] },
    { where: 'apiKeyAuth', secrets: [`${MARKER}-api-key`] },
    { where: 'oidc', secrets: [`${MARKER}-client-secret`] },
    { where: 'jwt', secrets: [key] },
    { where: 'credentialInjection', secrets: [`${MARKER}-injected`] },
    { where: 'pullSecretRef', secrets: [login, Buffer.from(`robot:${login}`).toString('base64')] },
    { where: 'headers of collectors', secrets: ['otel', 'grpc', 'spans'].map((each) => `${MARKER}-${each}`) },
  ]
  const yaml = [
    gateways(),
    authorities('ca', authority.certificate),
    certificate('cert', pairs.listener),
    certificate('gateway-client', pairs.gateway),
    certificate('backend-client', pairs.backend),
    backend({ name: 'open', port: servers.backend }),
    `${backend({ name: 'tls', port: servers.backend })}  tls: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}], hostname: example.com, clientCertificateRef: {name: backend-client}}\n`,
    service('svc', [{ name: 'svc', port: servers.backend }]),
    `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: svc}
spec: {targetRefs: [{group: "", kind: Service, name: svc}], validation: {hostname: example.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}
`,
    httpRoute(
      'r',
      RULES.map((name) =>
        under(
          `/${name}`,
          `name: ${name}, ${filterOf(name)}${name === 'svc' ? 'backendRefs: [{name: svc, port: 8001}]' : to(name === 'tls' ? 'tls' : 'open')}`,
        ),
      )
        .toString()
        .replace(/^(.*)$/s, '[$1]'),
    ),
    secret('users', { '.htpasswd': `ann:{SHA}${hash}` }),
    secret('keys', { shop: `${MARKER}-api-key` }),
    secret('login', { 'client-secret': `${MARKER}-client-secret`, 'client-id': 'shop' }),
    secret('jwks', { jwks: JSON.stringify({ keys: [{ kty: 'oct', alg: 'HS256', kid: 'a', k: key }] }) }),
    secret('injected', { credential: `Bearer ${MARKER}-injected` }),
    secret('registry', { '.dockerconfigjson': JSON.stringify(docker) }),
    policy('basic', 'basicAuth: {users: {name: users}}'),
    policy('keyed', 'apiKeyAuth: {credentialRefs: [{name: keys}], extractFrom: [{headers: [x-key]}]}'),
    policy(
      'oidc',
      'oidc: {provider: {issuer: "https://id.example", authorizationEndpoint: "https://id.example/a", tokenEndpoint: "https://id.example/t"}, clientIDRef: {name: login}, clientSecret: {name: login}, redirectURL: "https://example.com/oidc/callback", logoutPath: /oidc/logout}',
    ),
    policy('jwt', 'jwt: {providers: [{name: p, localJWKS: {type: ValueRef, valueRef: {group: "", kind: Secret, name: jwks}}}]}'),
    `
apiVersion: headgate.dev/v1alpha1
kind: HTTPRouteFilter
metadata: {name: injected}
spec: {credentialInjection: {credential: {valueRef: {name: injected}}}}
`,
    `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: wasm}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: wasm}]
  wasm: [{code: {type: Image, image: {url: "127.0.0.1:${servers.registry}/a/b:v1", pullSecretRef: {name: registry}}}}]
`,
    telemetry(),
  ].join('---')
  return { yaml, places }
}

const RULES = ['basic', 'keyed', 'oidc', 'jwt', 'injected', 'wasm', 'tls', 'svc', 'open'] as const

function filterOf(rule: (typeof RULES)[number]): string {
  return rule === 'injected'
    ? 'filters: [{type: ExtensionRef, extensionRef: {group: headgate.dev, kind: HTTPRouteFilter, name: injected}}], '
    : ''
}

function policy(rule: (typeof RULES)[number], spec: string): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: ${rule}}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: ${rule}}]
  ${spec}
`
}

function gateways(): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: headgate
  infrastructure: {parametersRef: {group: headgate.dev, kind: GatewayConfig, name: told}}
  tls: {backend: {clientCertificateRef: {name: gateway-client}}}
  listeners:
    - {name: http, port: 80, protocol: HTTP}
    - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert}]}}
`
}

function telemetry(): string {
  const ref = 'backendRef: {group: headgate.dev, kind: Backend, name: open}'
  const headers = (value: string) => `headers: [{name: authorization, value: "Bearer ${MARKER}-${value}"}]`
  return `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: {name: told}
spec:
  accessLogs:
    - {sink: {type: OpenTelemetry, openTelemetry: {${ref}, ${headers('otel')}}}}
    - {sink: {type: GRPC, grpc: {${ref}, ${headers('grpc')}}}}
  tracing: {provider: {type: OpenTelemetry, ${ref}, ${headers('spans')}}, samplingRate: {numerator: 100}}
`
}
