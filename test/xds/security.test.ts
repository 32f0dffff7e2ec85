/** Who gets in, over real TLS. */

import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type SecureVersion } from 'node:tls'
import { credentials, ServerCredentials, status } from '@grpc/grpc-js'
import { describe, expect, it } from '@jest/globals'
import { authoritySecret, certificateSecret } from '../../envoy/xds-secrets.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import { AdsServer, PlaintextError } from '../../src/xds/server/ads-server.js'
import { type Authenticator, allowEveryone, type Identity } from '../../src/xds/server/authentication.js'
import {
  byCertificate,
  certificateOrToken,
  groupUri,
  TokenAuthenticator,
  type TokenReviewer,
} from '../../src/xds/server/client-identity.js'
import type { ServerClock } from '../../src/xds/server/clock.js'
import { CertificateRotation } from '../../src/xds/server/tls/certificate-rotation.js'
import { type CertificatePair, createAuthority, issueCertificate } from '../../src/xds/server/tls/certificates.js'
import { TlsServerCredentials } from '../../src/xds/server/tls/tls-credentials.js'
import { SnapshotCache } from '../../src/xds/snapshot-cache.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { send } from '../support/http-client.js'
import { httpListener, routeTable, toAnswer } from './support/envoy-resources.js'
import { type Fixture, GROUP, serve } from './support/fixture.js'
import { startEnvoy } from './support/real-envoy.js'
import { cluster } from './support/resources.js'

const CDS = TYPE_URL.cluster
const HOUR_MS = 3_600_000
const authority = createAuthority('test authority', new Date(), HOUR_MS)

const serverPair = (by: CertificatePair = authority) =>
  issueCertificate(
    by,
    { commonName: 'server', dnsNames: ['localhost'], addresses: ['127.0.0.1'], usage: 'server', lifetimeMs: HOUR_MS },
    new Date(),
  )

const clientPair = (group: string, by: CertificatePair = authority, lifetimeMs: number = HOUR_MS) =>
  issueCertificate(by, { commonName: 'proxy', uris: [groupUri(group)], usage: 'client', lifetimeMs }, new Date())

const channel = (client?: CertificatePair, ca: string = authority.certificate) =>
  client === undefined
    ? credentials.createSsl(Buffer.from(ca))
    : credentials.createSsl(Buffer.from(ca), Buffer.from(client.privateKey), Buffer.from(client.certificate))

function serveTls(
  authenticator: Authenticator,
  tls: TlsServerCredentials = new TlsServerCredentials({ server: serverPair(), authorities: [authority.certificate] }),
): Promise<Fixture> {
  return serve([cluster('a')], { authenticator, credentials: tls })
}

/** The TLS version that was agreed on, or the error. */
function handshake(port: number, maxVersion: SecureVersion): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(
      { host: '127.0.0.1', port, ca: authority.certificate, maxVersion, minVersion: 'TLSv1.2', ALPNProtocols: ['h2'] },
      () => {
        resolve(socket.getProtocol() ?? 'none')
        socket.destroy()
      },
    )
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

