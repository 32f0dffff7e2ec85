/** What static Envoys are told: the shortest file that does the work, and the one that Envoy's documentation recommends for edges. */

/** What differs between static Envoys; fields are Envoy's own, in ProtoJSON. */
export interface StaticProxy {
  readonly virtualHosts: readonly object[]
  readonly clusters: readonly object[]
  /** Of the HTTP connection manager, besides routes and router. */
  readonly manager?: object
  /** Of the listener, besides address and chain. */
  readonly listener?: object
  /** Of the file, besides listeners and clusters. */
  readonly bootstrap?: object
}

/** A proxy for these domains, to one backend of HTTP/1.1: nothing is said that needs not be said. */
export function bareProxy(domains: readonly string[], backendPort: number): StaticProxy {
  return { virtualHosts: virtualHosts(domains, { cluster: 'backend' }), clusters: [backend(backendPort)] }
}

/**
 * The same with what Envoy 1.40 recommends for edges, see
 * https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/best_practices/edge. Left out are only TLS and HTTP/2 to the backend, which
 * the other proxies here have not either, and the admin interface. The limit of all connections is a resource monitor: its runtime key
 * is deprecated.
 */
export function edgeProxy(domains: readonly string[], backendPort: number): StaticProxy {
  return {
    // 15 s are said there twice: for the whole request, which is Envoy's default as well, and for silence.
    virtualHosts: virtualHosts(domains, { cluster: 'backend', timeout: '15s', idleTimeout: '15s' }),
    clusters: [{ ...backend(backendPort), perConnectionBufferLimitBytes: BUFFER_BYTES }],
    manager: {
      useRemoteAddress: true,
      normalizePath: true,
      mergeSlashes: true,
      pathWithEscapedSlashesAction: 'UNESCAPE_AND_REDIRECT',
      commonHttpProtocolOptions: { idleTimeout: '3600s', headersWithUnderscoresAction: 'REJECT_REQUEST' },
      http2ProtocolOptions: { maxConcurrentStreams: 100, initialStreamWindowSize: 65_536, initialConnectionWindowSize: 1_048_576 },
      streamIdleTimeout: '300s',
      requestTimeout: '300s',
    },
    listener: { perConnectionBufferLimitBytes: BUFFER_BYTES },
    bootstrap: {
      overloadManager: {
        refreshInterval: '0.25s',
        resourceMonitors: [
          monitor('fixed_heap', 'fixed_heap.v3.FixedHeapConfig', { maxHeapSizeBytes: 2_147_483_648 }),
          monitor('global_downstream_max_connections', 'downstream_connections.v3.DownstreamConnectionsConfig', {
            maxActiveDownstreamConnections: 50_000,
          }),
        ],
        actions: [shedding('shrink_heap', 0.95), shedding('stop_accepting_requests', 0.98)],
      },
      layeredRuntime: {
        layers: [{ name: 'static', staticLayer: { 'envoy.resource_limits.listener.static.connection_limit': 10_000 } }],
      },
    },
  }
}

/** An address of this machine only. */
export function socketAddress(portValue: number): object {
  return { socketAddress: { address: '127.0.0.1', portValue } }
}

const BUFFER_BYTES = 32_768
const HEAP_MONITOR = 'envoy.resource_monitors.fixed_heap'

function virtualHosts(domains: readonly string[], route: object): readonly object[] {
  return domains.map((domain) => ({ name: domain, domains: [domain], routes: [{ match: { prefix: '/' }, route }] }))
}

function backend(port: number): object {
  const endpoint = { endpoint: { address: socketAddress(port) } }
  return {
    name: 'backend',
    type: 'STATIC',
    loadAssignment: { clusterName: 'backend', endpoints: [{ lbEndpoints: [endpoint] }] },
  }
}

function monitor(name: string, type: string, config: object): object {
  const typedConfig = { '@type': `type.googleapis.com/envoy.extensions.resource_monitors.${type}`, ...config }
  return { name: `envoy.resource_monitors.${name}`, typedConfig }
}

function shedding(action: string, value: number): object {
  return { name: `envoy.overload_actions.${action}`, triggers: [{ name: HEAP_MONITOR, threshold: { value } }] }
}
