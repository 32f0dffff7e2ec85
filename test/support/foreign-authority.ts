/** An authority as others make it, cert-manager and OpenSSL among them: with its key, so that somebody else can sign by it. */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { PemPair } from './certificates.js'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 24 * 60 * 60 * 1000

/**
 * A new one.
 *
 * @param subject its name, as RFC 4514 writes it
 * @param hasIdentifier of its key: the SHA-1 of the public key alone, which is what RFC 5280 proposes
 */
export async function createForeignAuthority(subject: string, hasIdentifier = true): Promise<PemPair> {
  x509.cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: subject,
    keys,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 30 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign, true),
      new x509.BasicConstraintsExtension(true, undefined, true),
      ...(hasIdentifier ? [await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)] : []),
    ],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { certificate: certificate.toString('pem'), privateKey: x509.PemConverter.encode(key, 'PRIVATE KEY') }
}
