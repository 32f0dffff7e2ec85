import { createPrivateKey, X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { eventually } from '../../test/support/eventually.js'
import { FakeClock } from '../../test/support/fake-clock.js'
import { FakeKubeApi } from '../../test/support/fake-kube-api.js'
import { type CertificatePair, createAuthority, issueCertificate } from '../xds/server/tls/certificates.js'
import { keepCertificateSecret } from './certificate-secret.js'
import { KubeClient } from './kube-client.js'
import { stringAt } from './kube-json.js'
import { silentLog } from './log.js'

const SECRETS = '/api/v1/secrets'
const PATH = '/api/v1/namespaces/system/secrets/limits'
const DAY_MS = 86_400_000

let api: FakeKubeApi
let client: KubeClient
let clock: FakeClock
let authority: CertificatePair
let stops: (() => Promise<void>)[]

beforeEach(async () => {
  api = new FakeKubeApi()
  await api.listen()
  client = new KubeClient(api.credentials, 'test')
  clock = new FakeClock()
  authority = createAuthority('ours', clock.wallTime(), 100 * DAY_MS)
  stops = []
})
afterEach(async () => {
  for (const stop of stops) await stop()
  client.close()
  await api.close()
})

const request = { commonName: 'limits', uris: ['headgate:group:limits'], usage: 'client', lifetimeMs: 3 * DAY_MS } as const

/** Keeps the Secret as a replica that leads; returns what ends it. */
function lead(signer: CertificatePair = authority): () => Promise<void> {
  const stop = new AbortController()
  const issue = () => issueCertificate(signer, request, clock.wallTime())
  const secret = { namespace: 'system', name: 'limits', authority: signer.certificate, issue }
  const options = { client, clock, log: silentLog, ...secret, restartsReaders: true }
  const ended = keepCertificateSecret(options, stop.signal)
  const end = async (): Promise<void> => {
    stop.abort()
    await ended
  }
  stops.push(end)
  return end
}

async function stored(): Promise<Readonly<Record<'ca' | 'certificate' | 'key', string>>> {
  const secret = await client.json({ path: PATH }, AbortSignal.timeout(10_000))
  const at = (key: string) => Buffer.from(stringAt(secret, 'data', key), 'base64').toString()
  return { ca: at('ca.crt'), certificate: at('tls.crt'), key: at('tls.key') }
}
const writes = () => api.requests.filter(({ method }) => method !== 'GET').length
/** When it has looked at the Secret, and sleeps. */
const looked = (times: number) => eventually(() => expect(clock.sleeps).toHaveLength(times))

it('makes a certificate of the authority with its key, and leaves a good one alone', async () => {
  lead()
  await looked(1)
  const { ca, certificate, key } = await stored()
  const leaf = new X509Certificate(certificate)
  expect(ca).toBe(authority.certificate)
  expect(leaf.subjectAltName).toBe('URI:headgate:group:limits')
  expect(leaf.verify(new X509Certificate(ca).publicKey)).toBe(true)
  expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true)
  await clock.advance(60_000)
  await looked(2)
  expect(writes()).toBe(1)
})

it('renews it after two thirds of its life', async () => {
  const end = lead()
  await looked(1)
  const first = await stored()
  await end()
  clock.nowMs = 1.9 * DAY_MS
  lead()
  await looked(2)
  expect(await stored()).toEqual(first)
  clock.nowMs = 2.1 * DAY_MS
  await clock.advance(60_000)
  await looked(3)
  expect((await stored()).certificate).not.toBe(first.certificate)
  expect(writes()).toBe(2)
})

it.each([
  ['was deleted', () => api.remove(SECRETS, 'system', 'limits')],
  ['holds something else', () => api.put(SECRETS, { metadata: { namespace: 'system', name: 'limits' }, data: { 'tls.crt': 'eA==' } })],
])('makes it again when the Secret %s', async (_case, spoil) => {
  lead()
  await looked(1)
  spoil()
  await clock.advance(60_000)
  await looked(2)
  expect(new X509Certificate((await stored()).certificate).verify(new X509Certificate(authority.certificate).publicKey)).toBe(true)
})

it('replaces the certificate of another authority', async () => {
  const end = lead()
  await looked(1)
  await end()
  const other = createAuthority('other', clock.wallTime(), 100 * DAY_MS)
  expect((await stored()).ca).toBe(authority.certificate)
  lead(other)
  await eventually(async () => expect((await stored()).ca).toBe(other.certificate))
})

const DEPLOYMENTS = '/apis/apps/v1/deployments'
const deployment = (name: string, secretName: string) => ({
  metadata: { namespace: 'system', name },
  spec: { template: { metadata: { labels: { app: name } }, spec: { volumes: [{ name: 'x' }, { name: 'y', secret: { secretName } }] } } },
})
/** What the pods of a Deployment were started for, beside what its owner says of them. */
const template = (name: string) => api.get(DEPLOYMENTS, 'system', name)?.spec as { readonly template: { readonly metadata: unknown } }

it('starts nobody anew for the first certificate', async () => {
  api.put(DEPLOYMENTS, deployment('service', 'limits'))
  lead()
  await looked(1)
  await clock.advance(60_000)
  await looked(2)
  expect(writes()).toBe(1)
})

it('starts those anew who mount the Secret, once, at the look after it was renewed, whoever leads then', async () => {
  for (const [name, secret] of Object.entries({ service: 'limits', other: 'others' })) api.put(DEPLOYMENTS, deployment(name, secret))
  const end = lead()
  await looked(1)
  clock.nowMs = 2.1 * DAY_MS
  await clock.advance(60_000)
  await looked(2)
  const { serialNumber } = new X509Certificate((await stored()).certificate)
  expect(template('service').template.metadata).toEqual({ labels: { app: 'service' } })
  await end()
  lead()
  await looked(3)
  expect(template('service').template.metadata).toEqual({
    labels: { app: 'service' },
    annotations: { 'headgate.dev/secret': serialNumber },
  })
  expect(template('other').template.metadata).toEqual({ labels: { app: 'other' } })
  const before = writes()
  await clock.advance(60_000)
  await looked(4)
  expect(writes()).toBe(before)
})