describe('TLS', () => {
  it('ends connections in the middle of their handshake when it closes: nothing keeps the program from ending', async () => {
    await using fixture = await serveTls(byCertificate)
    const socket = createConnection({ host: '127.0.0.1', port: fixture.port })
    const ended = once(socket, 'close')
    await once(socket, 'connect')
    // Until it has been taken, and let in.
    await handshake(fixture.port, 'TLSv1.3')
    socket.on('error', () => undefined).resume()
    await fixture.server.close()
    await ended
  })

  it('ends connections whose handshake does not come', async () => {
    const tls = new TlsServerCredentials({ server: serverPair(), authorities: [authority.certificate] }, 200)
    await using fixture = await serveTls(byCertificate, tls)
    const socket = createConnection({ host: '127.0.0.1', port: fixture.port })
    socket.on('error', () => undefined).resume()
    await once(socket, 'close')
    expect(await handshake(fixture.port, 'TLSv1.3')).toBe('TLSv1.3')
  })

  it('speaks 1.3 and refuses 1.2, before and after a rotation', async () => {
    const tls = new TlsServerCredentials({ server: serverPair(), authorities: [authority.certificate] })
    await using fixture = await serveTls(byCertificate, tls)
    expect(await handshake(fixture.port, 'TLSv1.3')).toBe('TLSv1.3')
    expect(await handshake(fixture.port, 'TLSv1.2')).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
    tls.rotate({ server: serverPair(), authorities: [authority.certificate] })
    expect(await handshake(fixture.port, 'TLSv1.3')).toBe('TLSv1.3')
    expect(await handshake(fixture.port, 'TLSv1.2')).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
  })

  it('streams stay up over a rotation, and new ones see the new certificate and authority', async () => {
    const next = createAuthority('next authority', new Date(), HOUR_MS)
    const tls = new TlsServerCredentials({ server: serverPair(), authorities: [authority.certificate] })
    await using fixture = await serveTls(byCertificate, tls)
    const old = fixture.delta({ credentials: channel(clientPair(GROUP)) })
    old.send(CDS)
    await old.accept()
    tls.rotate({ server: serverPair(next), authorities: [next.certificate, authority.certificate] })
    fixture.apply(cluster('b'))
    expect((await old.accept()).resources.map(({ name }) => name)).toEqual(['b'])
    const fresh = fixture.delta({ credentials: channel(clientPair(GROUP), next.certificate) })
    fresh.send(CDS)
    expect((await fresh.accept()).resources).toHaveLength(2)
    const distrustful = fixture.delta({ credentials: channel(clientPair(GROUP)) })
    distrustful.send(CDS)
    expect(await distrustful.failure()).toMatchObject({ code: status.UNAVAILABLE })
  })

  it('renews the certificate of the server by itself', async () => {
    const alarms: { at: number; callback: () => void }[] = []
    let now = Date.now()
    const clock: ServerClock = {
      now: () => now,
      wallTime: () => new Date(now),
      after: (milliseconds, callback) => {
        alarms.push({ at: now + milliseconds, callback })
        return () => {}
      },
    }
    const rotation = new CertificateRotation([authority], { dnsNames: [], addresses: ['127.0.0.1'] }, clock, 6 * 60_000)
    await using fixture = await serveTls(byCertificate, rotation.credentials)
    const before = await serialOf(fixture.port)
    const alarm = alarms[0]
    expect(alarm?.at).toBeLessThan(now + 6 * 60_000)
    now += 3 * 60_000
    alarm?.callback()
    expect(await serialOf(fixture.port)).not.toBe(before)
    await eventually(() => expect(alarms).toHaveLength(2))
    rotation.stop()
  })

  it('plaintext is refused on anything but loopback', async () => {
    await using fixture = await serve()
    const plain = new AdsServer({
      cache: new SnapshotCache(),
      authenticator: allowEveryone(GROUP),
      credentials: ServerCredentials.createInsecure(),
    })
    await expect(plain.listen('0.0.0.0', 0)).rejects.toThrow(PlaintextError)
    await expect(plain.listen('::', 0)).rejects.toThrow(PlaintextError)
    await plain.close()
    expect(fixture.port).toBeGreaterThan(0)
  })
})

describe('client certificates', () => {
  it('let their group in, whatever the node says', async () => {
    await using fixture = await serveTls(byCertificate)
    fixture.cache.apply('other', [{ typeUrl: CDS, name: 'theirs', resource: cluster('theirs') }])
    const stream = fixture.delta({ credentials: channel(clientPair(GROUP)), node: { cluster: 'other' } })
    stream.send(CDS)
    expect((await stream.accept()).resources.map(({ name }) => name)).toEqual(['a'])
    expect(fixture.server.tracker.proxies(Date.now())).toMatchObject([{ group: GROUP, subject: 'certificate "proxy"' }])
  })

  it.each([
    { client: 'without a certificate', pair: () => undefined },
    { client: 'with one of another authority', pair: () => clientPair(GROUP, createAuthority('foreign', new Date(), HOUR_MS)) },
    {
      client: 'with one of a foreign authority that has our name',
      pair: () => clientPair(GROUP, createAuthority('test authority', new Date(), HOUR_MS)),
    },
    { client: 'with an expired one', pair: () => clientPair(GROUP, authority, -1_000) },
    {
      client: 'with one that names no group',
      pair: () => issueCertificate(authority, { commonName: 'x', usage: 'client', lifetimeMs: HOUR_MS }, new Date()),
    },
    {
      client: 'with one that was made for servers',
      pair: () =>
        issueCertificate(authority, { commonName: 'x', uris: [groupUri(GROUP)], usage: 'server', lifetimeMs: HOUR_MS }, new Date()),
    },
  ])('a client $client is refused', async ({ pair }) => {
    await using fixture = await serveTls(byCertificate)
    const stream = fixture.delta({ credentials: channel(pair()) })
    stream.send(CDS)
    expect(await stream.failure()).toMatchObject({ code: status.UNAUTHENTICATED })
    expect(stream.inbox).toEqual([])
  })

  it('with several groups the node chooses one of them and nothing else', async () => {
    await using fixture = await serveTls(byCertificate)
    fixture.cache.apply('b', [{ typeUrl: CDS, name: 'of-b', resource: cluster('of-b') }])
    const pair = issueCertificate(
      authority,
      { commonName: 'merged', uris: [groupUri('b'), groupUri('c')], usage: 'client', lifetimeMs: HOUR_MS },
      new Date(),
    )
    const stream = fixture.delta({ credentials: channel(pair), node: { cluster: 'b' } })
    stream.send(CDS)
    expect((await stream.accept()).resources.map(({ name }) => name)).toEqual(['of-b'])
    const greedy = fixture.delta({ credentials: channel(pair), node: { cluster: GROUP } })
    greedy.send(CDS)
    expect(await greedy.failure()).toMatchObject({ code: status.PERMISSION_DENIED })
  })

  it('a real Envoy gets in with its certificate', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-tls-'))
    try {
      const file = async (name: string, text: string) => {
        await writeFile(join(folder, name), text)
        await chmod(join(folder, name), 0o600)
        return join(folder, name)
      }
      const { certificate, privateKey } = clientPair(GROUP)
      const port = await freePort()
      await using fixture = await serveTls(byCertificate)
      fixture.apply(httpListener('edge', port, 'edge'), routeTable('edge', [toAnswer('secure')]))
      await using envoy = await startEnvoy({
        xds: {
          port: fixture.port,
          tls: {
            authoritySecretFile: await file('authority.json', authoritySecret(await file('ca.pem', authority.certificate))),
            serverName: 'localhost',
            certificateSecretFile: await file(
              'certificate.json',
              certificateSecret(await file('client.pem', certificate), await file('client.key', privateKey)),
            ),
          },
        },
      })
      await eventually(
        async () => expect(await send({ address: '127.0.0.1', port })).toMatchObject({ status: 200, body: 'secure' }),
        20_000,
      )
      expect(await envoy.stat('control_plane.connected_state')).toBe(1)
    } finally {
      await rm(folder, { recursive: true })
    }
  }, 60_000)
})

