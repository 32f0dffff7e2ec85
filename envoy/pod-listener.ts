/**
 * What the kubelet and Prometheus may ask of an Envoy pod, on the pod's address: `/ready`, `/drain` and `/stats/prometheus`.
 *
 * The admin interface itself stays on its Unix socket, where only these requests are passed on. Envoy ends at once on SIGTERM and
 * its image has no shell, so the pod's preStop hook is `GET /drain?minimum=S&maximum=S`, with a key: it makes Envoy unready, asks clients to
 * leave (`connection: close`, GOAWAY), and answers when no client connection is left or the time is up; then comes SIGTERM.
 */
import { Enum } from '../src/gen/envoy/enums.js'
import type { envoy } from '../src/gen/envoy/types.js'
import { type Any, any, bool, duration } from '../src/xds/message.js'
import { ADMIN_CLUSTER, DRAIN_SCRIPT, WAIT_CLUSTER, WAIT_MILLISECONDS } from './drain-script.js'
import type { ProxyMetrics } from './metrics.js'

type Address = envoy.config.core.v3.Address
type Route = envoy.config.route.v3.Route
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter

/** Where the listener binds and which admin socket it passes to. */
export interface PodListenerOptions {
  /** The first is the main one. */
  readonly addresses: readonly [string, ...string[]]
  readonly port: number
  /** Stands in the header `DRAIN_KEY_HEADER` of whoever may let the proxy drain: the port is open to others, and to requests to a backend. */
  readonly drainKey: string
  readonly adminSocketPath: string
  readonly metrics: Pick<ProxyMetrics, 'prometheus' | 'compression'>
}

/** The header of `/drain` that has the key. */
export const DRAIN_KEY_HEADER = 'x-headgate-drain-key'

/** The longest that `/drain` may take, whatever the request says. */
const LONGEST_DRAIN_MILLISECONDS = 3_600_000

/** The static listeners and the clusters that they need. The admin socket's folder must be writable: a second socket is made there. */
export function podListener({ addresses: [main, ...others], port, drainKey, adminSocketPath, metrics }: PodListenerOptions): {
  readonly listeners: readonly envoy.config.listener.v3.Listener[]
  readonly clusters: readonly envoy.config.cluster.v3.Cluster[]
} {
  const at = (address: string): Address => ({ socketAddress: { address, portValue: port } })
  const waitSocket = { pipe: { path: `${adminSocketPath}.wait`, mode: 0o600 } }
  return {
    listeners: [
      listener('headgate_pod', [at(main), ...others.map(at)], podRoutes(metrics.prometheus, drainKey), [
        ...compressor(metrics.compression),
        { name: 'envoy.filters.http.lua', typedConfig: any('envoy.extensions.filters.http.lua.v3.Lua', {}) },
      ]),
      listener('headgate_wait', [waitSocket], [{ match: { prefix: '/' }, directResponse: { status: 200 } }], [delay()]),
    ],
    clusters: [cluster(ADMIN_CLUSTER, { pipe: { path: adminSocketPath } }), cluster(WAIT_CLUSTER, waitSocket)],
  }
}

function podRoutes(prometheus: boolean, drainKey: string): readonly Route[] {
  const headers = [{ name: ':method', stringMatch: { exact: 'GET' } }]
  const drain = any('envoy.extensions.filters.http.lua.v3.LuaPerRoute', { sourceCode: { inlineString: DRAIN_SCRIPT } })
  return [
    { match: { path: '/ready', headers }, route: { cluster: ADMIN_CLUSTER, timeout: duration(5_000) } },
    ...(prometheus
      ? [{ match: { path: '/stats/prometheus', headers }, route: { cluster: ADMIN_CLUSTER, timeout: duration(30_000) } }]
      : []),
    {
      match: { path: '/drain', headers: [...headers, { name: DRAIN_KEY_HEADER, stringMatch: { exact: drainKey } }] },
      directResponse: { status: 500 },
      typedPerFilterConfig: { 'envoy.filters.http.lua': drain },
    },
  ]
}

function compressor(how: ProxyMetrics['compression']): readonly HttpFilter[] {
  if (how === undefined) return []
  const library = {
    gzip: any('envoy.extensions.compression.gzip.compressor.v3.Gzip', {}),
    brotli: any('envoy.extensions.compression.brotli.compressor.v3.Brotli', {}),
    zstd: any('envoy.extensions.compression.zstd.compressor.v3.Zstd', {}),
  }[how]
  return [
    {
      name: 'envoy.filters.http.compressor',
      typedConfig: any('envoy.extensions.filters.http.compressor.v3.Compressor', {
        compressorLibrary: { name: `envoy.compression.${how}.compressor`, typedConfig: library },
      }),
    },
  ]
}

function delay(): HttpFilter {
  return {
    name: 'envoy.filters.http.fault',
    typedConfig: any('envoy.extensions.filters.http.fault.v3.HTTPFault', {
      delay: { fixedDelay: duration(WAIT_MILLISECONDS), percentage: { numerator: 100 } },
    }),
  }
}

function listener(
  name: string,
  [address, ...others]: readonly Address[],
  routes: readonly Route[],
  filters: readonly HttpFilter[],
): envoy.config.listener.v3.Listener {
  const manager: Any = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    statPrefix: name,
    routeConfig: { name, virtualHosts: [{ name, domains: ['*'], routes }] },
    httpFilters: [
      ...filters,
      { name: 'envoy.filters.http.router', typedConfig: any('envoy.extensions.filters.http.router.v3.Router', {}) },
    ],
    streamIdleTimeout: duration(LONGEST_DRAIN_MILLISECONDS),
    generateRequestId: bool(false),
  })
  return {
    name,
    statPrefix: name,
    ...(address === undefined ? {} : { address }),
    ...(others.length === 0 ? {} : { additionalAddresses: others.map((each) => ({ address: each })) }),
    // A pod that is full must still answer its probes, and one that drains its drain hook.
    ignoreGlobalConnLimit: true,
    drainType: Enum['envoy.config.listener.v3.Listener.DrainType'].MODIFY_ONLY,
    filterChains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typedConfig: manager }] }],
  }
}

function cluster(name: string, address: envoy.config.core.v3.Address): envoy.config.cluster.v3.Cluster {
  return {
    name,
    type: Enum['envoy.config.cluster.v3.Cluster.DiscoveryType'].STATIC,
    connectTimeout: duration(1_000),
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [{ endpoint: { address } }] }] },
  }
}
