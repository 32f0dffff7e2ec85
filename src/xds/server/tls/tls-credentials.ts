/**
 * TLS of the ADS server: version 1.3 only, certificates that rotate while streams stay up.
 *
 * A client may show a certificate, and must not: tokens prove who it is as well. So a connection without one is accepted here and
 * the stream is refused by the authenticator, with a message. gRPC hands only certificates on that our authority has signed.
 */

import type { SecureContextOptions } from 'node:tls'
import { ServerCredentials } from '@grpc/grpc-js'
import type { CertificatePair } from './certificates.js'

/** What the server shows and whom it trusts. */
export interface TlsMaterial {
  readonly server: CertificatePair
  /** PEM of every authority whose clients are let in: during a rotation the old and the new one. */
  readonly authorities: readonly string[]
}

/** How long a handshake may take. */
const HANDSHAKE_MS = 15_000

/** Credentials for `AdsServer`; `rotate` affects handshakes from then on. */
export class TlsServerCredentials extends ServerCredentials {
  /** @param handshakeMs after so many milliseconds a connection whose handshake is not done is ended */
  constructor(material: TlsMaterial, handshakeMs: number = HANDSHAKE_MS) {
    // gRPC hands the options on as they are, with those that its type does not have.
    const options = { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3', handshakeTimeout: handshakeMs } as const
    super(options, contextOptions(material))
  }

  /** Replaces certificate and authorities. */
  rotate(material: TlsMaterial): void {
    this.updateSecureContextOptions(contextOptions(material))
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other
  }
}

/** The version is part of it: a context without one, set by a rotation, would accept TLS 1.2 again. */
function contextOptions({ server, authorities }: TlsMaterial): SecureContextOptions {
  return { cert: server.certificate, key: server.privateKey, ca: [...authorities], minVersion: 'TLSv1.3' }
}
