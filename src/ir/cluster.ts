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
  /** The host that each request names; only addresses of the internet unless `allowsPrivate`. */
  | { readonly kind: 'dynamic'; readonly allowsPrivate: boolean }
  /** By name, asked again and again. */
  | { readonly kind: 'dns'; readonly hosts: readonly DnsHost[] }

/** Endpoints that are found by a name. */
export interface DnsHost {
  /** A DNS name or a literal address. */
  readonly hostname: string
  readonly port: number
  readonly weight: number
  /** See `Locality`; undefined: unknown, and the first. */
  readonly zone?: string
  readonly priority?: number
  /** The host that they are asked for, where it is another one. */
  readonly knownAs?: string
}

/** How traffic to a backend is treated; defaults in `defaults.ts`. */
export interface BackendTraffic {
  readonly connectTimeoutMs: number
  readonly bufferLimitBytes: number
  readonly loadBalancing: LoadBalancing
  readonly retryBudget?: RetryBudget
  readonly limits?: TrafficLimits
  readonly activeHealthCheck?: ActiveHealthCheck
  readonly passiveHealthCheck?: PassiveHealthCheck
  /** With fewer healthy endpoints than this, the others are used as well; a default of ours where undefined. */
  readonly panicThresholdPercent?: number
  readonly tcpKeepalive?: TcpKeepalive
  /** Request headers that may name the endpoint, the first that has one counts; `loadBalancing` chooses for other requests. */
  readonly endpointOverride?: readonly string[]
  /** Shares of zones, whatever endpoints they have; 1 for a zone that is not named. */
  readonly zoneWeights?: Readonly<Record<string, number>>
  /** Goes to endpoints in the zone of the proxy. */
  readonly localZone?: LocalZone
  readonly preconnect?: Preconnect
  readonly dns?: DnsLookups
  /** Says in front of each connection whose it is. */
  readonly proxyProtocol?: 'v1' | 'v2'
  /** What is counted besides what always is. */
  readonly statistics?: ClusterStatistics
  /** How HTTP connections are kept; nothing of it concerns bytes and datagrams. */
  readonly http?: UpstreamHttp
}

/** How an endpoint is chosen. `consistentHash` needs routes that say what is hashed; without it any endpoint is taken. */
export type LoadBalancing =
  | { readonly kind: 'leastRequest' | 'roundRobin'; readonly slowStartMs?: number }
  | { readonly kind: 'random' }
  | { readonly kind: 'consistentHash'; readonly tableSize: number }
  | LoadReports

/** Endpoints report how busy they are; Envoy's own values where undefined. */
export interface LoadReports {
  readonly kind: 'backendUtilization'
  readonly blackoutMs?: number
  readonly expirationMs?: number
  readonly updateMs?: number
  readonly errorPenalty?: number
  /** Of which the greatest counts; empty: the CPU. */
  readonly metricNames: readonly string[]
  /** Asked for over gRPC, instead of read from answers. */
  readonly outOfBand?: { readonly periodMs?: number; readonly port?: number; readonly authority?: string }
}

/** What Envoy counts for a cluster besides what it always does. */
export interface ClusterStatistics {
  /** True: requests and connections of each endpoint. */
  readonly perEndpoint?: boolean
  /** True: sizes of headers and bodies. */
  readonly sizes?: boolean
  /** The part of the names of statistics that names the cluster; made from its name where undefined. */
  readonly name?: string
}

/** When the zone of the proxy counts; Envoy's own values where undefined. */
export interface LocalZone {
  /** Healthy endpoints that there must be in it. */
  readonly minInZone?: number
  /** Healthy endpoints that there must be in all zones. */
  readonly minInAll?: number
  /** Of how many requests. */
  readonly percent?: number
}

/** Connections that are made before they are needed, as ratios to those that are. */
export interface Preconnect {
  readonly perEndpointRatio?: number
  readonly predictiveRatio?: number
}

/** How names are looked up; Envoy's own values where undefined. */
export interface DnsLookups {
  readonly refreshMs?: number
  readonly respectsTtl?: boolean
  readonly family?: 'IPv4' | 'IPv6' | 'IPv4Preferred' | 'IPv6Preferred' | 'IPv4AndIPv6'
}

/** How much may be under way from one proxy; undefined is no limit. */
export interface TrafficLimits {
  readonly connections?: number
  readonly pendingRequests?: number
  readonly requests?: number
  readonly retries?: number
  readonly connectionsPerEndpoint?: number
  /** Share of the requests under way that may be retries; counts before `retries` and before a `RetryBudget`. */
  readonly retryShare?: { readonly percent: number; readonly minConcurrency?: number }
}

