/** Certificates of clients, through the real Envoy: who gets in, what backends are told, and what attackers get. */
import { createHash, X509Certificate } from 'node:crypto'
import { connect as connectHttp2 } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { connect } from 'node:tls'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { gateway, httpRoute, namespace, to } from '../features/manifests.js'
import { authorities, https, secret } from '../features/tls-manifests.js'
import { featureWorld } from '../features/world.js'
import { createAuthority, type PemPair, type TestAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { about, clientPolicy } from './client-manifests.js'
import { policyField } from './coverage/policy-field.js'

const DAY_MS = 24 * 60 * 60 * 1000

let servers: TestAuthority
let clients: TestAuthority
let strangers: TestAuthority
/** Certificates of clients, by what is special about them. */
const pairs: Record<string, PemPair> = {}

const LISTENERS = `[${[
  https('strict', 'strict.example.com'),
  https('open', 'open.example.com'),
  https('wide', '*.example.com'),
  https('other', undefined, 9443),
].join()}]`

const world = featureWorld(['a'], async () => {
  servers = await createAuthority('servers')
  clients = await createAuthority('clients')
  strangers = await createAuthority('strangers')
  pairs.good = await clients.issue({
    dns: ['good.clients.example'],
    uris: ['spiffe://clients/good'],
    ips: ['10.1.2.3'],
    emails: ['good@clients.example'],
    userNames: ['good@clients'],
  })
  pairs.other = await clients.issue({
    dns: ['other.example'],
    uris: ['spiffe://other/x'],
    ips: ['10.9.9.9'],
    emails: ['x@other.example'],
    userNames: ['x@other'],
  })
  pairs.revoked = await clients.issue({ dns: ['good.clients.example'] })
  pairs.expired = await clients.issue({
    dns: ['good.clients.example'],
    validFrom: new Date(Date.now() - 9 * DAY_MS),
    validTo: new Date(Date.now() - DAY_MS),
  })
  pairs.future = await clients.issue({ dns: ['good.clients.example'], validFrom: new Date(Date.now() + DAY_MS) })
  pairs.stranger = await strangers.issue({ dns: ['good.clients.example'], uris: ['spiffe://clients/good'] })
  const certificate = await servers.issue({ dns: ['*.example.com', 'example.com'] })
  return [
    namespace('vault'),
    secret('cert', certificate),
    authorities('clients', clients.certificate),
    authorities('vaulted', clients.certificate, 'vault'),
    secretOf('secret-clients', 'ca.crt', clients.certificate),
    secretOf('revoked', 'ca.crl', await clients.revoke(pairs.revoked)),
    `{apiVersion: v1, kind: ConfigMap, metadata: {name: revoked-map}, data: {ca.crl: ${JSON.stringify(await clients.revoke(pairs.revoked))}}}\n`,
    secretOf('no-list', 'ca.crl', 'nothing'),
  ].join('---\n')
})

beforeAll(() => expect(Object.keys(pairs)).toHaveLength(6))

function secretOf(name: string, key: string, text: string): string {
  return `{apiVersion: v1, kind: Secret, metadata: {name: ${name}}, data: {${key}: ${Buffer.from(text).toString('base64')}}}\n`
}

const ROUTE = httpRoute('r', `[{${to('a')}}]`)
const CLIENTS = 'caCertificateRefs: [{kind: ConfigMap, name: clients}]'
const validation = (fields: string): string => `tls: {clientValidation: {${fields}}}`

const GATEWAY = gateway('gw', LISTENERS)

function use(spec: string, target = about('strict'), ...more: readonly string[]): Promise<void> {
  return world.write(
    ROUTE,
    clientPolicy(spec, target),
    ...(more.some((each) => each.includes('kind: Gateway\n')) ? [] : [GATEWAY]),
    ...more,
  )
}

/** Who answers a client with a certificate; `closed` when nobody does. */
function answer(pair: PemPair | undefined, host = 'strict.example.com', port = 443): Promise<string | number> {
  return world.answerer({ host, port, tls: { ca: servers.certificate, ...pair } })
}

/** Who answers each certificate, and a client without any. */
async function answers(names: readonly string[], host?: string): Promise<Readonly<Record<string, string | number>>> {
  const found = await Promise.all(names.map(async (name) => [name, await answer(pairs[name], host)] as const))
  return Object.fromEntries(found)
}

const spki = ({ certificate }: PemPair): string =>
  createHash('sha256')
    .update(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')
const fingerprint = ({ certificate }: PemPair): string => new X509Certificate(certificate).fingerprint256

describe('tls.clientValidation', () => {
  policyField(['ClientTrafficPolicy tls.clientValidation.mode'], 'asks for certificates, wants them, checks them', async () => {
    const rows = [
      { mode: 'Request', want: { none: 'a', good: 'a', stranger: 'a', expired: 'a' } },
      { mode: 'RequireAny', want: { none: 'closed', good: 'a', stranger: 'a', expired: 'a' } },
      { mode: `VerifyIfGiven, ${CLIENTS}`, want: { none: 'a', good: 'a', stranger: 'closed', expired: 'closed' } },
      { mode: `RequireAndVerify, ${CLIENTS}`, want: { none: 'closed', good: 'a', stranger: 'closed', expired: 'closed' } },
    ]
    for (const { mode, want } of rows) {
      await use(validation(`mode: ${mode}`))
      await eventually(async () => expect([mode, await answers(Object.keys(want))]).toEqual([mode, want]))
      expect(await answer(undefined, 'open.example.com')).toBe('a')
    }
  })

  policyField(
    ['ClientTrafficPolicy tls.clientValidation.caCertificateRefs'],
    'takes authorities from ConfigMaps and Secrets, across namespaces by grant',
    async () => {
      const grant = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: for-policies, namespace: vault}
spec: {from: [{group: headgate.dev, kind: ClientTrafficPolicy, namespace: default}], to: [{group: '', kind: ConfigMap}]}
`
      const ours = { none: 'closed', good: 'a', stranger: 'closed' }
      const nobody = { none: 'closed', good: 'closed', stranger: 'closed' }
      const rows = [
        { refs: '{kind: ConfigMap, name: clients}', want: ours, condition: 'Accepted=True/Accepted' },
        { refs: '{name: secret-clients}', want: ours, condition: 'Accepted=True/Accepted' },
        { refs: '{kind: ConfigMap, name: vaulted, namespace: vault}', more: grant, want: ours, condition: 'Accepted=True/Accepted' },
        { refs: '{kind: ConfigMap, name: vaulted, namespace: vault}', want: nobody, condition: 'Accepted=False/Invalid' },
        { refs: '{kind: ConfigMap, name: missing}', want: nobody, condition: 'Accepted=False/Invalid' },
        { refs: '{kind: ConfigMap, name: missing}, {name: secret-clients}', want: ours, condition: 'PartiallyInvalid=True/Invalid' },
        { refs: '{kind: Pod, name: clients}', want: nobody, condition: 'Accepted=False/Invalid' },
      ]
      for (const { refs, want, condition, more } of rows) {
        await use(validation(`caCertificateRefs: [${refs}]`), about('strict'), ...(more === undefined ? [] : [more]))
        expect([refs, world.conditions('ClientTrafficPolicy/default/p')]).toEqual([refs, expect.arrayContaining([condition])])
        await eventually(async () => expect([refs, await answers(['none', 'good', 'stranger'])]).toEqual([refs, want]))
        // A listener that serves nobody keeps its host from the wider one, and takes no other along.
        expect(await answer(undefined, 'open.example.com')).toBe('a')
      }
    },
  )

  policyField(
    ['ClientTrafficPolicy tls.clientValidation.{spkiHashes,certificateHashes}'],
    'takes certificates by their hashes, with an authority or without',
    async () => {
      const good = pairs.good as PemPair
      const rows = [
        `spkiHashes: ["${spki(good)}"]`,
        `certificateHashes: ["${fingerprint(good)}"]`,
        `certificateHashes: ["${fingerprint(good).replaceAll(':', '').toLowerCase()}"], ${CLIENTS}`,
        `spkiHashes: ["${spki(good)}"], ${CLIENTS}`,
      ]
      for (const row of rows) {
        await use(validation(row))
        const want = { none: 'closed', good: 'a', other: 'closed', stranger: 'closed' }
        await eventually(async () => expect([row, await answers(Object.keys(want))]).toEqual([row, want]))
      }
    },
  )

  policyField(
    [
      'ClientTrafficPolicy tls.clientValidation.subjectAltNames.{dnsNames,emailAddresses,ipAddresses,uris}.{type,value}',
      'ClientTrafficPolicy tls.clientValidation.subjectAltNames.otherNames.{oid,type,value}',
    ],
    'takes certificates with some names',
    async () => {
      const rows = [
        'dnsNames: [{value: good.clients.example}]',
        'dnsNames: [{type: Suffix, value: .clients.example}]',
        'dnsNames: [{type: Prefix, value: good.}]',
        "dnsNames: [{type: RegularExpression, value: '[a-z]+\\.clients\\.example'}]",
        'emailAddresses: [{value: good@clients.example}]',
        'emailAddresses: [{type: Suffix, value: "@clients.example"}]',
        'ipAddresses: [{value: 10.1.2.3}]',
        'ipAddresses: [{type: Prefix, value: 10.1.}]',
        'uris: [{value: spiffe://clients/good}]',
        'uris: [{type: Prefix, value: spiffe://clients/}]',
        'otherNames: [{oid: 1.3.6.1.4.1.311.20.2.3, value: good@clients}]',
        'otherNames: [{oid: 1.3.6.1.4.1.311.20.2.3, type: Suffix, value: "@clients"}]',
      ]
      for (const row of rows) {
        await use(validation(`${CLIENTS}, subjectAltNames: {${row}}`))
        const want = { none: 'closed', good: 'a', other: 'closed', stranger: 'closed' }
        await eventually(async () => expect([row, await answers(Object.keys(want))]).toEqual([row, want]))
      }
    },
    120_000,
  )

  policyField(
    ['ClientTrafficPolicy tls.clientValidation.crl.{refs,onlyVerifyLeafCertificate}'],
    'refuses certificates that were revoked, and everybody while that is not known',
    async () => {
      const rows = [
        { crl: 'refs: [{name: revoked}]', want: { good: 'a', revoked: 'closed', none: 'closed' } },
        { crl: 'refs: [{kind: ConfigMap, name: revoked-map}], onlyVerifyLeafCertificate: true', want: { good: 'a', revoked: 'closed' } },
        { crl: 'refs: [{name: no-list}]', want: { good: 'closed', revoked: 'closed' } },
        { crl: 'refs: [{name: missing}]', want: { good: 'closed', revoked: 'closed' } },
      ]
      await use(validation(CLIENTS))
      await eventually(async () => expect(await answers(['good', 'revoked', 'none'])).toEqual({ good: 'a', revoked: 'a', none: 'closed' }))
      for (const { crl, want } of rows) {
        await use(validation(`${CLIENTS}, crl: {${crl}}`))
        await eventually(async () => expect([crl, await answers(Object.keys(want))]).toEqual([crl, want]))
      }
    },
  )

  policyField(
    ['ClientTrafficPolicy tls.clientValidation.allowExpiredCertificate'],
    'takes expired certificates where it says so',
    async () => {
      await use(validation(CLIENTS))
      await eventually(async () =>
        expect(await answers(['good', 'expired', 'none'])).toEqual({ good: 'a', expired: 'closed', none: 'closed' }),
      )
      await use(validation(`${CLIENTS}, allowExpiredCertificate: true`))
      await eventually(async () =>
        expect(await answers(['good', 'expired', 'stranger', 'none'])).toEqual({
          good: 'a',
          expired: 'a',
          stranger: 'closed',
          none: 'closed',
        }),
      )
    },
  )

  it('adds to what the Gateway says itself, and cannot open it', async () => {
    const frontend = `${GATEWAY}  tls: {frontend: {default: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: clients}]}}}}\n`
    const rows = [
      { fields: 'mode: Request', want: { none: 'closed', good: 'a', other: 'a' } },
      { fields: 'mode: VerifyIfGiven', want: { none: 'closed', good: 'a', other: 'a' } },
      { fields: 'subjectAltNames: {dnsNames: [{value: good.clients.example}]}', want: { none: 'closed', good: 'a', other: 'closed' } },
      { fields: 'crl: {refs: [{name: revoked}]}', want: { none: 'closed', good: 'a', revoked: 'closed' } },
      { fields: CLIENTS, want: { none: 'closed', good: 'closed' } },
    ]
    for (const { fields, want } of rows) {
      await use(validation(fields), about('strict'), frontend)
      await eventually(async () => expect([fields, await answers(Object.keys(want))]).toEqual([fields, want]))
    }
  }, 60_000)

  it('overrides of the Gateway cannot be weakened by a listener', async () => {
    await world.write(
      ROUTE,
      GATEWAY,
      clientPolicy(`overrides: {${validation(CLIENTS)}}`, about(), 'wide'),
      clientPolicy(validation('mode: Request'), about('strict'), 'narrow'),
    )
    await eventually(async () => expect(await answers(['none', 'good'])).toEqual({ none: 'closed', good: 'a' }))
    expect(world.conditions('ClientTrafficPolicy/default/narrow')).toContain('Overridden=True/Overridden')
  }, 60_000)
})

describe('headers.xForwardedClientCert', () => {
  const XFCC = 'x-forwarded-client-cert'
  const forged = 'By=spiffe://forged;Hash=00;URI=spiffe://forged'
  const told = async (pair: PemPair | undefined, host = 'strict.example.com'): Promise<unknown> =>
    (await world.ask({ host, port: 443, headers: { [XFCC]: forged }, tls: { ca: servers.certificate, ...pair } })).echo?.headers[XFCC]

  policyField(
    ['ClientTrafficPolicy headers.xForwardedClientCert.{mode,certDetailsToAdd}'],
    'tells backends about certificates',
    async () => {
      const good = pairs.good as PemPair
      const hash = fingerprint(good).replaceAll(':', '').toLowerCase()
      const check = validation(`mode: VerifyIfGiven, ${CLIENTS}`)
      const rows = [
        { xfcc: '{}', withOne: undefined, without: undefined },
        { xfcc: '{mode: ForwardOnly}', withOne: forged, without: undefined },
        { xfcc: '{mode: AlwaysForwardOnly}', withOne: forged, without: forged },
        { xfcc: '{mode: SanitizeSet}', withOne: `Hash=${hash}`, without: undefined },
        { xfcc: '{mode: AppendForward}', withOne: `${forged},Hash=${hash}`, without: undefined },
        {
          xfcc: '{mode: SanitizeSet, certDetailsToAdd: [URI, DNS]}',
          withOne: `Hash=${hash};URI=spiffe://clients/good;DNS=good.clients.example`,
          without: undefined,
        },
        {
          xfcc: '{mode: SanitizeSet, certDetailsToAdd: [Subject]}',
          withOne: `Hash=${hash};Subject="CN=good.clients.example"`,
          without: undefined,
        },
      ]
      for (const { xfcc, withOne, without } of rows) {
        await use(`${check}, headers: {xForwardedClientCert: ${xfcc}}`)
        await eventually(async () => expect([xfcc, await told(good)]).toEqual([xfcc, withOne]))
        expect([xfcc, await told(undefined)]).toEqual([xfcc, without])
      }
      for (const detail of ['Cert', 'Chain']) {
        await use(`${check}, headers: {xForwardedClientCert: {mode: SanitizeSet, certDetailsToAdd: [${detail}]}}`)
        await eventually(async () => expect(await told(good)).toContain(`${detail}="-----BEGIN%20CERTIFICATE-----`))
      }
    },
    120_000,
  )

  it('attempts to say who one is, where backends are told by Envoy alone', async () => {
    const forgeries = [
      { [XFCC]: forged },
      { 'X-Forwarded-Client-Cert': forged },
      { [XFCC]: [forged, forged] },
      { [XFCC]: '' },
      { [XFCC]: `,${forged}` },
      { [XFCC]: 'URI=spiffe://forged;URI=spiffe://forged' },
      { [XFCC]: 'Subject="CN=forged";DNS=forged' },
      { [XFCC]: 'a'.repeat(2_000) },
      { [XFCC]: 'Cert="-----BEGIN%20CERTIFICATE-----"' },
      { [XFCC]: forged, connection: XFCC },
      { [XFCC]: forged, 'x-forwarded-client-cert-chain': forged },
      { [XFCC]: 'By=;Hash=;forged' },
    ]
    const seen = async (pair: PemPair | undefined): Promise<readonly string[]> => {
      const answers = await Promise.all(
        forgeries.map((headers) =>
          world.ask({ host: 'strict.example.com', port: 443, headers, tls: { ca: servers.certificate, ...pair } }),
        ),
      )
      return answers.map(({ echo, status }) => String(echo === undefined ? status : (echo.headers[XFCC] ?? '')))
    }
    const check = validation(`mode: VerifyIfGiven, ${CLIENTS}`)
    await use(`${check}, headers: {xForwardedClientCert: {mode: AlwaysForwardOnly}}`)
    await eventually(async () =>
      expect((await seen(pairs.good)).filter((text) => /forged|a{20}|BEGIN/.test(text)).length).toBeGreaterThan(8),
    )
    for (const mode of ['Sanitize', 'SanitizeSet']) {
      await use(`${check}, headers: {xForwardedClientCert: {mode: ${mode}}}`)
      const hash =
        mode === 'Sanitize'
          ? ''
          : `Hash=${fingerprint(pairs.good as PemPair)
              .replaceAll(':', '')
              .toLowerCase()}`
      await eventually(async () => expect([mode, new Set(await seen(pairs.good))]).toEqual([mode, new Set([hash])]))
      expect([mode, new Set(await seen(undefined))]).toEqual([mode, new Set([''])])
    }
  }, 60_000)
})

