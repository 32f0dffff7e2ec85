/** IR values with everything filled in, so that a test says only what it is about. */
import { Graph } from '../../src/incremental/index.js'
import type { JwtRequirement } from '../../src/ir/authentication.js'
import type { Cluster, Endpoint, Endpoints } from '../../src/ir/cluster.js'
import { DEFAULT_BACKEND_TRAFFIC, DEFAULT_CLIENT_SETTINGS, DEFAULT_SOCKET_SETTINGS, DEFAULT_TIMEOUTS } from '../../src/ir/defaults.js'
import type { Forward, WeightedCluster } from '../../src/ir/forward.js'
import { NO_HEADER_CHANGES } from '../../src/ir/headers.js'
import type { Hostname } from '../../src/ir/hostname.js'
import type { ResourcePatch } from '../../src/ir/patch.js'
import type { HttpChain, Port, StreamChain } from '../../src/ir/port.js'
import type { RequestMatch, Route, RouteTable, VirtualHost } from '../../src/ir/route.js'
import type { SecretMaterial } from '../../src/ir/tls.js'
import type { ObjectVersion } from '../../src/util/object-ref.js'
import type { EncodedResource } from '../../src/xds/resource.js'
import { declareXds, type XdsCollections, type XdsOptions } from '../../src/xds/translate/declare.js'

/** The version of an object that a fixture was made from. */
export function origin(kind: string, name: string, generation = 1): ObjectVersion {
  return { group: 'gateway.networking.k8s.io', kind, namespace: 'default', name, generation }
}

/** A hostname, unchecked. */
export function host(name: string): Hostname {
  return name as Hostname
}

/** Matches everything below a prefix. */
export function prefix(value: string, more: Partial<RequestMatch> = {}): RequestMatch {
  return { path: { kind: 'prefix', value }, headers: [], queryParams: [], ...more }
}

/** A route to cluster `a` that matches everything. */
export function route(more: Partial<Route> = {}): Route {
  return {
    name: 'HTTPRoute/default/r/rule/0/match/0',
    origin: origin('HTTPRoute', 'r'),
    match: prefix('/'),
    action: forward(),
    requestHeaders: NO_HEADER_CHANGES,
    responseHeaders: NO_HEADER_CHANGES,
    grpc: false,
    ...more,
  }
}

/** A share of the traffic without filters of its own. */
export function weighted(cluster: string, weight = 1, more: Partial<WeightedCluster> = {}): WeightedCluster {
  return { cluster, weight, requestHeaders: NO_HEADER_CHANGES, responseHeaders: NO_HEADER_CHANGES, ...more }
}

/** Forwards to cluster `a`. */
export function forward(more: Partial<Forward> = {}): Forward {
  return {
    kind: 'forward',
    clusters: [weighted('a')],
    invalidWeight: 0,
    mirrors: [],
    timeouts: DEFAULT_TIMEOUTS,
    upgrades: [],
    ...more,
  }
}

/** Serves every host of the route table `t`. */
export function virtualHost(routes: readonly Route[], more: Partial<VirtualHost> = {}): VirtualHost {
  return { routeTable: 't', domain: '*', routes, otherwise: 404, listenerFilters: [], origins: routes.map((one) => one.origin), ...more }
}

/** The route table `t`. */
export function routeTable(more: Partial<RouteTable> = {}): RouteTable {
  return { name: 't', group: 'g', port: 'p', listenerPort: 80, encrypted: false, origins: [origin('Gateway', 'gw')], ...more }
}

/** A plain chain that serves the route table `t`. */
export function httpChain(more: Partial<HttpChain> = {}): HttpChain {
  return { kind: 'http', name: 'http', listeners: ['http'], encrypted: false, serverNames: [], routeTable: 't', ...more }
}

/** A plain chain to cluster `a`. */
export function streamChain(more: Partial<StreamChain> = {}): StreamChain {
  return {
    kind: 'stream',
    name: 'tcp',
    listeners: ['tcp'],
    encrypted: false,
    serverNames: [],
    clusters: [weighted('a')],
    invalidWeight: 0,
    origins: [origin('TCPRoute', 'tcp')],
    ...more,
  }
}

