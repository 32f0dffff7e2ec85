import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { createAuthority, type PemPair } from '../../../test/support/certificates.js'
import type { Secret } from '../../gen/kinds.js'
import { readCertificate } from './certificates.js'

let pair: PemPair
let other: PemPair

beforeAll(async () => {
  const authority = await createAuthority()
  pair = await authority.issue({ dns: ['b.example.com', 'A.example.com'] })
  other = await authority.issue({
    dns: ['other.example.com'],
    validTo: new Date('2020-01-01T00:00:00Z'),
    validFrom: new Date('2019-01-01T00:00:00Z'),
  })
})

function secret(data: Readonly<Record<string, string>>): Secret {
  const metadata = { namespace: 'ns', name: 'cert', generation: 0, creationTimestamp: '2026-01-01T00:00:00Z' }
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]))
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls', data: encoded }
}

const messageOf = (data: Readonly<Record<string, string>>): string | undefined => {
  const read = readCertificate(secret(data))
  return read.ok ? undefined : read.message
}

describe('readCertificate', () => {
  it('takes a certificate and its key, and what is worth knowing about them', () => {
    const read = readCertificate(secret({ 'tls.crt': pair.certificate, 'tls.key': pair.privateKey }))
    expect(read).toMatchObject({
      ok: true,
      value: {
        material: {
          kind: 'certificate',
          name: 'Secret/ns/cert',
          origins: [{ group: '', kind: 'Secret', namespace: 'ns', name: 'cert', generation: 0 }],
        },
        dnsNames: ['a.example.com', 'b.example.com'],
      },
    })
    expect(read.ok && read.value.material.privateKey.reveal()).toBe(pair.privateKey)
  })

  it('takes an expired certificate and says since when', () => {
    const read = readCertificate(secret({ 'tls.crt': other.certificate, 'tls.key': other.privateKey }))
    expect(read).toMatchObject({ ok: true, value: { validUntil: '2020-01-01T00:00:00.000Z' } })
  })

  it('keeps the whole chain and drops what stands around it', () => {
    const chain = `subject=leaf\n${pair.certificate}\nsubject=issuer\n${other.certificate}\n`
    const read = readCertificate(secret({ 'tls.crt': chain, 'tls.key': pair.privateKey }))
    const material = read.ok ? read.value.material : undefined
    expect(material?.chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(material?.chain).not.toContain('subject')
  })

  it('refuses what a proxy could not serve, and says why', () => {
    const truncated = pair.certificate.replace(/(BEGIN CERTIFICATE-----\n)[^\n]+\n/, '$1')
    expect(messageOf({ 'tls.key': pair.privateKey })).toBe('has no data "tls.crt"')
    expect(messageOf({ 'tls.crt': pair.certificate })).toBe('has no data "tls.key"')
    expect(messageOf({ 'tls.crt': 'hello', 'tls.key': 'world' })).toBe('holds no certificate in PEM in "tls.crt"')
    expect(messageOf({ 'tls.crt': pair.privateKey, 'tls.key': pair.privateKey })).toMatch(
      /^holds no certificate in PEM, but a block "PRIVATE KEY"/,
    )
    expect(messageOf({ 'tls.crt': truncated, 'tls.key': pair.privateKey })).toBe(
      'holds a malformed certificate (number 1 of 1) in "tls.crt"',
    )
    expect(messageOf({ 'tls.crt': pair.certificate, 'tls.key': 'nonsense' })).toBe('holds no well-formed private key in PEM in "tls.key"')
    expect(messageOf({ 'tls.crt': pair.certificate, 'tls.key': other.privateKey })).toMatch(/does not belong to the first certificate/)
  })

  it('refuses an encrypted key', () => {
    const { privateKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    expect(messageOf({ 'tls.crt': pair.certificate, 'tls.key': privateKey })).toMatch(/encrypted with a passphrase/)
  })

  it('never repeats any of the key', () => {
    const message = messageOf({ 'tls.crt': pair.certificate, 'tls.key': other.privateKey.replace('-----END', 'x-----END') }) ?? ''
    const body = other.privateKey.split('\n')[1] ?? ''
    expect(body.length).toBeGreaterThan(10)
    expect(message).not.toContain(body)
  })
})
