/** What a test backend answers: the request as it arrived, and who answered. */
export interface Echo {
  readonly backend: string
  readonly method: string
  /** As it arrived, with the query. */
  readonly path: string
  /** The Host header or `:authority`. */
  readonly host: string
  readonly httpVersion: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
  /** Present when the request came over TLS. */
  readonly tls?: {
    readonly serverName: string | undefined
    readonly clientCertificate: string | undefined
    readonly alpn: string | undefined
  }
}
