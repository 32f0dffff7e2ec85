/** What an Envoy counts beside `keptStats`, and who is told. */
import { isIP } from 'node:net'
import { Enum } from '../src/gen/envoy/enums.js'
import type { envoy } from '../src/gen/envoy/types.js'
import { any, duration } from '../src/xds/message.js'

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

function cluster({ host, port }: MetricSink, at: number): envoy.config.cluster.v3.Cluster {
  return {
    name: clusterName(at),
    type: Enum['envoy.config.cluster.v3.Cluster.DiscoveryType'][isIP(host) === 0 ? 'STRICT_DNS' : 'STATIC'],
    connectTimeout: duration(3_000),
    loadAssignment: {
      clusterName: clusterName(at),
      endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress: { address: host, portValue: port } } } }] }],
    },
    typedExtensionProtocolOptions: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {
        explicitHttpConfig: { http2ProtocolOptions: {} },
      }),
    },
  }
}
