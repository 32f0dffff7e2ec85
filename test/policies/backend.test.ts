/** Backend through the real Envoy: where requests go, and how TLS is spoken there. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { httpRoute, to } from '../features/manifests.js'
import { authorities, secret } from '../features/tls-manifests.js'
import { answerers, featureWorld } from '../features/world.js'
import { createAuthority, type PemPair, type TestAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { startBackend } from '../support/http-backend.js'
import { policyField } from './coverage/policy-field.js'

/** The authority that the system of the Envoy trusts. */
let system: TestAuthority
const folder = mkdtemp(join(tmpdir(), 'headgate-system-'))
const world = featureWorld(['first', 'second'], undefined, async () => {
  system = await createAuthority('system')
  const systemAuthorities = join(await folder, 'ca.pem')
  await writeFile(systemAuthorities, system.certificate)
  return { systemAuthorities }
})
afterAll(async () => rm(await folder, { recursive: true, force: true }))
const ROUTE = httpRoute('r', `[{${to('b')}}]`)
const backend = (spec: string) => `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: b}
spec: {${spec}}
`
const ip = (port: number, rest = '') => `{ip: {address: 127.0.0.1, port: ${port}}${rest}}`

describe('endpoints', () => {
  policyField(
    ['Backend endpoints.ip.{address,port}', 'Backend endpoints.priority'],
    'the next priority serves when the first is gone',
    async () => {
      const [first, second] = [world.backend('first').port, world.backend('second').port]
      await world.write(ROUTE, backend(`endpoints: [${ip(first)}, ${ip(second, ', priority: 1')}]`))
      for (let at = 0; at < 10; at++) expect(await world.answerer()).toBe('first')
      const passive = `
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: headgate.dev, kind: Backend, name: b}]
  healthCheck: {panicThreshold: 0, passive: {consecutive5XxErrors: 1, baseEjectionTime: 300s, maxEjectionPercent: 100, interval: 1s}}
`
      await world.write(ROUTE, backend(`endpoints: [${ip(1)}, ${ip(second, ', priority: 1')}]`), passive)
      await eventually(async () => expect(await world.answerer()).toBe('second'), 20_000)
    },
  )

  it('the next priority serves when a DNS name leads nowhere', async () => {
    const dns = (port: number, more = '') => `{fqdn: {hostname: localhost, port: ${port}}${more}}`
    const passive = `
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: headgate.dev, kind: Backend, name: b}]
  healthCheck: {panicThreshold: 0, passive: {consecutive5XxErrors: 1, baseEjectionTime: 300s, maxEjectionPercent: 100, interval: 1s}}
`
    const [first, second] = [world.backend('first').port, world.backend('second').port]
    await world.write(ROUTE, backend(`endpoints: [${dns(second, ', priority: 7')}, ${dns(first, ', priority: 2')}]`), passive)
    await eventually(async () => expect(await world.answerer()).toBe('first'), 20_000)
    for (let at = 0; at < 10; at++) expect(await world.answerer()).toBe('first')
    await world.write(ROUTE, backend(`endpoints: [${dns(second, ', priority: 7')}, ${dns(1, ', priority: 2')}]`), passive)
    await eventually(async () => expect(await world.answerer()).toBe('second'), 20_000)
  }, 60_000)

  policyField(['Backend endpoints.fqdn.{hostname,port}'], 'a DNS name is looked up', async () => {
    await world.write(ROUTE, backend(`endpoints: [{fqdn: {hostname: localhost, port: ${world.backend('first').port}}}]`))
    await eventually(async () => expect(await world.answerer()).toBe('first'), 20_000)
  })
})

