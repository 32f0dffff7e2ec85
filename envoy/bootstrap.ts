/**
 * The one file that an Envoy of ours starts with: who it is, where its configuration comes from, and its own limits.
 * Everything else arrives over xDS. The same function serves the local Envoy and the pods in a cluster.
 */
import { Enum } from '../src/gen/envoy/enums.js'
import type { envoy, google } from '../src/gen/envoy/types.js'
import { IMAGE_METADATA } from '../src/xds/image-metadata.js'
import { any, duration, messageToProtoJson } from '../src/xds/message.js'
import { keptStats } from './kept-stats.js'
import { localZone } from './local-zone.js'
import { DEFAULT_METRICS, includedStats, type ProxyMetrics, statsSinks } from './metrics.js'
import { type PodListenerOptions, podListener } from './pod-listener.js'
import { XDS_CLUSTER, type XdsConnection, xdsCluster } from './xds-cluster.js'

/**
 * The largest program that a regular expression may compile to, in RE2 instructions. Envoy's default of 100 refuses expressions
 * as plain as `/(users|orders)/[a-z]{1,64}`. A match costs at most this times the length of the path; memory is 16 bytes each.
 */
export const MAX_REGEX_PROGRAM_SIZE = 16_384

/** Client connections that one Envoy accepts before it refuses further ones, rather than running out of memory. */
const DEFAULT_MAX_CONNECTIONS = 50_000

/** Who the Envoy is and what it may use. */
export interface BootstrapOptions {
  readonly node: {
    /** Unique among all proxies: it names the proxy in `gatewayctl proxies`. */
    readonly id: string
    /** The group of proxies that get the same configuration. */
    readonly cluster: string
    /** The image that it is of: the controller knows what Envoys of one image refused. Undefined: nobody asks. */
    readonly image?: string
    /** Where it is; undefined: unknown, or said elsewhere. */
    readonly zone?: string
  }
  readonly xds: XdsConnection
  /** A Unix socket: nobody reaches Envoy's admin interface, which can stop it, over the network. */
  readonly adminSocketPath: string
  /** A listener beside those of the Gateway for probes, the drain hook and metrics; see `podListener`. */
  readonly podListener?: Pick<PodListenerOptions, 'addresses' | 'port' | 'drainKey'>
  /** Default `DEFAULT_METRICS`. */
  readonly metrics?: ProxyMetrics
  /** Default `DEFAULT_MAX_CONNECTIONS`. */
  readonly maxConnections?: number
  /** Envoy sheds load when its heap comes near this; undefined does not watch the heap. */
  readonly maxHeapBytes?: number
}

/** The bootstrap as a message. */
export function buildBootstrap(options: BootstrapOptions): envoy.config.bootstrap.v3.Bootstrap {
  const { node, adminSocketPath, metrics = DEFAULT_METRICS } = options
  const pod = options.podListener && podListener({ ...options.podListener, adminSocketPath, metrics })
  const sinks = statsSinks(metrics)
  const local = node.zone === undefined ? undefined : localZone(node.zone)
  return {
    node: {
      id: node.id,
      cluster: node.cluster,
      ...(node.image === undefined ? {} : { metadata: struct({ [IMAGE_METADATA]: node.image }) }),
      ...local?.node,
    },
    admin: { address: { pipe: { path: options.adminSocketPath, mode: 0o600 } }, ignoreGlobalConnLimit: true },
    dynamicResources: {
      adsConfig: {
        apiType: Enum['envoy.config.core.v3.ApiConfigSource.ApiType'].DELTA_GRPC,
        transportApiVersion: Enum['envoy.config.core.v3.ApiVersion'].V3,
        setNodeOnFirstMessageOnly: true,
        grpcServices: [
          {
            envoyGrpc: {
              clusterName: XDS_CLUSTER,
              // Soon after the controller is back, rather than up to 30 s later.
              retryPolicy: { retryBackOff: { baseInterval: duration(200), maxInterval: duration(2_000) } },
            },
          },
        ],
      },
      ldsConfig: waitForEver(),
      cdsConfig: waitForEver(),
    },
    staticResources: {
      clusters: [xdsCluster(options.xds), ...(pod?.clusters ?? []), ...sinks.clusters, ...(local?.staticResources.clusters ?? [])],
      listeners: pod?.listeners ?? [],
    },
    ...(local === undefined ? {} : { clusterManager: local.clusterManager }),
    statsConfig: { statsMatcher: keptStats(includedStats(metrics)) },
    ...(sinks.statsSinks === undefined ? {} : { statsSinks: sinks.statsSinks }),
    deferredStatOptions: { enableDeferredCreationStats: true },
    layeredRuntime: {
      layers: [
        {
          name: 'headgate',
          staticLayer: { fields: { 're2.max_program_size.error_level': { numberValue: MAX_REGEX_PROGRAM_SIZE } } },
        },
      ],
    },
    overloadManager: overloadManager(options),
    applicationLogConfig: {
      logFormat: { jsonFormat: struct({ level: '%l', logger: '%n', message: '%j' }) },
    },
  }
}

/** The bootstrap as canonical ProtoJSON: the text of the file that Envoy reads. */
export function printBootstrap(options: BootstrapOptions): string {
  return `${JSON.stringify(messageToProtoJson('envoy.config.bootstrap.v3.Bootstrap', buildBootstrap(options)), undefined, 2)}\n`
}

/**
 * The source of listeners and clusters: the stream above. After Envoy's default of 15 s without an answer an Envoy would report
 * itself live with no configuration at all; zero waits.
 */
function waitForEver(): envoy.config.core.v3.ConfigSource {
  return { ads: {}, resourceApiVersion: Enum['envoy.config.core.v3.ApiVersion'].V3, initialFetchTimeout: duration(0) }
}

function overloadManager({
  maxConnections = DEFAULT_MAX_CONNECTIONS,
  maxHeapBytes,
}: BootstrapOptions): envoy.config.overload.v3.OverloadManager {
  const connections = {
    name: 'envoy.resource_monitors.global_downstream_max_connections',
    typedConfig: any('envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig', {
      maxActiveDownstreamConnections: maxConnections,
    }),
  }
  if (maxHeapBytes === undefined) return { resourceMonitors: [connections] }
  const heap = 'envoy.resource_monitors.fixed_heap'
  const at = (action: string, threshold: number): envoy.config.overload.v3.OverloadAction => ({
    name: `envoy.overload_actions.${action}`,
    triggers: [{ name: heap, threshold: { value: threshold } }],
  })
  return {
    refreshInterval: duration(250),
    resourceMonitors: [
      connections,
      {
        name: heap,
        typedConfig: any('envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig', { maxHeapSizeBytes: maxHeapBytes }),
      },
    ],
    actions: [at('shrink_heap', 0.9), at('disable_http_keepalive', 0.92), at('stop_accepting_requests', 0.95)],
  }
}

function struct(values: Readonly<Record<string, string>>): google.protobuf.Struct {
  return { fields: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { stringValue: value }])) }
}
