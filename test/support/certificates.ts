/** Certificates for tests: a fresh authority and leaves, as PEM. */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 24 * 60 * 60 * 1000

/** A certificate and its key, as PEM. */
export interface PemPair {
  readonly certificate: string
  readonly privateKey: string
}

/** What a leaf shall say. */
export interface LeafOptions {
  readonly dns?: readonly string[]
  readonly uris?: readonly string[]
  readonly ips?: readonly string[]
  readonly emails?: readonly string[]
  /** Names of users as Microsoft has them: of the kind 1.3.6.1.4.1.311.20.2.3. */
  readonly userNames?: readonly string[]
  /** Default: yesterday until in 30 days. */
  readonly validFrom?: Date
  readonly validTo?: Date
}

/** Issues certificates that it signed itself. */
export interface TestAuthority {
  /** PEM. */
  readonly certificate: string
  issue(options: LeafOptions): Promise<PemPair>
  /** A list of certificates of this authority that were revoked, as PEM. */
  revoke(...revoked: readonly PemPair[]): Promise<string>
}

/** A new authority. */
export async function createAuthority(name = 'test authority'): Promise<TestAuthority> {
  x509.cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys: keys,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
  return {
    certificate: ca.toString('pem'),
    issue: async (options) => {
      const leafKeys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
      const leaf = await x509.X509CertificateGenerator.create({
        subject: `CN=${options.dns?.[0] ?? 'leaf'}`.replace('*', 'wildcard'),
        issuer: ca.subject,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        notBefore: options.validFrom ?? new Date(Date.now() - DAY_MS),
        notAfter: options.validTo ?? new Date(Date.now() + 30 * DAY_MS),
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
          new x509.SubjectAlternativeNameExtension([
            ...(options.dns ?? []).map((value) => ({ type: 'dns', value }) as const),
            ...(options.uris ?? []).map((value) => ({ type: 'url', value }) as const),
            ...(options.ips ?? []).map((value) => ({ type: 'ip', value }) as const),
            ...(options.emails ?? []).map((value) => ({ type: 'email', value }) as const),
            ...(options.userNames ?? []).map((value) => ({ type: 'upn', value }) as const),
          ]),
        ],
      })
      const key = await webcrypto.subtle.exportKey('pkcs8', leafKeys.privateKey)
      return { certificate: leaf.toString('pem'), privateKey: x509.PemConverter.encode(key, 'PRIVATE KEY') }
    },
    revoke: async (...revoked) => {
      const list = await x509.X509CrlGenerator.create({
        issuer: ca.subject,
        thisUpdate: new Date(Date.now() - DAY_MS),
        nextUpdate: new Date(Date.now() + 30 * DAY_MS),
        signingAlgorithm: ALGORITHM,
        signingKey: keys.privateKey,
        entries: revoked.map(({ certificate }) => ({
          serialNumber: new x509.X509Certificate(certificate).serialNumber,
          revocationDate: new Date(Date.now() - DAY_MS),
          // Without one the generator writes an empty list of extensions, which BoringSSL refuses.
          reason: x509.X509CrlReason.keyCompromise,
        })),
      })
      return x509.PemConverter.encode(list.rawData, 'X509 CRL')
    },
  }
}
