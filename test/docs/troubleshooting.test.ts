/** docs/troubleshooting.md: what Envoys answer, and what their access logs say of it, is what a real Envoy does. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'troubleshooting.md'), 'utf8')

/** A request that goes wrong. */
interface Trouble {
  readonly path: string
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** What is written to the socket in place of a request. */
  readonly raw?: string
  /** Over TLS, with this name in the handshake. */
  readonly serverName?: string
  /** How often it is sent: the last answer counts. */
  readonly times?: number
}

/** In the order of the page; for `/missing` and what is like it one row. */
const TROUBLES: readonly Trouble[] = [
  { path: '/nowhere' },
  { path: '/', host: 'unknown.test' },
  { path: '/', serverName: 'a.test', host: 'b.test' },
  { path: '/missing' },
  { path: '/closed' },
  { path: '/empty' },
  { path: '/dead' },
  { path: '/speaks-plain' },
  { path: '/reset?reset=1' },
  { path: '/speaks-tls' },
  { path: '/speaks-h2' },
  { path: '/h2?reset=1' },
  { path: '/full' },
  { path: '/waits', body: 'x'.repeat(1_000_000) },
  { path: '/slow?delayMs=1000' },
  { path: '/silent?delayMs=5000' },
  { path: '/token' },
  { path: '/password' },
  { path: '/key' },
  { path: '/denied' },
  { path: '/asked' },
  { path: '/cross', headers: { origin: 'https://other.test' }, body: 'x' },
  { path: '/missing', headers: { connection: 'upgrade', upgrade: 'websocket' } },
  { path: '/limited', times: 2 },
  { path: '/counted' },
  { path: '/large', body: 'x'.repeat(2_000) },
  { path: '/faulty' },
  { path: '/processed' },
  { path: '/ok/a%2Fb' },
  { path: '/ok', headers: { x_y: '1' } },
  { path: '/ok', headers: { 'x-long': 'x'.repeat(62_000) } },
  { path: '', raw: 'no HTTP\r\n\r\n' },
  { path: '', raw: 'GET / HTTP/1.0\r\n\r\n' },
]

let headgate: Standalone | undefined
let backends: readonly TestBackend[] = []
let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-troubles-'))
  const authority = await createAuthority()
  const certificate = await authority.issue({ dns: ['a.test', 'b.test'] })
  backends = [
    await startBackend('plain'),
    await startBackend('tls', { kind: 'tls', certificate }),
    await startBackend('h2', { kind: 'h2c' }),
  ]
  // Nobody listens on port 1.
  headgate = await startTestStandalone({ rateLimitService: { host: '127.0.0.1', port: 1 } })
  await headgate.write(
    'troubles',
    objects(
      certificate,
      backends.map(({ port }) => port),
    ),
  )
}, 60_000)
afterAll(async () => {
  await headgate?.stop()
  for (const backend of backends) await backend.close()
  rmSync(folder, { recursive: true })
})

it('says of each answer what the log says of it', async () => {
  const rows = [...page.matchAll(/^\| (\d{3}) \| `([^`]+)` \| `([^`]+)` \|/gm)].map((row) => row.slice(1).join(' '))
  const seen: string[] = []
  for (const trouble of TROUBLES) seen.push(await loggedOf(trouble))
  expect(rows).toEqual([...new Set(seen)])
}, 60_000)