describe('endpoints and protocols', () => {
  policyField(['Backend endpoints.weight'], 'the share of an endpoint is its weight', async () => {
    const endpoints = `endpoints: [${ip(world.backend('first').port, ', weight: 9')}, ${ip(world.backend('second').port)}]`
    const evenly = `
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: p}
spec: {targetRefs: [{group: headgate.dev, kind: Backend, name: b}], loadBalancer: {type: RoundRobin}}
`
    await world.write(ROUTE, backend(endpoints), evenly)
    const found = await answerers(200, () => world.answerer())
    // 180 and 20 are expected; worker threads begin their rounds anywhere.
    expect(found.get('first') ?? 0).toBeGreaterThan(150)
    expect(found.get('second') ?? 0).toBeGreaterThan(0)
  })

  policyField(['Backend endpoints.unix.path'], 'a Unix socket is reached', async () => {
    const socketFolder = await mkdtemp(join(tmpdir(), 'headgate-socket-'))
    const path = join(socketFolder, 's')
    const server = createHttpServer((_request, response) => response.end('over a socket'))
    await new Promise<void>((resolve) => server.listen(path, resolve))
    await world.write(ROUTE, backend(`endpoints: [{unix: {path: ${path}}}]`))
    expect((await world.ask()).body).toBe('over a socket')
    await new Promise((resolve) => server.close(resolve))
    await rm(socketFolder, { recursive: true, force: true })
  })

  it.each([
    { how: 'as it is', spell: (path: string) => path },
    { how: 'over another name of its folder', spell: (path: string) => `/proc/self/root${path}` },
    { how: 'in a long way', spell: (path: string) => path.replace(/[^/]*$/, './/$&') },
    { how: 'and something that the system does not see', spell: (path: string) => `${path}\\0x` },
  ])('the admin interface of the Envoy is not reached by its path, $how', async ({ spell }) => {
    const state = world.headgate.running.localEnvoy()
    if (state?.kind !== 'running') throw new Error('no Envoy is running')
    await world.write(ROUTE, backend(`endpoints: [{unix: {path: "${spell(state.adminSocketPath)}"}}]`))
    expect(await world.ask({ path: '/server_info' })).toMatchObject({ status: 500, body: expect.not.stringContaining('version') })
  })

  policyField(['Backend appProtocols'], 'the protocol is the one that is named', async () => {
    const h2 = await startBackend('h2', { kind: 'h2c' })
    await world.write(ROUTE, backend(`endpoints: [${ip(h2.port)}], appProtocols: [kubernetes.io/h2c]`))
    expect((await world.ask()).echo).toMatchObject({ backend: 'h2', httpVersion: '2.0' })
    await h2.close()
  })
})

