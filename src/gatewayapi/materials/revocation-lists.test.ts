import { expect, it } from '@jest/globals'
import { createAuthority } from '../../../test/support/certificates.js'
import type { Secret } from '../../gen/kinds.js'
import { readSecretRevocations } from './revocation-lists.js'

function secret(text: string | undefined): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { namespace: 'n', name: 's', generation: 0 },
    ...(text === undefined ? {} : { data: { 'ca.crl': Buffer.from(text).toString('base64') } }),
  } as unknown as Secret
}

it('takes the lists, and nothing around them', async () => {
  const list = await (await createAuthority()).revoke()
  const read = readSecretRevocations(secret(`noise\n${list}\nnoise\n${list}`))
  expect(read).toMatchObject({ ok: true, value: { kind: 'trust', name: 'Secret/n/s/ca.crl', authorities: '' } })
  expect(read.ok && read.value.revoked?.match(/BEGIN X509 CRL/g)).toHaveLength(2)
})

it.each([
  { what: 'no data', text: undefined, message: 'has no data "ca.crl"' },
  { what: 'another block', text: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', message: 'holds no revocation list' },
  { what: 'no ASN.1', text: '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----', message: 'malformed' },
  { what: 'a list cut off', text: '-----BEGIN X509 CRL-----\nMIIBAA==\n-----END X509 CRL-----', message: 'malformed' },
])('says what is wrong with $what', ({ text, message }) => {
  const read = readSecretRevocations(secret(text))
  expect(read.ok ? '' : read.message).toContain(message)
})