async function loggedOf({ path, host = 't.test', headers = {}, body, raw, serverName, times = 1 }: Trouble): Promise<string> {
  if (headgate === undefined) throw new Error('Headgate did not start')
  const before = lines().length
  const sent = body === undefined ? {} : { method: 'POST', body }
  const request = { host, path, headers, ...sent, ...(serverName === undefined ? {} : { tls: { serverName } }) }
  for (let at = 0; at < times; at++) {
    if (raw !== undefined) await write(headgate.place('default/gw', 80), raw)
    else await headgate.send('default/gw', serverName === undefined ? 80 : 443, request)
  }
  await eventually(() => expect(lines().length).toBe(before + times))
  // Behind the name of a detail stands more of it, in brackets.
  return (lines().at(-1) ?? '').replace(/[{[].*/, '')
}

async function write({ address, port }: { readonly address: string; readonly port: number }, text: string): Promise<void> {
  const socket = connect(port, address).end(text).resume()
  await once(socket, 'close')
}

function lines(): readonly string[] {
  try {
    return readFileSync(join(folder, 'log'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return []
  }
}

function objects(
  { certificate, privateKey }: { readonly certificate: string; readonly privateKey: string },
  [plain = 0, tls = 0, h2 = 0]: readonly number[],
): string {
  const backend = (name: string, port: number, more = '') => `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: { name: ${name}, namespace: default }
spec: { endpoints: [{ ip: { address: 127.0.0.1, port: ${port} } }]${more} }
---`
  const to = (name: string) => `[{ group: headgate.dev, kind: Backend, name: ${name} }]`
  const rule = (name: string, refs: string, more = '') =>
    `  - { name: ${name}, matches: [{ path: { type: PathPrefix, value: /${name} } }], backendRefs: ${refs}${more} }`
  const policy = (kind: string, rule: string, spec: string, route = 'guarded') => `
apiVersion: headgate.dev/v1alpha1
kind: ${kind}
metadata: { name: ${rule}, namespace: default }
spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${route}, sectionName: ${rule} }], ${spec} }
---`
  const indented = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n')
  return `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: { name: logs, namespace: default }
spec: { accessLogs: [{ of: [Requests], format: { text: "%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%\\n" }, sink: { type: File, file: { path: ${join(folder, 'log')} } } }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw, namespace: default }
spec:
  gatewayClassName: headgate
  infrastructure: { parametersRef: { group: headgate.dev, kind: GatewayConfig, name: logs } }
  listeners:
  - { name: http, protocol: HTTP, port: 80 }
  - { name: a, protocol: HTTPS, port: 443, hostname: a.test, tls: { certificateRefs: [{ name: cert }] } }
  - { name: b, protocol: HTTPS, port: 443, hostname: b.test, tls: { certificateRefs: [{ name: cert }] } }
---
apiVersion: v1
kind: Secret
metadata: { name: cert, namespace: default }
type: kubernetes.io/tls
stringData:
  tls.crt: |
${indented(certificate)}
  tls.key: |
${indented(privateKey)}
---
apiVersion: v1
kind: Service
metadata: { name: empty, namespace: default }
spec: { ports: [{ port: 80 }] }
---${backend('plain', plain)}${backend('tls', tls)}${backend('dead', 1)}${backend('h2', h2, ', appProtocols: [kubernetes.io/h2c]')}${backend('as-h1', h2)}${backend('full', plain)}${backend('secure', plain, ', tls: { insecureSkipVerify: true }')}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: backends, namespace: default }
spec:
  parentRefs: [{ name: gw }]
  hostnames: [t.test, a.test, b.test]
  rules:
${[
  rule('ok', to('plain')),
  rule('missing', '[{ name: missing, port: 80 }]'),
  rule('empty', '[{ name: empty, port: 80 }]'),
  rule('dead', to('dead')),
  rule('waits', to('dead'), ', retry: { attempts: 9, backoff: 5s }'),
  rule('reset', to('plain')),
  rule('slow', to('plain'), ', timeouts: { request: 50ms }'),
  rule('full', to('full')),
  rule('speaks-tls', to('tls')),
  rule('speaks-h2', to('as-h1')),
  rule('h2', to('h2')),
  rule('silent', to('plain')),
  rule('speaks-plain', to('secure')),
].join('\n')}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: guarded, namespace: default }
spec:
  parentRefs: [{ name: gw }]
  hostnames: [t.test]
  rules:
${['denied', 'token', 'password', 'key', 'asked', 'closed', 'cross', 'limited', 'counted', 'large', 'faulty', 'processed'].map((name) => rule(name, to('plain'))).join('\n')}
---${policy('SecurityPolicy', 'denied', 'authorization: { rules: [{ action: Allow, principal: { clientCIDRs: [10.0.0.0/8] } }] }')}${policy(
    'SecurityPolicy',
    'token',
    `jwt: { providers: [{ name: p, localJWKS: { type: Inline, inline: '{"keys":[{"kty":"EC","crv":"P-256","kid":"a","alg":"ES256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}' } }] }`,
  )}${policy('SecurityPolicy', 'password', 'basicAuth: { users: { name: users } }')}${policy('SecurityPolicy', 'key', 'apiKeyAuth: { credentialRefs: [{ name: keys }], extractFrom: [{ headers: [x-key] }] }')}${policy(
    'SecurityPolicy',
    'asked',
    'extAuth: { http: { backendRef: { group: headgate.dev, kind: Backend, name: dead } } }',
  )}${policy('SecurityPolicy', 'closed', 'basicAuth: { users: { name: nobody } }')}${policy('SecurityPolicy', 'cross', 'csrf: {}')}${policy('BackendTrafficPolicy', 'large', 'requestBuffer: { limit: 1Ki }')}${policy('BackendTrafficPolicy', 'faulty', 'faultInjection: { abort: { httpStatus: 503 } }')}${policy(
    'ExtensionPolicy',
    'processed',
    'extProc: [{ backendRef: { group: headgate.dev, kind: Backend, name: dead } }]',
  )}${policy('BackendTrafficPolicy', 'limited', 'rateLimit: { type: Local, rules: [{ limit: { requests: 1, unit: Hour } }] }')}${policy('BackendTrafficPolicy', 'counted', 'rateLimit: { type: Global, rules: [{ limit: { requests: 1, unit: Hour } }] }')}
apiVersion: headgate.dev/v1alpha1
kind: ClientTrafficPolicy
metadata: { name: idle, namespace: default }
spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gw }], timeout: { http: { streamIdleTimeout: 2s } } }
---
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: full, namespace: default }
spec: { targetRefs: [{ group: headgate.dev, kind: Backend, name: full }], circuitBreaker: { maxPendingRequests: 0, maxParallelRequests: 0 } }
---
apiVersion: v1
kind: Secret
metadata: { name: users, namespace: default }
stringData: { .htpasswd: "a:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=" }
---
apiVersion: v1
kind: Secret
metadata: { name: keys, namespace: default }
stringData: { a: key }
`
}