describe('attempts to get in without a good certificate', () => {
  const STRICT = 'strict.example.com'

  /** A connection over HTTP/2 to one name, with a request for another. */
  function overHttp2(serverName: string, authority: string, pair: PemPair | undefined): Promise<string | number> {
    const { address, port } = world.headgate.place('default/gw', 443)
    return new Promise((resolve) => {
      const session = connectHttp2(`https://${address}:${port}`, {
        servername: serverName,
        rejectUnauthorized: false,
        ...(pair === undefined ? {} : { cert: pair.certificate, key: pair.privateKey }),
      })
      const end = (outcome: string | number): void => {
        session.destroy()
        resolve(outcome)
      }
      session.on('error', () => end('closed'))
      session.on('close', () => end('closed'))
      const stream = session.request({ ':path': '/', ':authority': authority })
      stream.on('response', (headers) => end(headers['x-backend'] === undefined ? Number(headers[':status']) : 'a'))
      stream.on('error', () => end('closed'))
      stream.setTimeout(5_000, () => end('silent'))
      stream.end()
    })
  }

  /** The session of a handshake, to be resumed. */
  function sessionOf(serverName: string, pair: PemPair | undefined): Promise<Buffer | undefined> {
    const { address, port } = world.headgate.place('default/gw', 443)
    return new Promise((resolve) => {
      const socket: TLSSocket = connect({
        host: address,
        port,
        servername: serverName,
        rejectUnauthorized: false,
        ...(pair === undefined ? {} : { cert: pair.certificate, key: pair.privateKey }),
      })
      socket.on('error', () => resolve(undefined))
      socket.on('session', (session) => {
        resolve(session)
        socket.destroy()
      })
      socket.on('secureConnect', () => socket.write(`GET / HTTP/1.1\r\nhost: ${serverName}\r\n\r\n`))
      socket.setTimeout(2_000, () => resolve(undefined))
    })
  }

  function withSession(serverName: string, host: string, session: Buffer | undefined): Promise<string | number> {
    const { address, port } = world.headgate.place('default/gw', 443)
    return new Promise((resolve) => {
      let text = ''
      const end = (): void => {
        socket.destroy()
        resolve(/"backend":"a"/.test(text) ? 'a' : Number(/^HTTP\/1\.1 ([0-9]+)/.exec(text)?.[1] ?? 0))
      }
      const socket = connect({
        host: address,
        port,
        servername: serverName,
        rejectUnauthorized: false,
        ...(session === undefined ? {} : { session }),
      })
      socket.on('data', (chunk) => {
        text += chunk.toString()
        if (/\r\n\r\n/.test(text)) setTimeout(end, 50)
      })
      socket.on('error', end)
      socket.on('close', end)
      socket.setTimeout(3_000, end)
      socket.on('secureConnect', () => socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\n\r\n`))
    })
  }

  const raw = (serverName: string, host: string): Promise<string | number> => withSession(serverName, host, undefined)

  it('all of them fail', async () => {
    const selfSigned = await (await createAuthority('clients')).issue({ dns: ['good.clients.example'], uris: ['spiffe://clients/good'] })
    const good = pairs.good as PemPair
    // With every attempt goes what it would reach if the listener did not ask.
    const attempts: readonly (readonly [how: string, run: () => Promise<string | number>])[] = [
      ['no certificate', () => answer(undefined)],
      ['one of strangers', () => answer(pairs.stranger)],
      ['one of an authority of the same name', () => answer(selfSigned)],
      ['an expired one', () => answer(pairs.expired)],
      ['one of the future', () => answer(pairs.future)],
      ['a good authority, another name', () => answer(pairs.other)],
      ['a revoked one', () => answer(pairs.revoked)],
      ['TLS 1.2', () => world.answerer({ host: STRICT, port: 443, tls: { ca: servers.certificate, maxVersion: 'TLSv1.2' } })],
      ['another listener by SNI, this one by host', () => raw('open.example.com', STRICT)],
      ['the wide listener by SNI, this one by host', () => raw('x.example.com', STRICT)],
      ['HTTP/2: another listener by SNI, this one by authority', () => overHttp2('open.example.com', STRICT, undefined)],
      ['HTTP/2: the wide listener by SNI, with a good certificate', () => overHttp2('x.example.com', STRICT, good)],
      ['HTTP/2: without a certificate', () => overHttp2(STRICT, STRICT, undefined)],
      ['capitals in SNI', () => raw('STRICT.example.com', STRICT)],
      ['a dot behind the host', () => raw('open.example.com', `${STRICT}.`)],
      ['a port behind the host', () => raw('open.example.com', `${STRICT}:443`)],
      ['capitals in the host', () => raw('open.example.com', STRICT.toUpperCase())],
      ['no SNI', () => raw('', STRICT)],
      ['a session of another listener', async () => withSession(STRICT, STRICT, await sessionOf('open.example.com', undefined))],
      [
        'the header for certificates',
        () =>
          world.answerer({ host: STRICT, port: 443, headers: { 'x-forwarded-client-cert': 'Hash=00' }, tls: { ca: servers.certificate } }),
      ],
    ]
    const outcome = () => Promise.all(attempts.map(async ([how, run]) => [how, await run()] as const))
    const names = 'subjectAltNames: {dnsNames: [{type: Suffix, value: .clients.example}]}'
    // Without the guard: one listener answers for the host, and asks for nothing.
    await world.write(ROUTE, gateway('gw', `[${https('wide', undefined)}]`))
    await eventually(async () => expect(await outcome()).toEqual(attempts.map(([how]) => [how, 'a'])))
    await use(validation(`${CLIENTS}, ${names}, crl: {refs: [{name: revoked}]}`), about('strict'))
    await eventually(async () => expect(await answer(good)).toBe('a'))
    await eventually(async () => expect(await answer(undefined)).toBe('closed'))
    expect((await outcome()).filter(([, answered]) => answered === 'a')).toEqual([])
  }, 90_000)

  it('a session from before the certificate was asked for is not resumed', async () => {
    await world.write(ROUTE, GATEWAY)
    await eventually(async () => expect(await answer(undefined)).toBe('a'))
    const session = await sessionOf(STRICT, undefined)
    expect(session).toBeDefined()
    expect(await withSession(STRICT, STRICT, session)).toBe('a')
    await use(validation(CLIENTS))
    await eventually(async () => expect(await answer(undefined)).toBe('closed'))
    expect(await withSession(STRICT, STRICT, session)).not.toBe('a')
  }, 60_000)
})
