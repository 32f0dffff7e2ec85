/** TLS of listeners: certificates by host, misdirected requests, validation of clients, passthrough beside termination. */
import { afterAll, beforeAll, expect } from '@jest/globals'
import { createAuthority, type PemPair, type TestAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { feature } from './feature.js'
import { backend, gateway } from './manifests.js'
import { authorities, https, secret } from './tls-manifests.js'

let headgate: Standalone
let issuer: TestAuthority
let clients: TestAuthority
let strangers: TestAuthority
let certificate: PemPair
let backends: readonly TestBackend[] = []

const route = (name: string, parent: string, to: string, hostnames: readonly string[] = []) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  parentRefs: [{${parent}}]
  hostnames: [${hostnames.map((host) => `"${host}"`).join(', ')}]
  rules: [{backendRefs: [{group: headgate.dev, kind: Backend, name: ${to}}]}]
`

beforeAll(async () => {
  issuer = await createAuthority('servers')
  clients = await createAuthority('clients')
  strangers = await createAuthority('strangers')
  certificate = await issuer.issue({ dns: ['example.org', 'second-example.org', 'unknown-example.org', '*.wildcard.org'] })
  backends = [
    ...(await Promise.all(['v1', 'v2', 'v3'].map((name) => startBackend(name)))),
    await startBackend('tls', { kind: 'tls', certificate: await issuer.issue({ dns: ['pass.example.org'] }) }),
  ]
  headgate = await startTestStandalone()
  await headgate.write(
    'base',
    [secret('cert', certificate), authorities('clients', clients.certificate), ...backends.map((each) => backend(each))].join('---'),
  )
}, 60_000)

afterAll(async () => {
  await headgate?.stop()
  await Promise.all(backends.map((each) => each.close()))
})

feature(
  ['Gateway spec.listeners.tls.certificateRefs.name', 'Gateway spec.listeners.hostname', 'Gateway spec.listeners.protocol'],
  'answers 421 to a request for the host of another listener over a shared connection',
  async () => {
    await headgate.write(
      'gateway',
      [
        gateway(
          'gw',
          `[${[https('any', undefined), https('second', 'second-example.org'), https('wild', '*.wildcard.org'), https('fourth', 'fourth-example.wildcard.org')].join()}]`,
        ),
        route('r1', 'name: gw, sectionName: any', 'v1', ['example.org']),
        route('r2', 'name: gw, sectionName: second', 'v2'),
        route('r3', 'name: gw, sectionName: wild', 'v3'),
        route('r4', 'name: gw, sectionName: fourth', 'v1'),
      ].join('---'),
    )
    const rows: readonly (readonly [serverName: string, host: string, want: string | number])[] = [
      ['example.org', 'example.org', 'v1'],
      ['example.org', 'second-example.org', 421],
      ['example.org', 'unknown-example.org', 404],
      ['second-example.org', 'second-example.org', 'v2'],
      ['second-example.org', 'example.org', 421],
      ['second-example.org', 'unknown-example.org', 421],
      ['third-example.wildcard.org', 'third-example.wildcard.org', 'v3'],
      ['third-example.wildcard.org', 'fith-example.wildcard.org', 'v3'],
      ['third-example.wildcard.org', 'fourth-example.wildcard.org', 421],
      ['third-example.wildcard.org', 'second-example.org', 421],
      ['third-example.wildcard.org', 'unknown-example.org', 421],
      ['fourth-example.wildcard.org', 'fourth-example.wildcard.org', 'v1'],
      ['fourth-example.wildcard.org', 'fith-example.wildcard.org', 421],
      ['unknown-example.org', 'example.org', 'v1'],
      ['unknown-example.org', 'unknown-example.org', 404],
    ]
    for (const serverName of new Set(rows.map(([name]) => name))) {
      const connection = headgate.http2('default/gw', 443, { ca: issuer.certificate, serverName })
      for (const [name, host, want] of rows) {
        if (name !== serverName) continue
        const answer = await connection.send({ host })
        expect([serverName, host, answer.echo?.backend ?? answer.status]).toEqual([serverName, host, want])
      }
      connection.close()
    }
  },
)

feature(
  ['Gateway spec.listeners.hostname', 'Gateway spec.listeners.tls.certificateRefs.name'],
  'answers 421 to a request for a host that the certificate of the connection is valid for, among more than 32 HTTPS listeners of a port',
  async () => {
    const names = Array.from({ length: 40 }, (_, i) => https(`l${i}`, `l${i}.wildcard.org`))
    await headgate.write(
      'gateway',
      [
        gateway('gw', `[${[...names, https('other', 'other.example.net')].join()}]`),
        route('r1', 'name: gw, sectionName: l0', 'v1'),
        route('r2', 'name: gw, sectionName: l39', 'v2'),
      ].join('---'),
    )
    const connection = headgate.http2('default/gw', 443, { ca: issuer.certificate, serverName: 'l0.wildcard.org' })
    const answers = async (host: string): Promise<string | number> => {
      const answer = await connection.send({ host })
      return answer.echo?.backend ?? answer.status
    }
    expect(await answers('l0.wildcard.org')).toBe('v1')
    expect(await answers('l39.wildcard.org')).toBe(421)
    expect(await answers('example.org')).toBe(421)
    // No client asks here for what the certificate is not valid for.
    expect(await answers('other.example.net')).toBe(404)
    connection.close()
    const other = headgate.http2('default/gw', 443, { ca: issuer.certificate, serverName: 'l39.wildcard.org' })
    expect((await other.send({ host: 'l39.wildcard.org' })).echo?.backend).toBe('v2')
    other.close()
  },
)

feature(
  ['Gateway spec.tls.frontend.default.validation.caCertificateRefs.name', 'Gateway spec.tls.frontend.perPort.tls.validation.mode'],
  'lets in only clients with a valid certificate, or everybody where the port says so',
  async () => {
    const ref = '{group: "", kind: ConfigMap, name: clients}'
    const frontend = `{frontend: {default: {validation: {caCertificateRefs: [${ref}]}}, perPort: [{port: 9443, tls: {validation: {mode: AllowInsecureFallback, caCertificateRefs: [${ref}]}}}]}}`
    await headgate.write(
      'gateway',
      `${gateway('gw', `[${[https('strict', undefined), https('loose', undefined, 9443)].join()}]`)}  tls: ${frontend}\n---${route('r', 'name: gw', 'v1')}`,
    )
    const known = await clients.issue({ dns: ['client'] })
    const unknown = await strangers.issue({ dns: ['client'] })
    const ask = (port: number, pair: PemPair | undefined) =>
      headgate.send('default/gw', port, { host: 'example.org', tls: { ca: issuer.certificate, ...(pair ?? {}) } }).then(
        (answer) => answer.status,
        () => 'refused',
      )
    // The proxy has the listener, but takes it only with its authorities, which come a moment later.
    await eventually(async () => expect(await ask(443, undefined)).toBe('refused'))
    expect([await ask(443, known), await ask(443, unknown)]).toEqual([200, 'refused'])
    expect([await ask(9443, known), await ask(9443, unknown), await ask(9443, undefined)]).toEqual([200, 200, 200])
  },
)

feature(
  ['Gateway spec.listeners.tls.mode', 'Gateway spec.listeners.tls.options'],
  'passes TLS through for one host, ends it for another, serves plain HTTP on the same port, and closes what nobody serves',
  async () => {
    const tlsRoute = (name: string, host: string, to: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: ${name}}
spec:
  parentRefs: [{name: gw}]
  hostnames: [${host}]
  rules: [{backendRefs: [{group: headgate.dev, kind: Backend, name: ${to}}]}]
`
    await headgate.write(
      'gateway',
      [
        gateway(
          'gw',
          `[{name: pass, port: 443, protocol: TLS, hostname: "*.example.org", tls: {mode: Passthrough}},
            {name: end, port: 443, protocol: TLS, hostname: end.example.org, tls: {mode: Terminate, certificateRefs: [{name: cert}]}},
            ${https('web', 'web.example.org', 443, 'cert', ', options: {headgate.dev/tls-min-version: "1.3"}')},
            ${https('any', undefined)},
            {name: plain, port: 443, protocol: HTTP}]`,
        ),
        tlsRoute('pass', 'pass.example.org', 'tls'),
        tlsRoute('end', 'end.example.org', 'v2'),
        route('web', 'name: gw', 'v1', ['web.example.org']),
        route('wide', 'name: gw, sectionName: any', 'v3', ['*.example.org', 'unknown-example.org']),
      ].join('---'),
    )
    const ask = (host: string, tls: Parameters<Standalone['send']>[2]['tls'] = { ca: issuer.certificate }) =>
      headgate.send('default/gw', 443, { host, ...(tls === undefined ? {} : { tls }) }).then(
        (answer) => answer.echo?.backend ?? answer.status,
        () => 'closed',
      )
    expect(await ask('pass.example.org')).toBe('tls')
    expect(await ask('end.example.org', {})).toBe('v2')
    expect(await ask('web.example.org', {})).toBe('v1')
    expect(await ask('web.example.org', { maxVersion: 'TLSv1.2' })).toBe('closed')
    expect(await ask('nobody.example.org', {})).toBe('closed')
    expect(await ask('elsewhere.org', {})).toBe(404)
    expect(await headgate.send('default/gw', 443, { host: 'web.example.org' }).then((answer) => answer.echo?.backend)).toBe('v1')
    // Over a connection to one listener, the hosts of the others are not to be had, although a route for a wildcard covers them.
    const connection = headgate.http2('default/gw', 443, { ca: issuer.certificate, serverName: 'unknown-example.org' })
    const asked = async (host: string): Promise<string | number> => {
      const answer = await connection.send({ host })
      return answer.echo?.backend ?? answer.status
    }
    expect(await asked('unknown-example.org')).toBe('v3')
    for (const host of ['pass.example.org', 'end.example.org', 'nobody.example.org', 'web.example.org'])
      expect([host, await asked(host)]).toEqual([host, 421])
    connection.close()
  },
)