/** Endpoints are asked how they are. */
export interface ActiveHealthCheck {
  /** Who is asked for. Envoy's default, the name of the cluster, is no name of a host: servers refuse it. */
  readonly host: string
  readonly timeoutMs: number
  readonly intervalMs: number
  readonly unhealthyThreshold: number
  readonly healthyThreshold: number
  /** The first question waits a random time up to this. */
  readonly initialJitterMs?: number
  /** The port that is asked; undefined: that of the requests. */
  readonly port?: number
  /** What is written besides changes between well and unwell; undefined writes nothing. */
  readonly log?: { readonly failures: boolean; readonly successes: boolean; readonly path: string }
  readonly question:
    | {
        readonly kind: 'http'
        readonly path: string
        readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT'
        readonly expectedStatuses: readonly number[]
        /** Bad answers of which it takes several in a row; undefined: any. */
        readonly retriableStatuses?: readonly number[]
        readonly body?: HealthCheckBytes
        readonly expectedBody?: HealthCheckBytes
      }
    | { readonly kind: 'tcp'; readonly send?: HealthCheckBytes; readonly receive?: HealthCheckBytes }
    /** Only for clusters of HTTP/2. */
    | { readonly kind: 'grpc'; readonly service?: string }
}

/** Bytes as hexadecimal digits. */
export type HealthCheckBytes = string

/** Endpoints that fail are left out for a while. */
export interface PassiveHealthCheck {
  readonly intervalMs: number
  readonly baseEjectionMs: number
  readonly maxEjectionPercent: number
  /** False: not even one endpoint is left out when `maxEjectionPercent` is reached by it. */
  readonly mayEjectOne: boolean
  /** Failures in a row; 0: never for this reason. */
  readonly consecutive5xx: number
  readonly consecutiveGatewayFailures: number
  /** Failed connections in a row, where they count apart from answers. */
  readonly consecutiveLocalFailures?: number
  /** Share of failures in an interval, in percent. */
  readonly failurePercent?: number
}

/** Probes on silent connections; undefined: what the kernel has. */
export interface TcpKeepalive {
  readonly probes?: number
  readonly idleSeconds?: number
  readonly intervalSeconds?: number
}

/** What of HTTP/1 must be the same towards clients and backends: it is lost on the way otherwise. */
export interface Http1PassThrough {
  readonly trailers?: true
  readonly preserveHeaderCase?: true
}

/** How HTTP connections to a backend are kept. */
export interface UpstreamHttp {
  readonly http1?: Http1PassThrough
  /** 0: for ever. */
  readonly idleTimeoutMs?: number
  /** 0: no limit. */
  readonly maxConnectionDurationMs?: number
  readonly maxRequestsPerConnection?: number
  /** From the beginning of a request to the end of its answer. */
  readonly maxStreamDurationMs?: number
  readonly streamWindowBytes?: number
  readonly connectionWindowBytes?: number
  readonly maxConcurrentStreams?: number
  /** True: a message against the rules of HTTP ends its stream, not the connection. */
  readonly keepsConnectionOnInvalidMessage?: boolean
  readonly ping?: Http2Ping
  /** True: the version of HTTP that the client speaks. */
  readonly followsClient?: boolean
}

/** Questions over connections of HTTP/2 whether somebody is there; Envoy's own values where undefined. */
export interface Http2Ping {
  readonly intervalMs?: number
  readonly timeoutMs?: number
  readonly jitterPercent?: number
  /** Asks before a request when the connection was idle for so long. */
  readonly idleMs?: number
}

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
  /** Its share, where zones have shares. */
  readonly weight?: number
}

/** One address. */
export interface Endpoint {
  readonly address: { readonly kind: 'ip'; readonly ip: string; readonly port: number } | { readonly kind: 'unix'; readonly path: string }
  /** Of an IP address: one of the other family, by which the same endpoint is tried where the first does not answer. */
  readonly otherwise?: { readonly ip: string; readonly port: number }
  /** `draining`: finishes what it has, gets nothing new unless nobody else is there. */
  readonly health: 'healthy' | 'draining'
  readonly weight: number
  /** The host that it is asked for, where it has one. */
  readonly knownAs?: string
  /** The port of health checks, where it is another one. */
  readonly healthCheckPort?: number
}
