/** Resources that a real Envoy accepts: a listener with routes by RDS or scopes, clusters with endpoints by EDS. */
import { Enum } from '../../../src/gen/envoy/enums.js'
import type { envoy } from '../../../src/gen/envoy/types.js'
import { any, decode, duration } from '../../../src/xds/message.js'
import { type EncodedResource, type ResourceReference, TYPE_URL } from '../../../src/xds/resource.js'
import { SCOPE_REFERENCES, scopedRoutesOf } from '../../../src/xds/translate/scopes/scoped-routes.js'
import { encoded } from './resources.js'

type Route = envoy.config.route.v3.Route
type HttpFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter
type Rds = envoy.extensions.filters.network.http_connection_manager.v3.Rds
type ScopedRoutes = envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes
type Routing = { readonly rds: Rds } | { readonly scopedRoutes: ScopedRoutes }

const ADS: envoy.config.core.v3.ConfigSource = { ads: {}, resourceApiVersion: Enum['envoy.config.core.v3.ApiVersion'].V3 }

/** A listener whose routes come by RDS under `routes`. */
export function httpListener(name: string, port: number, routes: string): EncodedResource {
  return managed(name, port, { rds: { configSource: ADS, routeConfigName: routes } }, [
    { typeUrl: TYPE_URL.routeConfiguration, name: routes },
  ])
}

/** A listener whose routes come by scopes; the scope of a request is its host. It waits for all scopes unless it loads them itself. */
export function scopedListener(name: string, port: number, waits: boolean = false): EncodedResource {
  return managed(name, port, scopedRoutes(), waits ? [{ typeUrl: TYPE_URL.scopedRouteConfiguration, name: '*' }] : [])
}

/** A listener whose scopes are those of `tableScope`; it waits for all of them, and for the listener of ours that loads them. */
export function loadedListener(name: string, port: number): EncodedResource {
  return managed(name, port, scopedRoutesOf(name), SCOPE_REFERENCES)
}

/** A listener without a port that makes the proxy ask for scopes. */
export function scopeLoader(name: string): EncodedResource {
  const loading = managed(name, 1, scopedRoutes(), [])
  const message = decode('envoy.config.listener.v3.Listener', loading.value)
  return encoded<'envoy.config.listener.v3.Listener'>(TYPE_URL.listener, name, { ...message, bindToPort: { value: false } })
}

function scopedRoutes(): { readonly scopedRoutes: ScopedRoutes } {
  const scopeKeyBuilder = { fragments: [{ headerValueExtractor: { name: ':authority', elementSeparator: ':', index: 0 } }] }
  return { scopedRoutes: { name: 'scopes', scopeKeyBuilder, rdsConfigSource: ADS, scopedRds: { scopedRdsConfigSource: ADS } } }
}

/** A listener whose HTTP filter comes by ECDS under `filter`. */
export function filteredListener(name: string, port: number, routes: string, filter: string): EncodedResource {
  const typeUrls = ['type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation']
  return managed(
    name,
    port,
    { rds: { configSource: ADS, routeConfigName: routes } },
    [
      { typeUrl: TYPE_URL.routeConfiguration, name: routes },
      { typeUrl: TYPE_URL.extensionConfig, name: filter },
    ],
    [{ name: filter, configDiscovery: { configSource: ADS, typeUrls } }],
  )
}

/** The configuration of a filter by ECDS: adds a response header. */
export function headerFilter(name: string, value: string): EncodedResource {
  return encoded<'envoy.config.core.v3.TypedExtensionConfig'>(TYPE_URL.extensionConfig, name, {
    name,
    typedConfig: any('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
      mutations: { responseMutations: [{ append: { header: { key: 'x-filter', value } } }] },
    }),
  })
}

/** A listener that terminates TLS with a certificate by SDS under `secretName`. */
export function tlsListener(name: string, port: number, routes: string, secretName: string): EncodedResource {
  const transportSocket = {
    name: 'tls',
    typedConfig: any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      commonTlsContext: { tlsCertificateSdsSecretConfigs: [{ name: secretName, sdsConfig: ADS }] },
    }),
  }
  return managed(
    name,
    port,
    { rds: { configSource: ADS, routeConfigName: routes } },
    [
      { typeUrl: TYPE_URL.routeConfiguration, name: routes },
      { typeUrl: TYPE_URL.secret, name: secretName },
    ],
    [],
    transportSocket,
  )
}