/** The port `p` of the group `g`. */
export function port(more: Partial<Port> = {}): Port {
  return {
    name: 'p',
    group: 'g',
    gateway: origin('Gateway', 'gw'),
    addresses: ['127.0.0.1'],
    boundPort: 18_080,
    port: 80,
    transport: 'TCP',
    chains: [httpChain()],
    socket: DEFAULT_SOCKET_SETTINGS,
    client: DEFAULT_CLIENT_SETTINGS,
    origins: [origin('Gateway', 'gw')],
    ...more,
  }
}

/** An HTTP/1.1 cluster with endpoints. */
export function cluster(name: string, more: Partial<Cluster> = {}): Cluster {
  return {
    name,
    protocol: 'http1',
    discovery: { kind: 'endpoints' },
    traffic: DEFAULT_BACKEND_TRAFFIC,
    origins: [origin('Service', name)],
    ...more,
  }
}

/** A healthy address on the loopback interface. */
export function endpoint(number: number, more: Partial<Endpoint> = {}): Endpoint {
  return { address: { kind: 'ip', ip: '127.0.0.1', port: number }, health: 'healthy', weight: 1, ...more }
}

/** The endpoints of a cluster, in one place. */
export function endpoints(name: string, ...list: readonly Endpoint[]): Endpoints {
  return { cluster: name, localities: [{ zone: '', priority: 0, endpoints: list }], origins: [origin('EndpointSlice', name)] }
}

/** The IR of a whole test. */
export interface IrValues {
  readonly ports?: readonly Port[]
  readonly routeTables?: readonly RouteTable[]
  readonly virtualHosts?: readonly VirtualHost[]
  readonly clusters?: readonly Cluster[]
  readonly endpoints?: readonly Endpoints[]
  readonly secrets?: readonly SecretMaterial[]
  readonly jwtRequirements?: readonly JwtRequirement[]
}

/** A graph whose inputs are IR collections. */
export interface IrGraph {
  readonly graph: Graph
  readonly xds: XdsCollections
  set(values: IrValues): void
  remove(kind: keyof IrValues, key: string): void
}

/** Declares the translation over inputs. */
export function irGraph(options: XdsOptions = {}): IrGraph {
  const graph = new Graph()
  const inputs = {
    ports: graph.input<Port>('ports'),
    routeTables: graph.input<RouteTable>('route tables'),
    virtualHosts: graph.input<VirtualHost>('virtual hosts'),
    clusters: graph.input<Cluster>('clusters'),
    endpoints: graph.input<Endpoints>('endpoints'),
    secrets: graph.input<SecretMaterial>('secrets'),
    jwtRequirements: graph.input<JwtRequirement>('token requirements'),
  }
  const patchPolicies = graph.input<{ readonly patches: readonly ResourcePatch[] }>('patch policies')
  return {
    graph,
    xds: declareXds(graph, { ...inputs, patchPolicies }, options),
    set: (values) => {
      for (const value of values.ports ?? []) inputs.ports.set(value.name, value)
      for (const value of values.routeTables ?? []) inputs.routeTables.set(value.name, value)
      for (const value of values.virtualHosts ?? []) inputs.virtualHosts.set(`${value.routeTable}#${value.domain}`, value)
      for (const value of values.clusters ?? []) inputs.clusters.set(value.name, value)
      for (const value of values.endpoints ?? []) inputs.endpoints.set(value.cluster, value)
      for (const value of values.secrets ?? []) inputs.secrets.set(value.name, value)
      for (const value of values.jwtRequirements ?? []) inputs.jwtRequirements.set(value.name, value)
    },
    remove: (kind, key) => inputs[kind].set(key, undefined),
  }
}

/** Every resource of every group. Throws when a fragment failed. */
export function translate(values: IrValues, options: XdsOptions = {}): readonly EncodedResource[] {
  const { graph, xds, set } = irGraph(options)
  set(values)
  const [failure] = graph.flush().failures
  if (failure !== undefined) throw failure.error
  return [...xds.resources.entries()].map(([, resource]) => resource)
}
