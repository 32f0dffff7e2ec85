/** Keeps the server's certificate fresh: a new one after two thirds of the life of the old one. */
import type { ServerClock } from '../clock.js'
import { type CertificatePair, issueCertificate } from './certificates.js'
import { keepFresh } from './keep-fresh.js'
import { TlsServerCredentials } from './tls-credentials.js'

/** Where the authority is kept. It is made once; of several replicas that try, one wins and the others read what it wrote. */
export interface AuthorityStore {
  /** Returns the stored authority, or stores the one that `create` makes. */
  loadOrCreate(create: () => CertificatePair): Promise<CertificatePair>
}

/** What the server's certificate says. */
export interface ServerNames {
  readonly dnsNames: readonly string[]
  readonly addresses: readonly string[]
}

/** An authority lives long: replacing it means new certificates for everybody. */
export const AUTHORITY_LIFETIME_MS: number = 10 * 365 * 24 * 3_600_000
/** A leaf lives short: it needs no revocation. */
export const LEAF_LIFETIME_MS: number = 24 * 3_600_000
/** That of the rate limit service, which reads its certificate when it starts and never again: a renewal restarts it. */
export const RATE_LIMIT_CERTIFICATE_LIFETIME_MS: number = 365 * 24 * 3_600_000

/** Credentials that renew themselves until `stop`. */
export class CertificateRotation {
  readonly credentials: TlsServerCredentials
  readonly #authorities: readonly [CertificatePair, ...CertificatePair[]]
  readonly #names: ServerNames
  readonly #clock: ServerClock
  readonly #lifetimeMs: number
  readonly #stop: () => void

  /** @param authorities the first one signs; clients of all are let in */
  constructor(
    authorities: readonly [CertificatePair, ...CertificatePair[]],
    names: ServerNames,
    clock: ServerClock,
    lifetimeMs: number = LEAF_LIFETIME_MS,
  ) {
    this.#authorities = authorities
    this.#names = names
    this.#clock = clock
    this.#lifetimeMs = lifetimeMs
    const first = this.#issue()
    this.credentials = new TlsServerCredentials(this.#identity(first))
    this.#stop = keepFresh(clock, first, () => {
      const next = this.#issue()
      this.credentials.rotate(this.#identity(next))
      return next
    })
  }

  /** No further renewals. */
  stop(): void {
    this.#stop()
  }

  #issue(): CertificatePair {
    const request = { commonName: 'headgate control plane', ...this.#names, usage: 'server', lifetimeMs: this.#lifetimeMs } as const
    return issueCertificate(this.#authorities[0], request, this.#clock.wallTime())
  }

  #identity(server: CertificatePair): ConstructorParameters<typeof TlsServerCredentials>[0] {
    return { server, authorities: this.#authorities.map(({ certificate }) => certificate) }
  }
}
