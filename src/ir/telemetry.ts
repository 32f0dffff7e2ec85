import type { ObjectVersion } from '../util/object-ref.js'

/** What proxies tell about what goes through them. Where nothing is said, the default access log on standard output. */
export interface Telemetry {
  /** Undefined: the default one. Empty: none. */
  readonly accessLogs?: readonly AccessLog[]
  /** Undefined: nothing is traced. */
  readonly tracing?: Tracing
  /** True: calls of gRPC are counted by service and method. */
  readonly countsGrpcCalls?: true
  readonly origins: readonly ObjectVersion[]
}

/** One access log. */
export interface AccessLog {
  readonly of: readonly AccessLogSubject[]
  /** Undefined: the JSON of the default log. */
  readonly format?: AccessLogFormat
  /** CEL, over Envoy's attributes; all must hold. */
  readonly expressions: readonly string[]
  /** Between 0 and 1; undefined keeps all. */
  readonly share?: number
  readonly sink: AccessLogSink
}

/**
 * HTTP requests; connections and datagram sessions whose bytes are forwarded; connections to a port with TLS that come to neither, because
 * their handshake failed or nobody has the server name that they ask for.
 */
export type AccessLogSubject = 'request' | 'connection' | 'handshake'

/** How an entry looks, with Envoy's operators. */
export type AccessLogFormat =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'json'; readonly fields: Readonly<Record<string, string>> }

/** Where entries go. */
export type AccessLogSink =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'openTelemetry'
      readonly collector: GrpcCollector
      readonly attributes: Readonly<Record<string, string>>
      readonly resourceAttributes: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'grpc'
      readonly collector: GrpcCollector
      readonly logName: string
      readonly requestHeaders: readonly string[]
      readonly responseHeaders: readonly string[]
    }

/** A server that takes telemetry over gRPC. */
export interface GrpcCollector {
  readonly cluster: string
  /** Who is asked for. */
  readonly authority: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

/** How requests are traced. */
export interface Tracing {
  readonly provider: TracingProvider
  /** Between 0 and 1: of the requests that are part of no trace yet. */
  readonly share: number
  /** Between 0 and 1: of the requests whose clients ask to be traced; undefined: none. */
  readonly clientShare?: number
  /** Between 0 and 1: of the requests that would be traced for any reason; undefined: all. */
  readonly overallShare?: number
  /** False: also requests that are part of a trace are sampled by the share, whatever their trace says. */
  readonly respectsParents: boolean
  /** With Envoy's operators. */
  readonly spanName?: string
  /** Of the span of a try, with Envoy's operators. */
  readonly upstreamSpanName?: string
  readonly tags: readonly TraceTag[]
  /** What the id of a request does: it decides whether the request is traced, or nothing. Undefined: it decides, and says so in a digit. */
  readonly requestId?: 'decides' | 'unrelated'
}

/** How requests of a route are traced, where it is not as its listener says: shares as a whole, tags besides those of the listener. */
export interface RouteTracing extends Pick<Tracing, 'share' | 'spanName' | 'upstreamSpanName' | 'tags'> {
  readonly clientShare: number
  readonly overallShare: number
}

/** Where spans go. */
export type TracingProvider =
  | {
      readonly kind: 'openTelemetry'
      readonly collector: GrpcCollector
      readonly serviceName: string
      readonly resourceAttributes: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'zipkin'
      readonly cluster: string
      readonly hostname: string
      readonly path: string
      /** True: ids of new traces have 64 bits rather than 128. */
      readonly hasShortTraceIds?: boolean
      /** True: the span of a client is the parent of ours rather than the same. */
      readonly keepsSpansApart?: boolean
    }
  | { readonly kind: 'datadog'; readonly cluster: string; readonly hostname: string; readonly serviceName: string }

/** A tag of every span. */
export type TraceTag =
  | { readonly name: string; readonly kind: 'literal' | 'format'; readonly value: string }
  | { readonly name: string; readonly kind: 'header'; readonly header: string }

/** The clusters that telemetry goes to, each once. */
export function telemetryClusters({ accessLogs = [], tracing }: Telemetry): readonly string[] {
  const ofLogs = accessLogs.flatMap(({ sink }) => ('collector' in sink ? [sink.collector.cluster] : []))
  return [...new Set([...ofLogs, ...(tracing === undefined ? [] : [clusterOf(tracing.provider)])])].sort()
}

function clusterOf(provider: TracingProvider): string {
  return provider.kind === 'openTelemetry' ? provider.collector.cluster : provider.cluster
}
