import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { eventually } from '../../test/support/eventually.js'
import { FakeClock } from '../../test/support/fake-clock.js'
import { FakeKubeApi } from '../../test/support/fake-kube-api.js'
import { createAuthority, issueCertificate } from '../xds/server/tls/certificates.js'
import { AuthoritySecretError, authoritySecret, awaitAuthoritySecret, secretUid } from './authority-secret.js'
import { KubeClient } from './kube-client.js'
import { silentLog } from './log.js'

const LEAF = { commonName: 'leaf', usage: 'server', lifetimeMs: 3_600_000 } as const
const rsaKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const SECRETS = '/api/v1/secrets'

let api: FakeKubeApi
let client: KubeClient
let clock: FakeClock
let stop: AbortController

beforeEach(async () => {
  api = new FakeKubeApi()
  await api.listen()
  client = new KubeClient(api.credentials, 'test')
  clock = new FakeClock()
  stop = new AbortController()
})
afterEach(async () => {
  stop.abort()
  client.close()
  await api.close()
})

const authority = (name: string) => createAuthority(name, new Date(), 86_400_000)

function put(data: Readonly<Record<string, string>>): void {
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))
  api.put(SECRETS, { metadata: { namespace: 'system', name: 'mine' }, data: encoded })
}

const wait = () => awaitAuthoritySecret({ client, clock, log: silentLog }, 'system', 'mine', stop.signal)

it('waits for an authority that somebody else makes, and makes none', async () => {
  const { certificate, privateKey } = authority('theirs')
  const found = wait()
  await eventually(() => expect(api.requests).toHaveLength(1))
  put({ 'tls.crt': certificate, 'tls.key': privateKey, 'ca.crt': certificate })
  await eventually(async () => {
    await clock.advance(1_000)
    expect(api.requests.length).toBeGreaterThan(1)
  })
  // It signed itself: it is trusted as it is.
  await expect(found).resolves.toEqual({ certificate, privateKey })
  expect(api.requests.every(({ method }) => method === 'GET')).toBe(true)
})

it('trusts an authority that another one signed through that one', async () => {
  const [own, root] = [authority('own'), authority('root')]
  put({ 'tls.crt': own.certificate, 'tls.key': own.privateKey, 'ca.crt': root.certificate })
  const { certificate } = await wait()
  expect(certificate).toContain(own.certificate.trim())
  expect(certificate).toContain(root.certificate.trim())
  expect(certificate.indexOf(own.certificate.trim())).toBeLessThan(certificate.indexOf(root.certificate.trim()))
})

it.each([
  { name: 'a leaf', pair: () => issueCertificate(authority('a'), LEAF, new Date()), says: /not one of an authority/ },
  {
    name: 'the key of another',
    pair: () => ({ ...authority('a'), privateKey: authority('b').privateKey }),
    says: /key does not belong to its certificate/,
  },
  {
    name: 'a key of another kind',
    pair: () => ({ ...authority('a'), privateKey: rsaKey() }),
    says: /not one of ECDSA on P-256/,
  },
  { name: 'words', pair: () => ({ ...authority('a'), certificate: 'none' }), says: /cannot be read/ },
])('does not begin to sign with $name', async ({ pair, says }) => {
  const { certificate, privateKey } = pair()
  put({ 'tls.crt': certificate, 'tls.key': privateKey })
  await expect(wait()).rejects.toThrow(says)
})

it('takes the key in the form that OpenSSL writes', async () => {
  const { certificate, privateKey } = authority('a')
  const sec1 = createPrivateKey(privateKey).export({ type: 'sec1', format: 'pem' }).toString()
  put({ 'tls.crt': certificate, 'tls.key': sec1 })
  await expect(wait()).resolves.toEqual({ certificate, privateKey: sec1 })
})

it('says what is wrong with a Secret of another kind, and ends with its signal', async () => {
  put({ password: 'x' })
  await expect(wait()).rejects.toThrow(AuthoritySecretError)
  await expect(authoritySecret(client, 'system', 'mine', stop.signal).loadOrCreate(() => authority('a'))).rejects.toThrow(
    /holds no tls.crt/,
  )
  api.remove(SECRETS, 'system', 'mine')
  const waiting = wait()
  stop.abort(new Error('over'))
  await expect(waiting).rejects.toThrow()
})

it('tells the uid of a Secret, and takes none for one: what is made of it could be guessed', async () => {
  put({ password: 'x' })
  const uid = await secretUid(client, 'system', 'mine', stop.signal)
  expect(uid).toBe(api.get(SECRETS, 'system', 'mine')?.metadata.uid)
  api.documents.set('/api/v1/namespaces/system/secrets/odd', { kind: 'Secret', metadata: { name: 'odd' } })
  await expect(secretUid(client, 'system', 'odd', stop.signal)).rejects.toThrow(AuthoritySecretError)
})
