import type { ObjectVersion } from '../util/object-ref.js'
import type { Sensitive } from './sensitive.js'

/** Key material in use, delivered to proxies over SDS under its name. */
export type SecretMaterial = CertificateMaterial | TrustMaterial | TextMaterial

interface Material {
  /** `<Kind>/<namespace>/<name>`, with `/<key>` where one object holds several. Stable while the content changes. */
  readonly name: string
  readonly origins: readonly ObjectVersion[]
}

/** A certificate chain and its private key, checked to be well-formed and to belong together. */
export interface CertificateMaterial extends Material {
  readonly kind: 'certificate'
  /** PEM, leaf first. */
  readonly chain: string
  readonly privateKey: Sensitive
}

/** Certificate authorities that are trusted. */
export interface TrustMaterial extends Material {
  readonly kind: 'trust'
  /** PEM. */
  readonly authorities: string
  /** Certificate revocation lists as PEM. */
  readonly revoked?: string
}

/** Any other secret text, such as a client secret or an HMAC key. */
export interface TextMaterial extends Material {
  readonly kind: 'text'
  readonly text: Sensitive
}

/** TLS versions as Envoy and people name them. */
export type TlsVersion = '1.0' | '1.1' | '1.2' | '1.3'

/** How TLS is terminated on a filter chain. */
export interface TlsTermination {
  /** Names of certificate materials; the client's SNI and algorithms choose among them. */
  readonly certificates: readonly string[]
  readonly clientValidation?: ClientValidation
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  readonly ciphers?: readonly string[]
  readonly curves?: readonly string[]
  readonly signatureAlgorithms?: readonly string[]
  /** In the order of preference, for example `['h2', 'http/1.1']`. */
  readonly alpn: readonly string[]
  /** Ways to resume sessions; both where undefined. */
  readonly resumption?: readonly ('stateful' | 'stateless')[]
}

/** How the certificates of clients are validated. */
export interface ClientValidation {
  /**
   * Name of a trust material; undefined means that no authority is usable, so nobody is trusted.
   */
  readonly trust: string | undefined
  /** True: no authority is asked for, the hashes alone say which certificates are good. */
  readonly pinned?: true
  /**
   * `require`: only clients with a valid certificate. `verifyIfGiven`: none, or a valid one. `requireAny`: any certificate. `request`: ask,
   * and let everybody in (AllowInsecureFallback).
   */
  readonly mode: 'require' | 'requireAny' | 'request' | 'verifyIfGiven'
  readonly subjectAltNames?: readonly SubjectAltName[]
  /** SHA-256 of the public key, base64. */
  readonly spkiHashes?: readonly string[]
  /** SHA-256 of the certificate, hex. */
  readonly certificateHashes?: readonly string[]
  /** Revocation lists in `trust` concern the certificate of the client alone, not those of its authorities. */
  readonly revocationOfLeafOnly?: true
  readonly allowExpired?: true
}

/** A name that a certificate must carry. */
export interface SubjectAltName {
  readonly type: 'DNS' | 'URI' | 'IP' | 'email' | { readonly oid: string }
  readonly value: string
  readonly match: 'exact' | 'prefix' | 'suffix' | 'regex'
}

/** TLS to a backend. */
export interface UpstreamTls {
  /** Sent as SNI. Undefined: the host of the request. */
  readonly serverName: string | undefined
  /** True: each endpoint that has a name is asked for by it, and must show a certificate for it; `serverName` is for the others. */
  readonly byEndpoint?: true
  /** Name of a trust material, the proxy's own bundle, or nothing is verified. */
  readonly trust: { readonly kind: 'material'; readonly name: string } | { readonly kind: 'system' } | { readonly kind: 'none' }
  /** The server's certificate must carry one of them; empty: it must carry `serverName`. */
  readonly subjectAltNames: readonly SubjectAltName[]
  /** Name of the certificate material that is presented to the backend. */
  readonly clientCertificate?: string
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  readonly ciphers?: readonly string[]
  readonly curves?: readonly string[]
  readonly signatureAlgorithms?: readonly string[]
  readonly alpn?: readonly string[]
}
