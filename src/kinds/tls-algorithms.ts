/** What a handshake may be made of, in the words of Envoy: the same towards clients and endpoints. */
import { list, oneOf, optional } from '../schema/build.js'
import type { Field } from '../schema/schema.js'

/** Cipher suites that Envoy knows: one unknown word and it refuses the whole port. */
export const TLS_CIPHERS = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA',
  'AES256-SHA',
] as const

/** Groups of the key exchange that Envoy knows. */
export const TLS_CURVES = ['X25519MLKEM768', 'X25519', 'P-256', 'P-384', 'P-521'] as const

/** Signature algorithms that Envoy knows. */
export const TLS_SIGNATURE_ALGORITHMS = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
  'ed25519',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
] as const

/** What may be spoken inside of TLS. */
export const ALPN_PROTOCOLS = ['h2', 'http/1.1', 'http/1.0'] as const

/** The fields that choose among them. `peers` show certificates: clients or the endpoints. */
export function tlsAlgorithms(peers: string): Readonly<Record<'ciphers' | 'ecdhCurves' | 'signatureAlgorithms', Field>> {
  const some = (words: readonly [string, ...string[]], name: string, description: string): Field =>
    optional(list(oneOf(words, { name }), { minItems: 1, maxItems: words.length }), description)
  return {
    ciphers: some(TLS_CIPHERS, 'TLSCipher', 'Cipher suites up to TLS 1.2, in the order of preference.'),
    ecdhCurves: some(TLS_CURVES, 'TLSCurve', 'Groups of the key exchange, in the order of preference.'),
    signatureAlgorithms: some(
      TLS_SIGNATURE_ALGORITHMS,
      'TLSSignatureAlgorithm',
      `Signature algorithms that certificates of ${peers} may prove themselves with.`,
    ),
  }
}
