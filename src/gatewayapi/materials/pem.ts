/** Certificates and keys as PEM text. Parsing is a pure function of the text: nothing outside is read. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

/** What was read, or why it cannot be. Messages never contain any of the text. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string }

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
/** Labels as they are used: what follows a mark that is broken off may be a key. */
const ANY_BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----/g

/** The certificates of a text, in its order; at least one. */
export function readCertificates(text: string): Read<readonly X509Certificate[]> {
  const blocks = text.match(CERTIFICATE) ?? []
  if (blocks.length === 0) {
    const other = [...text.matchAll(ANY_BLOCK)].map((block) => block[1])[0]
    return {
      ok: false,
      message: other === undefined ? 'holds no certificate in PEM' : `holds no certificate in PEM, but a block "${other}"`,
    }
  }
  const certificates: X509Certificate[] = []
  for (const [index, block] of blocks.entries()) {
    try {
      certificates.push(new X509Certificate(block))
    } catch {
      return { ok: false, message: `holds a malformed certificate (number ${index + 1} of ${blocks.length})` }
    }
  }
  return { ok: true, value: certificates }
}

/** The private key of a text. */
export function readPrivateKey(text: string): Read<KeyObject> {
  if (/ENCRYPTED/.test(text)) return { ok: false, message: 'holds a private key that is encrypted with a passphrase: store it without one' }
  try {
    return { ok: true, value: createPrivateKey(text) }
  } catch {
    return { ok: false, message: 'holds no well-formed private key in PEM' }
  }
}

/** The certificates as PEM, without anything that stood around them. */
export function toPem(certificates: readonly X509Certificate[]): string {
  return certificates.map((certificate) => certificate.toString()).join('')
}

/** The DNS names of a certificate's subject alternative names, in lower case and ascending order. */
export function dnsNames(certificate: X509Certificate): readonly string[] {
  const entries = (certificate.subjectAltName ?? '').split(', ')
  return [...new Set(entries.flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice(4).toLowerCase()] : [])))].sort()
}
