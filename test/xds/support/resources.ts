/** Small resources of every type, as the translation would make them. */
import { createHash } from 'node:crypto'
import type { EnvoyMessages, envoy } from '../../../src/gen/envoy/types.js'
import { encode, type MessageName, messageName } from '../../../src/xds/message.js'
import { type EncodedResource, type ResourceChange, type ResourceReference, TYPE_URL, type TypeUrl } from '../../../src/xds/resource.js'

/** Any resource: its version is the hash of its bytes. */
export function resource(typeUrl: TypeUrl, name: string, value: Buffer, references: readonly ResourceReference[] = []): EncodedResource {
  const version = createHash('sha256').update(value).digest('hex').slice(0, 12)
  const origins = [{ group: 'test', kind: 'Object', namespace: 'default', name, generation: 1 }]
  return { typeUrl, name, version, value, origins, references }
}

/** A resource from its message. */
export function encoded<Name extends MessageName>(
  typeUrl: TypeUrl,
  name: string,
  message: EnvoyMessages[Name],
  references: readonly ResourceReference[] = [],
): EncodedResource {
  return resource(typeUrl, name, encode(messageName(typeUrl) as Name, message), references)
}

/** What a cluster of a test may have; `content` makes versions differ. */
export interface ClusterOptions {
  readonly content?: number
  readonly eds?: boolean
  readonly secret?: string
}

/** A cluster with endpoints by EDS, or without. */
export function cluster(name: string, { content = 1, eds = false, secret = '' }: ClusterOptions = {}): EncodedResource {
  const references: ResourceReference[] = []
  if (eds) references.push({ typeUrl: TYPE_URL.clusterLoadAssignment, name })
  if (secret !== '') references.push({ typeUrl: TYPE_URL.secret, name: secret })
  return encoded<'envoy.config.cluster.v3.Cluster'>(
    TYPE_URL.cluster,
    name,
    { name, ...(eds ? { type: 3 } : { type: 0 }), connectTimeout: { seconds: content } },
    references,
  )
}

/** The endpoints of a cluster: one port. */
export function endpoints(name: string, port = 80): EncodedResource {
  return encoded<'envoy.config.endpoint.v3.ClusterLoadAssignment'>(TYPE_URL.clusterLoadAssignment, name, {
    clusterName: name,
    endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue: port } } } }] }],
  })
}

/** Routes to clusters. */
export function routes(name: string, clusters: readonly string[]): EncodedResource {
  return encoded<'envoy.config.route.v3.RouteConfiguration'>(
    TYPE_URL.routeConfiguration,
    name,
    {
      name,
      virtualHosts: [
        { name: 'all', domains: ['*'], routes: clusters.map((to) => ({ match: { prefix: `/${to}` }, route: { cluster: to } })) },
      ],
    },
    clusters.map((to) => ({ typeUrl: TYPE_URL.cluster, name: to })),
  )
}

/** A scope with its routes inline. */
export function scope(name: string, clusters: readonly string[] = []): EncodedResource {
  return encoded<'envoy.config.route.v3.ScopedRouteConfiguration'>(
    TYPE_URL.scopedRouteConfiguration,
    name,
    {
      name,
      key: { fragments: [{ stringKey: name }] },
      routeConfiguration: {
        name,
        virtualHosts: [{ name, domains: ['*'], routes: clusters.map((to) => ({ match: { prefix: '/' }, route: { cluster: to } })) }],
      },
    },
    clusters.map((to) => ({ typeUrl: TYPE_URL.cluster, name: to })),
  )
}

/** A virtual host by VHDS: `<route configuration>/<host>`. */
export function virtualHost(name: string, list: readonly envoy.config.route.v3.Route[] = []): EncodedResource {
  const domains = [name.slice(name.indexOf('/') + 1)]
  return encoded<'envoy.config.route.v3.VirtualHost'>(TYPE_URL.virtualHost, name, { name, domains, routes: list })
}

/** What a listener of a test may have; `content` makes versions differ. */
export interface ListenerOptions {
  readonly content?: number
  readonly references?: readonly ResourceReference[]
}

/** A listener; it is not complete enough for Envoy. */
export function listener(name: string, { content = 1, references = [] }: ListenerOptions = {}): EncodedResource {
  return encoded<'envoy.config.listener.v3.Listener'>(
    TYPE_URL.listener,
    name,
    { name, address: { socketAddress: { address: '127.0.0.1', portValue: 10_000 } }, tcpBacklogSize: { value: content } },
    references,
  )
}

/** A secret. */
export function secret(name: string, content = 'secret'): EncodedResource {
  return encoded<'envoy.extensions.transport_sockets.tls.v3.Secret'>(TYPE_URL.secret, name, {
    name,
    genericSecret: { secret: { inlineString: content } },
  })
}

/** The change that makes a resource exist. */
export function put(made: EncodedResource): ResourceChange {
  return { typeUrl: made.typeUrl, name: made.name, resource: made }
}

/** The change that takes a resource away. */
export function drop({ typeUrl, name }: Pick<EncodedResource, 'typeUrl' | 'name'>): ResourceChange {
  return { typeUrl, name, resource: undefined }
}