describe('tokens', () => {
  const reviewer = (answer: (token: string) => Identity | undefined | Error): TokenReviewer & { asked: string[] } => {
    const asked: string[] = []
    return {
      asked,
      async review(token) {
        asked.push(token)
        const result = answer(token)
        if (result instanceof Error) throw result
        return result
      },
    }
  }
  const good: Identity = { subject: 'system:serviceaccount:default:edge', groups: [GROUP] }
  const expiring = (inSeconds: number) => `h.${Buffer.from(JSON.stringify({ exp: Date.now() / 1000 + inSeconds })).toString('base64url')}.s`
  const standing: ServerClock = { now: () => Date.now(), wallTime: () => new Date(), after: () => () => {} }

  it('a good token lets its group in; it is reviewed once', async () => {
    const review = reviewer((token) => (token === 'good' ? good : undefined))
    await using fixture = await serveTls(certificateOrToken(new TokenAuthenticator(review, standing)))
    for (let round = 0; round < 2; round++) {
      const stream = fixture.delta({ credentials: channel(), metadata: { authorization: 'Bearer good' } })
      stream.send(CDS)
      expect((await stream.accept()).resources).toHaveLength(1)
    }
    expect(review.asked).toEqual(['good'])
  })

  it.each([
    { what: 'a bad token', metadata: { authorization: 'Bearer bad' }, details: 'the token is not valid for this control plane' },
    { what: 'no token', metadata: undefined, details: 'a ServiceAccount token or a client certificate is needed' },
    {
      what: 'another scheme',
      metadata: { authorization: 'Basic bad' },
      details: 'a ServiceAccount token or a client certificate is needed',
    },
    {
      what: 'a token that cannot be reviewed',
      metadata: { authorization: 'Bearer later' },
      details: 'the token cannot be checked now: API is away',
    },
  ])('is refused: $what', async ({ metadata, details }) => {
    const review = reviewer((token) => (token === 'later' ? new Error('API is away') : undefined))
    await using fixture = await serveTls(certificateOrToken(new TokenAuthenticator(review, standing)))
    const stream = fixture.delta({ credentials: channel(), ...(metadata === undefined ? {} : { metadata }) })
    stream.send(CDS)
    expect(await stream.failure()).toMatchObject({ code: status.UNAUTHENTICATED, details })
  })

  it('an answer is forgotten when the token ends, a bad one soon, and a failure at once', async () => {
    let now = Date.now()
    const clock: ServerClock = { now: () => now, wallTime: () => new Date(now), after: () => () => {} }
    const token = expiring(20)
    const review = reviewer((seen) => (seen === token ? good : seen === 'later' ? new Error('away') : undefined))
    const authenticator = new TokenAuthenticator(review, clock)
    const ask = (seen: string) => authenticator.authenticate({ token: seen, certificate: undefined, peer: '' }).catch(() => undefined)
    await ask(token)
    await ask('bad')
    await ask('later')
    now += 5_000
    await ask(token)
    await ask('bad')
    await ask('later')
    expect(review.asked).toEqual([token, 'bad', 'later', 'later'])
    now += 20_000
    await ask(token)
    await ask('bad')
    expect(review.asked.slice(4)).toEqual([token, 'bad'])
  })

  it('many streams with one token ask once', async () => {
    const review = reviewer(() => good)
    const authenticator = new TokenAuthenticator(review, standing)
    await Promise.all(Array.from({ length: 50 }, () => authenticator.authenticate({ token: 't', certificate: undefined, peer: '' })))
    expect(review.asked).toEqual(['t'])
  })
})

function serialOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate, ALPNProtocols: ['h2'] }, () => {
      resolve(socket.getPeerCertificate().serialNumber)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}
