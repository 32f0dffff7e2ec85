/** What an Envoy counts beside `keptStats`, and who is told. */
import type { envoy } from '../src/gen/envoy/types.js'
import type { BackendTraffic } from '../src/ir/cluster.js'
import { DEFAULT_BACKEND_TRAFFIC } from '../src/ir/defaults.js'
import { any } from '../src/xds/message.js'
import { buildCluster } from '../src/xds/translate/clusters/cluster.js'
import { DEFAULT_TRANSLATE_OPTIONS } from '../src/xds/translate/options.js'

/** Statistics of an Envoy. */
export interface ProxyMetrics {
  /** Whether the pod port answers `/stats/prometheus`. */
  readonly prometheus: boolean
  /** How these answers are compressed for clients that accept it. */
  readonly compression: 'gzip' | 'brotli' | 'zstd' | undefined
  readonly include: readonly { readonly by: 'prefix' | 'suffix' | 'regex'; readonly value: string }[]
  readonly sinks: readonly MetricSink[]
}

/** An OpenTelemetry collector, over gRPC without TLS. */
export interface MetricSink {
  /** A DNS name or an IP address. */
  readonly host: string
  readonly port: number
  readonly countersAsDeltas: boolean
  readonly histogramsAsDeltas: boolean
  readonly headers?: readonly { readonly name: string; readonly value: string }[]
  /** Of the resource that the statistics come from. */
  readonly resourceAttributes?: Readonly<Record<string, string>>
  /** How it is connected to; default `SINK_TRAFFIC`. */
  readonly traffic?: BackendTraffic
}

/** As to backends. */
export const SINK_TRAFFIC: BackendTraffic = {
  ...DEFAULT_BACKEND_TRAFFIC,
  // Envoy warns of the field that says otherwise, and asks every five seconds without it.
  dns: { respectsTtl: false },
}

/** Prometheus, uncompressed, and nothing besides. */
export const DEFAULT_METRICS: ProxyMetrics = { prometheus: true, compression: undefined, include: [], sinks: [] }

/** The sinks, and the static clusters that they need: a bootstrap can refer to no others. */
export function statsSinks({ sinks }: ProxyMetrics): Pick<envoy.config.bootstrap.v3.Bootstrap, 'statsSinks'> & {
  readonly clusters: readonly envoy.config.cluster.v3.Cluster[]
} {
  if (sinks.length === 0) return { clusters: [] }
  return {
    statsSinks: sinks.map(({ countersAsDeltas, histogramsAsDeltas, headers = [], resourceAttributes = {} }, at) => ({
      name: 'envoy.stat_sinks.open_telemetry',
      typedConfig: any('envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig', {
        grpcService: {
          envoyGrpc: { clusterName: clusterName(at) },
          ...(headers.length === 0 ? {} : { initialMetadata: headers.map(({ name, value }) => ({ key: name.toLowerCase(), value })) }),
        },
        ...resourceOf(resourceAttributes),
        reportCountersAsDeltas: countersAsDeltas,
        reportHistogramsAsDeltas: histogramsAsDeltas,
      }),
    })),
    clusters: sinks.map(cluster),
  }
}

function resourceOf(
  attributes: Readonly<Record<string, string>>,
): Pick<envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig, 'resourceDetectors'> {
  if (Object.keys(attributes).length === 0) return {}
  return {
    resourceDetectors: [
      {
        name: 'envoy.tracers.opentelemetry.resource_detectors.static_config',
        typedConfig: any('envoy.extensions.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig', { attributes }),
      },
    ],
  }
}

/** The patterns of the statistics to keep. */
export function includedStats({ include }: ProxyMetrics): readonly envoy.type.matcher.v3.StringMatcher[] {
  return include.map(({ by, value }) =>
    by === 'regex' ? { safeRegex: { regex: value } } : by === 'prefix' ? { prefix: value } : { suffix: value },
  )
}

function clusterName(at: number): string {
  return `headgate_metrics_${at}`
}

function cluster({ host, port, traffic = SINK_TRAFFIC }: MetricSink, at: number): envoy.config.cluster.v3.Cluster {
  const discovery = { kind: 'dns', hosts: [{ hostname: host, port, weight: 1 }] } as const
  return buildCluster({ name: clusterName(at), protocol: 'http2', discovery, traffic, origins: [] }, DEFAULT_TRANSLATE_OPTIONS)
}