/** A certificate with its key. */
export function tlsSecret(name: string, pair: { readonly certificate: string; readonly privateKey: string }): EncodedResource {
  return encoded<'envoy.extensions.transport_sockets.tls.v3.Secret'>(TYPE_URL.secret, name, {
    name,
    tlsCertificate: { certificateChain: { inlineString: pair.certificate }, privateKey: { inlineString: pair.privateKey } },
  })
}

/** A cluster whose endpoints come by EDS under its own name; `content` makes versions differ. */
export function edsCluster(name: string, content: number = 1): EncodedResource {
  return encoded<'envoy.config.cluster.v3.Cluster'>(
    TYPE_URL.cluster,
    name,
    {
      name,
      type: Enum['envoy.config.cluster.v3.Cluster.DiscoveryType'].EDS,
      edsClusterConfig: { edsConfig: ADS },
      connectTimeout: duration(1_000 + content),
    },
    [{ typeUrl: TYPE_URL.clusterLoadAssignment, name }],
  )
}

/** Routes of one virtual host for every host name. */
export function routeTable(name: string, list: readonly Route[]): EncodedResource {
  const clusters = list.flatMap(({ route }) => (route?.cluster === undefined ? [] : [route.cluster]))
  return encoded<'envoy.config.route.v3.RouteConfiguration'>(
    TYPE_URL.routeConfiguration,
    name,
    { name, virtualHosts: [{ name: 'all', domains: ['*'], routes: list }], validateClusters: { value: false } },
    clusters.map((cluster) => ({ typeUrl: TYPE_URL.cluster, name: cluster })),
  )
}

/** The routes of one host of a `loadedListener`, as a scope that goes to proxies before all is known. */
export function tableScope(table: string, host: string, list: readonly Route[]): EncodedResource {
  return { ...hostScope(host, list, `${table}#${host}`), isPreparation: true }
}

/** The routes of one host, as a scope. */
export function hostScope(host: string, list: readonly Route[], key: string = host): EncodedResource {
  const clusters = list.flatMap(({ route }) => (route?.cluster === undefined ? [] : [route.cluster]))
  return encoded<'envoy.config.route.v3.ScopedRouteConfiguration'>(
    TYPE_URL.scopedRouteConfiguration,
    host,
    {
      name: host,
      key: { fragments: [{ stringKey: key }] },
      routeConfiguration: {
        name: host,
        validateClusters: { value: false },
        virtualHosts: [{ name: host, domains: ['*'], routes: list }],
      },
    },
    clusters.map((cluster) => ({ typeUrl: TYPE_URL.cluster, name: cluster })),
  )
}

/** Everything below a path goes to a cluster. */
export const toCluster = (cluster: string, prefix: string = '/'): Route => ({ match: { prefix }, route: { cluster } })

/** Everything below a path is answered by Envoy itself. */
export const toAnswer = (body: string, prefix: string = '/', status: number = 200): Route => ({
  match: { prefix },
  directResponse: { status, body: { inlineString: body } },
})

/** A route with a regular expression that Envoy's RE2 refuses. */
export const badRegex = (regex: string = '('): Route => ({ match: { safeRegex: { regex } }, directResponse: { status: 200 } })

function managed(
  name: string,
  port: number,
  routing: Routing,
  references: readonly ResourceReference[],
  filters: readonly HttpFilter[] = [],
  transportSocket?: envoy.config.core.v3.TransportSocket,
): EncodedResource {
  const router = { name: 'router', typedConfig: any('envoy.extensions.filters.http.router.v3.Router', {}) }
  const manager = any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    statPrefix: name,
    ...routing,
    httpFilters: [...filters, router],
  })
  return encoded<'envoy.config.listener.v3.Listener'>(
    TYPE_URL.listener,
    name,
    {
      name,
      address: { socketAddress: { address: '127.0.0.1', portValue: port } },
      filterChains: [{ filters: [{ name: 'http', typedConfig: manager }], ...(transportSocket === undefined ? {} : { transportSocket }) }],
    },
    references,
  )
}
