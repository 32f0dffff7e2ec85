/** Keys of certificates as tools write them: OpenSSL, cert-manager, editors of other systems. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { beforeEach, expect, it } from '@jest/globals'
import { createAuthority, type PemPair, type TestAuthority } from '../support/certificates.js'
import { gateway, httpRoute, to } from './manifests.js'
import { https, secret } from './tls-manifests.js'
import { featureWorld } from './world.js'

let issuer: TestAuthority
const world = featureWorld(['a'], async () => {
  issuer = await createAuthority('servers')
  return [gateway('gw', `[${https('l', 'example.com')}]`), httpRoute('r', `[{${to('a')}}]`)].join('---')
})

/** The curve by its name, as `openssl ecparam -genkey` writes it before the key. */
const PARAMETERS = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
const sec1 = (key: KeyObject): string => key.export({ type: 'sec1', format: 'pem' }).toString()

let pair: PemPair
beforeEach(async () => {
  pair = await issuer.issue({ dns: ['example.com'] })
})

it.each<{ form: string; write: (key: KeyObject, text: string) => string }>([
  { form: 'PKCS #8', write: (_key, text) => text },
  { form: 'SEC 1', write: sec1 },
  { form: 'SEC 1 behind its parameters', write: (key) => PARAMETERS + sec1(key) },
  { form: 'lines that end as on Windows', write: (_key, text) => text.replaceAll('\n', '\r\n') },
  { form: 'words before it, and no end of the last line', write: (_key, text) => `Key of the shop\n${text.trimEnd()}` },
])('$form is served', async ({ write }) => {
  const privateKey = write(createPrivateKey(pair.privateKey), pair.privateKey)
  await world.write(secret('cert', { certificate: pair.certificate.replaceAll('\n', '\r\n'), privateKey }))
  expect(world.listener('default/gw', 'l')).toContain('ResolvedRefs=True/ResolvedRefs')
  expect(await world.answerer({ port: 443, host: 'example.com', tls: { ca: issuer.certificate } })).toBe('a')
})
