import { X509Certificate } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { createForeignAuthority } from '../../../../test/support/foreign-authority.js'
import { createAuthority, issueCertificate, renewalTime } from './certificates.js'

const NOW = new Date('2026-01-01T00:00:00Z')
const HOUR_MS = 3_600_000

describe('createAuthority and issueCertificate', () => {
  const authority = createAuthority('test authority', NOW, 24 * HOUR_MS)
  const ca = new X509Certificate(authority.certificate)

  it('an authority signs itself and may sign others', () => {
    expect(ca.ca).toBe(true)
    expect(ca.verify(ca.publicKey)).toBe(true)
    expect(ca.subject).toBe('CN=test authority')
  })

  it('a leaf is signed by its authority, says its names, and is no authority', () => {
    const { certificate, privateKey } = issueCertificate(
      authority,
      {
        commonName: 'leaf',
        dnsNames: ['xds.test', '*.xds.test'],
        addresses: ['127.0.0.1', '::1', '2001:db8::a:0:1', '::ffff:10.1.2.3'],
        uris: ['headgate:group:a%2Fb'],
        usage: 'server',
        lifetimeMs: HOUR_MS,
      },
      NOW,
    )
    const leaf = new X509Certificate(certificate)
    expect(leaf.checkIssued(ca)).toBe(true)
    expect(leaf.verify(ca.publicKey)).toBe(true)
    expect(leaf.ca).toBe(false)
    expect(leaf.checkHost('sub.xds.test')).toBe('*.xds.test')
    for (const address of ['127.0.0.1', '::1', '2001:db8::a:0:1', '::ffff:10.1.2.3']) expect(leaf.checkIP(address)).toBeDefined()
    expect(leaf.checkIP('127.0.0.2')).toBeUndefined()
    expect(leaf.subjectAltName).toContain('URI:headgate:group:a%2Fb')
    expect(leaf.validTo).toBe('Jan  1 01:00:00 2026 GMT')
    expect(privateKey).toContain('BEGIN PRIVATE KEY')
  })

  it('a leaf of another authority with the same name does not verify', () => {
    const other = createAuthority('test authority', NOW, HOUR_MS)
    const leaf = new X509Certificate(issueCertificate(other, { commonName: 'leaf', usage: 'client', lifetimeMs: HOUR_MS }, NOW).certificate)
    expect(leaf.verify(ca.publicKey)).toBe(false)
    expect(leaf.checkIssued(ca)).toBe(false)
  })

  it.each([
    { name: 'with the key identifier that most make', subject: 'CN=headgate', hasIdentifier: true },
    { name: 'with more than a common name', subject: 'C=DE, O="Acme, Inc.", OU=Platform, CN=Gateways ü', hasIdentifier: true },
    { name: 'without a common name', subject: 'O=Acme', hasIdentifier: true },
    { name: 'without a key identifier', subject: 'CN=headgate', hasIdentifier: false },
  ])('a leaf of an authority that somebody else made, $name, is known as its own', async ({ subject, hasIdentifier }) => {
    const foreign = await createForeignAuthority(subject, hasIdentifier)
    const leaf = new X509Certificate(
      issueCertificate(foreign, { commonName: 'leaf', usage: 'server', lifetimeMs: HOUR_MS }, new Date()).certificate,
    )
    const theirs = new X509Certificate(foreign.certificate)
    expect(leaf.checkIssued(theirs)).toBe(true)
    expect(leaf.verify(theirs.publicKey)).toBe(true)
    expect(leaf.issuer).toBe(theirs.subject)
  })

  it('a certificate that ends after 2049 has the other form of time', () => {
    const long = new X509Certificate(createAuthority('long', NOW, 30 * 365 * 24 * HOUR_MS).certificate)
    expect(new Date(long.validTo).getUTCFullYear()).toBe(2055)
  })

  it('every certificate has a serial number of its own', () => {
    const serials = Array.from({ length: 20 }, () => new X509Certificate(createAuthority('many', NOW, HOUR_MS).certificate).serialNumber)
    expect(new Set(serials).size).toBe(20)
  })

  it('is renewed after two thirds of its life', () => {
    const leaf = issueCertificate(authority, { commonName: 'leaf', usage: 'client', lifetimeMs: 3 * HOUR_MS }, NOW)
    const afterMs = renewalTime(leaf).getTime() - NOW.getTime()
    expect(afterMs).toBeGreaterThan(1.9 * HOUR_MS)
    expect(afterMs).toBeLessThan(2.1 * HOUR_MS)
  })
})
