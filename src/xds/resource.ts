/** One piece of Envoy configuration as it leaves the core: encoded once, hashed once, shared by every stream. */
import type { ObjectVersion } from '../util/object-ref.js'

/** The type URLs that we serve, by the name of their discovery service. */
export const TYPE_URL = {
  listener: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  routeConfiguration: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  scopedRouteConfiguration: 'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration',
  virtualHost: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
  cluster: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  clusterLoadAssignment: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  secret: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
  extensionConfig: 'type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig',
  /** For the rate limit service, which is no Envoy. */
  rateLimitConfig: 'type.googleapis.com/ratelimit.config.ratelimit.v3.RateLimitConfig',
} as const

/** A type URL that we serve. */
export type TypeUrl = (typeof TYPE_URL)[keyof typeof TYPE_URL]

/** A resource ready for the wire. */
export interface EncodedResource {
  readonly typeUrl: TypeUrl
  /** Stable over versions: see docs/reference/xds.md. */
  readonly name: string
  /** Content hash of `value`: the same content has the same version on every replica and after every restart. */
  readonly version: string
  /** The encoded message itself (the value of the google.protobuf.Any), never mutated. */
  readonly value: Buffer
  /** The objects that this resource was made from: a rejection is traced to them. */
  readonly origins: readonly ObjectVersion[]
  /** Names of the clusters, secrets and route configurations that this resource refers to; deliveries are ordered by it. */
  readonly references: readonly ResourceReference[]
  /** Where a resource is put together from parts that are made from some of its objects only: the virtual hosts of a route table, in their order. */
  readonly parts?: readonly ResourcePart[]
  /** Names within it that routes refer to, where they do: see `server/extension-order.ts`. */
  readonly provides?: readonly string[]
  /**
   * True for a listener that listens nowhere, and for routes that only such a listener has until all is there: proxies that have nothing get
   * them before all is translated that exists.
   */
  readonly isPreparation?: boolean
}

/** A part of a resource: a rejection is traced to the objects of the part that Envoy complains about. */
export interface ResourcePart {
  readonly name: string
  /** The message of the part, encoded. */
  readonly value: Buffer
  readonly origins: readonly ObjectVersion[]
}

/** A resource that another one names. */
export interface ResourceReference {
  readonly typeUrl: TypeUrl
  readonly name: string
}

/** A resource of a proxy group came, changed or went away. */
export interface ResourceChange {
  readonly typeUrl: TypeUrl
  readonly name: string
  /** Undefined when the resource is gone. */
  readonly resource: EncodedResource | undefined
}
