/** Carries requests to the API server: what the HTTP/1.1 and HTTP/2 transports have in common. */

/** What proves who is who on the connection. */
export interface TlsMaterial {
  readonly ca?: Buffer | string
  readonly cert?: Buffer | string
  readonly key?: Buffer | string
  /** The name that the server's certificate must have, where it is not the host of the URL. */
  readonly servername?: string
  /** False only where the kubeconfig says `insecure-skip-tls-verify`. */
  readonly rejectUnauthorized?: boolean
}

/** One request, its path with the query. */
export interface TransportRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
  /** Aborting ends the request and, later, the body. */
  readonly signal: AbortSignal
}

/** The head of an answer and its body as it arrives. Whoever stops reading the body early ends the request. */
export interface TransportResponse {
  readonly status: number
  /** A header by its lower-case name. */
  header(name: string): string | undefined
  readonly body: AsyncIterable<Buffer>
}

/** Sends requests to one server. */
export interface Transport {
  /** Rejects with the connection's error, or with the signal's reason. */
  send(request: TransportRequest): Promise<TransportResponse>
  /** Ends every connection. */
  close(): void
}

/** The first value of a header, whatever Node made of it. */
export function firstHeader(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value
}
