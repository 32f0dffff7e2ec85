/** How clients are treated; the defaults are in `defaults.ts`. Where a field is optional, leaving it out leaves it to Envoy. */
import type { TcpKeepalive } from './cluster.js'
import type { HeaderValue } from './headers.js'
import type { AddressRange } from './route.js'

/** What holds for a port as a whole: it is decided before anything of a connection is known. */
export interface SocketSettings {
  readonly bufferLimitBytes: number
  readonly tcpKeepalive?: TcpKeepalive
  /** `required`: connections without it are closed. `optional`: they are taken with the address that they have. */
  readonly proxyProtocol: 'off' | 'optional' | 'required'
  /** For the PROXY protocol and the name asked for by TLS. */
  readonly inspectionTimeoutMs?: number
  readonly maxAcceptsPerEvent?: number
  /** Fingerprints of TLS handshakes that are taken, in ascending order. */
  readonly fingerprints?: readonly ('JA3' | 'JA4')[]
}

/** What holds for the connections of a chain. */
export interface ClientSettings {
  /** Of connections whose bytes are forwarded as they are. */
  readonly tcpIdleTimeoutMs: number
  readonly tlsHandshakeTimeoutMs?: number
  readonly connectionLimit?: { readonly connections: number; readonly closeDelayMs?: number }
  readonly address: ClientAddress
  readonly requestHeadersTimeoutMs: number
  /** For a whole request to arrive. */
  readonly requestTimeoutMs?: number
  readonly streamIdleTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxConnectionDurationMs?: number
  readonly maxRequestsPerConnection?: number
  readonly maxStreamDurationMs?: number
  readonly http1?: Http1Settings
  readonly http2: Http2Settings
  readonly underscoresInHeaders: 'allow' | 'reject' | 'drop'
  readonly escapedSlashes: 'keep' | 'reject' | 'redirect' | 'forward'
  readonly mergeSlashes: boolean
  readonly normalizePath: boolean
  readonly stripTrailingHostDot: boolean
  readonly maxRequestHeadersKib?: number
  readonly maxRequestHeaders?: number
  /** Headers of Envoy's own, such as `x-envoy-upstream-service-time`. */
  readonly envoyHeaders?: true
  readonly forwardedClientCertificate?: ForwardedClientCertificate
  /** `generate`, which is also what undefined means: always a new one. `disable`: none, what a client sent is removed. */
  readonly requestId?: 'preserveOrGenerate' | 'preserve' | 'disable'
  readonly earlyRequestHeaders?: readonly HeaderMutation[]
  readonly lateResponseHeaders?: readonly HeaderMutation[]
  /** A path that the proxy answers itself. */
  readonly healthCheckPath?: string
  /** The scheme that backends see is that of the connection to them. */
  readonly schemeOfBackend?: true
}

/** Where a client is. */
export type ClientAddress =
  /** Where the connection comes from; with trusted hops, so many proxies stand in front and the last entries of `x-forwarded-for` are theirs. */
  | { readonly from: 'connection'; readonly trustedHops: number; readonly append: boolean }
  /** The last entry of `x-forwarded-for` that is in none of these ranges, where the connection comes from one of them. */
  | { readonly from: 'trustedRanges'; readonly ranges: readonly AddressRange[]; readonly append: boolean }
  /** A header; `required`: requests without an address in it get 403. */
  | { readonly from: 'header'; readonly name: string; readonly required: boolean }

/** HTTP/1. */
export interface Http1Settings {
  readonly trailers?: true
  readonly preserveHeaderCase?: true
  /** False: whole URLs in request lines are not taken apart. */
  readonly absoluteUrl?: false
  /** HTTP/1.0 and HTTP/0.9 are served; requests without a host are for the default host. */
  readonly http10?: { readonly defaultHost?: string }
  /** Connections are closed without warning when they have lasted long enough. */
  readonly abruptMaxConnectionDuration?: true
  readonly ignoredUpgrades?: readonly TextMatch[]
}

/** HTTP/2, and what HTTP/3 has in common with it. */
export interface Http2Settings {
  readonly maxConcurrentStreams: number
  readonly streamWindowBytes: number
  readonly connectionWindowBytes: number
  /** A message against the rules ends its stream and not its connection. */
  readonly invalidMessageEndsStream?: true
  readonly keepalive?: {
    readonly intervalMs?: number
    readonly timeoutMs: number
    readonly jitterPercent?: number
  }
}

/** The header `x-forwarded-client-cert`; without it the header is removed. */
export interface ForwardedClientCertificate {
  readonly mode: 'sanitize' | 'forwardOnly' | 'appendForward' | 'sanitizeSet' | 'alwaysForwardOnly'
  /** In ascending order. */
  readonly details: readonly ('cert' | 'chain' | 'dns' | 'subject' | 'uri')[]
}

/** One change of headers; they are made in their order. Values may hold operators of Envoy between percent signs. */
export type HeaderMutation =
  | { readonly do: 'set' | 'add' | 'addIfAbsent'; readonly header: HeaderValue }
  | { readonly do: 'remove'; readonly name: string }
  | { readonly do: 'removeMatching'; readonly names: TextMatch }

/** Texts that match; a regular expression matches whole texts. */
export interface TextMatch {
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'regex'
  readonly value: string
}
