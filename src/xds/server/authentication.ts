/** Who a stream belongs to. What a proxy says about itself in `node` is never proof of anything. */
import type { PeerCertificate } from 'node:tls'

/** What a stream brings along to prove who it is. */
export interface StreamCredentials {
  /** Only a certificate that our own authority has signed and that is valid now; undefined otherwise. */
  readonly certificate: PeerCertificate | undefined
  /** The bearer token of the `authorization` header; undefined without one. */
  readonly token: string | undefined
  /** The remote address, for messages. */
  readonly peer: string
}

/** A proven identity. */
export interface Identity {
  /** For people: a certificate's subject or a ServiceAccount. */
  readonly subject: string
  /** The groups whose resources it may ask for. With several, the client names one as `node.cluster`. */
  readonly groups: readonly string[]
}

/** The stream is refused with UNAUTHENTICATED and this message. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError'
}

/** Decides who a stream belongs to. Rejects with an AuthenticationError when it cannot tell. */
export interface Authenticator {
  authenticate(credentials: StreamCredentials): Promise<Identity>
}

/** Lets everybody in: for plaintext on loopback, and for tests. */
export function allowEveryone(group: string): Authenticator {
  return { authenticate: async ({ peer }) => ({ subject: `unauthenticated ${peer}`, groups: [group] }) }
}
