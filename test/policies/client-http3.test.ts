/** HTTP/3: a second Envoy as a client of it. */
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { gateway, httpRoute, to } from '../features/manifests.js'
import { authorities, https, secret } from '../features/tls-manifests.js'
import { featureWorld } from '../features/world.js'
import { createAuthority, type TestAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { send } from '../support/http-client.js'
import { ABOUT_ROUTE } from './backend-traffic.js'
import { about, clientPolicy } from './client-manifests.js'
import { policyField } from './coverage/policy-field.js'
import { type Http3Client, startHttp3Client } from './http3-client.js'
import { askProxy } from './proxy.js'
import { securityPolicy } from './support/attempts.js'

let issuer: TestAuthority
let client: Http3Client | undefined

const LISTENERS = `[{name: http, port: 80, protocol: HTTP}, ${https('https', '*.example.com')}, ${https('strict', 'strict.example.com')}, {name: udp, port: 7000, protocol: UDP}]`

const world = featureWorld(['a'], async () => {
  issuer = await createAuthority()
  return [secret('cert', await issuer.issue({ dns: ['*.example.com'] })), authorities('clients', issuer.certificate)].join('---\n')
})

beforeAll(async () => {
  const { path } = await findEnvoy()
  expect(path).not.toBe('')
}, 300_000)
afterAll(() => client?.stop())

const ROUTE = httpRoute('r', `[{${to('a')}}]`)
const place = () => world.headgate.place('default/gw', 443)

/** What a client of HTTP/3 gets for a host. */
async function overHttp3(
  host: string,
  sent: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly echo?: unknown; readonly altSvc?: unknown }> {
  client ??= await startHttp3Client((await findEnvoy()).path, place(), issuer.certificate)
  const { status, echo, headers } = await send({ address: '127.0.0.1', port: client.port, host, headers: sent })
  return { status, echo, altSvc: headers['alt-svc'] }
}

describe('http3', () => {
  policyField(['ClientTrafficPolicy http3'], 'serves HTTPS listeners on the same port of UDP, and says so', async () => {
    await world.write(ROUTE, gateway('gw', LISTENERS), clientPolicy('scheme: Preserve'))
    const before = await world.ask({ host: 'www.example.com', port: 443, tls: { ca: issuer.certificate } })
    expect([before.status, before.headers['alt-svc']]).toEqual([200, undefined])
    expect((await overHttp3('www.example.com')).status).toBe(503)
    await world.write(
      ROUTE,
      gateway('gw', LISTENERS),
      clientPolicy('http3: {}, headers: {lateResponseHeaders: {set: [{name: x-late, value: a}]}}'),
    )
    await eventually(async () => {
      const { headers } = await world.ask({ host: 'www.example.com', port: 443, tls: { ca: issuer.certificate } })
      expect(headers['alt-svc']).toBe(`h3=":${place().port}"; ma=86400`)
    })
    await eventually(async () => {
      const found = await overHttp3('www.example.com')
      expect([found.status, found.altSvc]).toEqual([200, `h3=":${place().port}"; ma=86400`])
      expect(found.echo).toMatchObject({ backend: 'a', host: 'www.example.com', headers: { 'x-forwarded-proto': 'https' } })
    }, 15_000)
    // Plain HTTP knows nothing of it.
    expect((await world.ask({ host: 'www.example.com' })).headers['alt-svc']).toBeUndefined()
  })

  // Whoever records such a request can send it again.
  it('takes no request before the handshake is done', async () => {
    await world.write(ROUTE, gateway('gw', LISTENERS), clientPolicy('http3: {}'))
    await eventually(async () => expect((await overHttp3('www.example.com')).status).toBe(200), 15_000)
    for (let at = 0; at < 5; at++) expect((await overHttp3('www.example.com')).status).toBe(200)
    expect(await client?.earlyRequests()).toBe(0)
  }, 60_000)

  it('goes on with no session where a policy lets none go on', async () => {
    await world.write(ROUTE, gateway('gw', LISTENERS), clientPolicy('http3: {}, tls: {session: {}}'))
    await eventually(async () => expect((await overHttp3('www.example.com')).status).toBe(200), 15_000)
    const listeners = await askProxy(world, '/config_dump?resource=dynamic_listeners')
    const sockets = [...listeners.matchAll(/quic\.v3\.QuicDownstreamTransport"[\s\S]*?enable_early_data": false/g)].map(([text]) => text)
    // How many chains a listener has depends on how routes are packed.
    expect(sockets).not.toEqual([])
    expect(sockets.filter((text) => !text.includes('"disable_stateless_session_resumption": true'))).toEqual([])
  }, 60_000)

  it('is under the same policies', async () => {
    const rules = 'authorization: {rules: [{action: Allow, principal: {clientCIDRs: [10.0.0.0/8]}}]}'
    await world.write(ROUTE, gateway('gw', LISTENERS), clientPolicy('http3: {}'), securityPolicy(`${ABOUT_ROUTE}, ${rules}`, 's'))
    await eventually(async () => expect((await overHttp3('www.example.com')).status).toBe(403), 15_000)
    expect((await overHttp3('www.example.com', { 'x-forwarded-for': '10.1.1.1' })).status).toBe(403)
  }, 60_000)

  it('is not spoken where nobody could be asked for a certificate, by whichever name', async () => {
    const validation = 'tls: {clientValidation: {caCertificateRefs: [{kind: ConfigMap, name: clients}]}}'
    await world.write(ROUTE, gateway('gw', LISTENERS), clientPolicy('http3: {}'), clientPolicy(validation, about('strict'), 'strict'))
    await eventually(async () => expect((await overHttp3('www.example.com')).status).toBe(200), 15_000)
    expect(world.conditions('ClientTrafficPolicy/default/p')).toContain('PartiallyInvalid=True/UnsupportedValue')
    // The name in the handshake is that of the wider listener, which does not serve hosts of the other.
    expect((await overHttp3('strict.example.com')).status).not.toBe(200)
  }, 60_000)

  it('goes with the policy', async () => {
    await world.write(ROUTE, gateway('gw', LISTENERS))
    await eventually(async () => expect((await overHttp3('www.example.com')).status).toBe(503), 15_000)
    const { address, port } = place()
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: address, port }, () => {
        socket.destroy()
        resolve()
      })
      socket.on('error', reject)
    })
  }, 60_000)
})
