import type { ObjectVersion } from '../util/object-ref.js'
import type { UpstreamTls } from './tls.js'

/** Where requests of one backend go, and how. */
export interface Cluster {
  /** `<Kind>/<namespace>/<name>/<port>`, with a hash of protocol, TLS and policy where they differ from the plain one. Never an index. */
  readonly name: string
  readonly protocol: BackendProtocol
  readonly discovery: Discovery
  readonly tls?: UpstreamTls
  readonly traffic: BackendTraffic
  readonly origins: readonly ObjectVersion[]
}

/** `http1`: HTTP/1.1. `http2`: HTTP/2 (h2c without TLS). `auto`: by ALPN over TLS. `tcp` and `udp`: bytes. */
export type BackendProtocol = 'http1' | 'http2' | 'auto' | 'tcp' | 'udp'

/** How the addresses of a backend are known. */
export type Discovery =
  /** From us: EndpointSlices and fixed addresses, over EDS. */
  | { readonly kind: 'endpoints' }
  /** By name, asked again and again. */
  | { readonly kind: 'dns'; readonly hosts: readonly { readonly hostname: string; readonly port: number; readonly weight: number }[] }

/** How traffic to a backend is treated; defaults in `defaults.ts`. */
export interface BackendTraffic {
  readonly connectTimeoutMs: number
  readonly bufferLimitBytes: number
  readonly loadBalancing: LoadBalancing
  readonly retryBudget?: RetryBudget
}

/** How an endpoint is chosen. */
export type LoadBalancing = { readonly kind: 'leastRequest' } | { readonly kind: 'roundRobin' } | { readonly kind: 'random' }

/** How many retries there may be. */
export interface RetryBudget {
  readonly percent: number
  readonly intervalMs: number
  readonly minRetriesPerInterval: number
  readonly minIntervalMs: number
}

/** The addresses of a cluster, in a total order. */
export interface Endpoints {
  readonly cluster: string
  readonly localities: readonly Locality[]
  readonly origins: readonly ObjectVersion[]
}

/** Endpoints in one place. */
export interface Locality {
  /** The empty string where unknown. */
  readonly zone: string
  /** 0 is used first; the next ones when too few of those before are healthy. */
  readonly priority: number
  readonly endpoints: readonly Endpoint[]
}

/** One address. */
export interface Endpoint {
  readonly address: { readonly kind: 'ip'; readonly ip: string; readonly port: number } | { readonly kind: 'unix'; readonly path: string }
  /** `draining`: finishes what it has, gets nothing new unless nobody else is there. */
  readonly health: 'healthy' | 'draining'
  readonly weight: number
}