describe('tls', () => {
  let authority: TestAuthority
  let clients: TestAuthority
  let pair: PemPair
  const servers: Server[] = []
  beforeAll(async () => {
    authority = await createAuthority('servers')
    clients = await createAuthority('clients')
    pair = await authority.issue({ dns: ['inner.example.com'] })
  })
  afterAll(() => {
    for (const server of servers) server.close()
  })

  /** A server that answers with what the handshake came to. */
  async function listen(options: TlsOptions = {}): Promise<number> {
    const server = createServer(
      { cert: pair.certificate, key: pair.privateKey, ALPNProtocols: ['http/1.1'], ...options },
      (socket: TLSSocket) => {
        socket.on('error', () => {})
        socket.once('data', () => {
          const { name } = socket.getCipher()
          const about = {
            version: socket.getProtocol(),
            cipher: name,
            alpn: socket.alpnProtocol,
            sni: (socket as { servername?: string }).servername,
          }
          const body = JSON.stringify(about)
          socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
        })
      },
    )
    server.on('tlsClientError', () => {})
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  async function spoken(port: number, tls: string, ...objects: readonly string[]): Promise<Readonly<Record<string, unknown>> | number> {
    await world.write(ROUTE, backend(`endpoints: [${ip(port)}], tls: {${tls}}`), ...objects)
    const { status, body } = await world.ask()
    return status === 200 ? JSON.parse(body) : status
  }

  policyField(
    ['Backend tls.{caCertificateRefs,hostname,insecureSkipVerify}'],
    'the certificate must be of an authority and carry the name, unless it is told to take any',
    async () => {
      const port = await listen()
      const trusts = (hostname: string) => `hostname: ${hostname}, caCertificateRefs: [{group: "", kind: ConfigMap, name: servers}]`
      const known = authorities('servers', authority.certificate)
      expect(await spoken(port, trusts('inner.example.com'), known)).toMatchObject({ sni: 'inner.example.com' })
      expect(await spoken(port, trusts('other.example.com'), known)).toBe(503)
      expect(await spoken(port, trusts('inner.example.com'), authorities('servers', clients.certificate))).toBe(503)
      expect(await spoken(port, 'hostname: other.example.com, insecureSkipVerify: true')).toMatchObject({ sni: 'other.example.com' })
    },
  )

  policyField(
    ['Backend endpoints.fqdn.hostname', 'Backend tls.hostname'],
    'an endpoint with a DNS name is asked for by it, and must show a certificate for it',
    async () => {
      const about = async (names: readonly string[]): Promise<number> => {
        const named = await authority.issue({ dns: names })
        return listen({ cert: named.certificate, key: named.privateKey })
      }
      const known = authorities('servers', authority.certificate)
      const trusts = 'caCertificateRefs: [{group: "", kind: ConfigMap, name: servers}]'
      const at = (port: number, more = '') => backend(`endpoints: [{fqdn: {hostname: localhost, port: ${port}}}], tls: {${trusts}${more}}`)
      const mine = await about(['localhost'])
      const sni = async () => {
        const { status, body } = await world.ask()
        return status === 200 ? JSON.parse(body).sni : status
      }
      await world.write(ROUTE, known, at(mine))
      await eventually(async () => expect(await sni()).toBe('localhost'), 20_000)
      const another = await about(['other.example.com'])
      await world.write(ROUTE, known, at(another, ', hostname: other.example.com'))
      await eventually(async () => expect(await sni()).toBe('other.example.com'), 20_000)
      await world.write(ROUTE, known, at(another))
      await eventually(async () => expect(await sni()).toBe(503), 20_000)
    },
  )

  policyField(['Backend endpoints.hostname'], 'an endpoint with a hostname is asked for by it', async () => {
    const port = await listen()
    const known = authorities('servers', authority.certificate)
    const named = (hostname: string) =>
      backend(
        `endpoints: [${ip(port, `, hostname: ${hostname}`)}], tls: {caCertificateRefs: [{group: "", kind: ConfigMap, name: servers}]}`,
      )
    await world.write(ROUTE, known, named('inner.example.com'))
    expect(JSON.parse((await world.ask()).body)).toMatchObject({ sni: 'inner.example.com' })
    await world.write(ROUTE, known, named('other.example.com'))
    expect((await world.ask()).status).toBe(503)
  })

  policyField(
    ['Backend endpoints.hostname', 'Backend endpoints.fqdn.hostname', 'Backend tls.subjectAltNames'],
    'each of several endpoints is asked for by its own name, and must show a certificate for it',
    async () => {
      const about = async (...names: readonly string[]): Promise<number> => {
        const named = await authority.issue({ dns: names })
        return listen({ cert: named.certificate, key: named.privateKey })
      }
      const known = authorities('servers', authority.certificate)
      const trusts = 'caCertificateRefs: [{group: "", kind: ConfigMap, name: servers}]'
      const once = `
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: p}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}], loadBalancer: {type: RoundRobin}, retry: {numRetries: 0}}
`
      const places = (one: number, two: number) =>
        `endpoints: [${ip(one, ', hostname: one.example.com')}, ${ip(two, ', hostname: two.example.com')}], tls: {${trusts}`
      const found = async () => {
        const all = new Set<string | number>()
        for (let at = 0; at < 24; at++) {
          const { status, body } = await world.ask()
          all.add(status === 200 ? JSON.parse(body).sni : status)
        }
        return [...all].sort()
      }
      const one = await about('one.example.com')
      await world.write(ROUTE, known, once, backend(`${places(one, await about('two.example.com'))}}`))
      expect(await found()).toEqual(['one.example.com', 'two.example.com'])
      await world.write(ROUTE, known, once, backend(`${places(one, await about('one.example.com'))}}`))
      expect(await found()).toEqual([503, 'one.example.com'])
      const both = await about('any.example.com')
      const names = ', subjectAltNames: [{type: Hostname, hostname: any.example.com}]'
      await world.write(ROUTE, known, once, backend(`${places(both, await about('any.example.com'))}${names}}`))
      expect(await found()).toEqual(['one.example.com', 'two.example.com'])
      const dns = (port: number, name: string) => `{fqdn: {hostname: localhost, port: ${port}}, hostname: ${name}}`
      const looked = [dns(one, 'one.example.com'), dns(await about('two.example.com'), 'two.example.com')]
      await world.write(ROUTE, known, once, backend(`endpoints: [${looked.join()}], tls: {${trusts}}`))
      await eventually(async () => expect(await found()).toEqual(['one.example.com', 'two.example.com']), 20_000)
    },
  )

  policyField(['Backend tls.wellKnownCACertificates'], 'the certificate must be of an authority that the system trusts', async () => {
    const trusts = 'hostname: inner.example.com, wellKnownCACertificates: System'
    const good = await system.issue({ dns: ['inner.example.com'] })
    const port = await listen({ cert: good.certificate, key: good.privateKey })
    expect(await spoken(port, trusts)).toMatchObject({ sni: 'inner.example.com' })
    const other = await system.issue({ dns: ['other.example.com'] })
    expect(await spoken(await listen({ cert: other.certificate, key: other.privateKey }), trusts)).toBe(503)
    expect(await spoken(await listen(), trusts)).toBe(503)
  })

  policyField(['Backend tls.clientCertificateRef'], 'shows a certificate', async () => {
    const port = await listen({ ca: clients.certificate, requestCert: true, rejectUnauthorized: true })
    expect(await spoken(port, 'insecureSkipVerify: true')).toBe(503)
    const shown = secret('shown', await clients.issue({ dns: ['gateway.example.com'] }))
    await eventually(async () => {
      expect(await spoken(port, 'insecureSkipVerify: true, clientCertificateRef: {name: shown}', shown)).toMatchObject({
        version: 'TLSv1.3',
      })
    }, 20_000)
  })

  policyField(
    ['Backend tls.{minVersion,maxVersion,ciphers,ecdhCurves,signatureAlgorithms,alpnProtocols}'],
    'versions, algorithms and protocols are those that are asked for',
    async () => {
      const any = 'insecureSkipVerify: true'
      const port = await listen()
      expect(await spoken(port, any)).toMatchObject({ version: 'TLSv1.3', alpn: 'http/1.1' })
      expect(await spoken(port, `${any}, maxVersion: "1.2"`)).toMatchObject({ version: 'TLSv1.2' })
      expect(await spoken(port, `${any}, minVersion: "1.3"`)).toMatchObject({ version: 'TLSv1.3' })
      expect(await spoken(await listen({ minVersion: 'TLSv1.3' }), any)).toMatchObject({ version: 'TLSv1.3' })
      const old = await listen({ maxVersion: 'TLSv1.2' })
      expect(await spoken(old, any)).toMatchObject({ version: 'TLSv1.2' })
      expect(await spoken(old, `${any}, minVersion: "1.3"`)).toBe(503)
      const cipher = 'ECDHE-ECDSA-AES256-GCM-SHA384'
      expect(await spoken(port, `${any}, maxVersion: "1.2", ciphers: [${cipher}]`)).toMatchObject({ cipher })
      const curve = await listen({ ecdhCurve: 'P-384' })
      expect(await spoken(curve, `${any}, minVersion: "1.3", ecdhCurves: [X25519]`)).toBe(503)
      expect(await spoken(curve, `${any}, minVersion: "1.3", ecdhCurves: [P-384]`)).toMatchObject({ version: 'TLSv1.3' })
      expect(await spoken(port, `${any}, signatureAlgorithms: [rsa_pss_rsae_sha512]`)).toBe(503)
      expect(await spoken(port, `${any}, signatureAlgorithms: [ecdsa_secp256r1_sha256]`)).toMatchObject({ version: 'TLSv1.3' })
      const strange = await listen({ ALPNProtocols: ['http/1.0'] })
      expect(await spoken(strange, `${any}, alpnProtocols: [http/1.0]`)).toMatchObject({ alpn: 'http/1.0' })
      expect(await spoken(port, `${any}, alpnProtocols: [http/1.0]`)).toBe(503)
    },
  )
})
