/** All virtual hosts of a route table in one RouteConfiguration (RDS), and what every RouteConfiguration says. */

import type { envoy } from '../../../gen/envoy/types.js'
import { MAX_DIRECT_RESPONSE_BYTES, type RouteTable } from '../../../ir/route.js'
import { once } from '../../../util/once.js'
import { bool, encode, uint32 } from '../../message.js'
import { type EncodedResource, type ResourcePart, type ResourceReference, TYPE_URL } from '../../resource.js'
import { ADS } from '../config-source.js'
import { versionOfParts } from '../encoded.js'
import { keep } from '../field.js'
import { bytesOf, type EncodedVirtualHost, fieldOf } from './virtual-host.js'

type RouteConfiguration = envoy.config.route.v3.RouteConfiguration

/** How an HTTP connection manager gets its routes. */
export function routesOf(routeTable: string): {
  readonly rds: envoy.extensions.filters.network.http_connection_manager.v3.Rds
} {
  return { rds: { routeConfigName: routeTable, configSource: ADS } }
}

/** What a listener with this route table refers to. */
export function routeReferenceOf(routeTable: string): ResourceReference {
  return { typeUrl: TYPE_URL.routeConfiguration, name: routeTable }
}

/** A route configuration without virtual hosts. */
export function routeConfigurationFrame(name: string): RouteConfiguration {
  return {
    name,
    // Clusters and routes arrive independently: a route to a cluster that is not there yet answers 503 and takes nothing else along.
    validateClusters: bool(false),
    // Gateway API: the port in the Host header MUST be ignored.
    ignorePortInHostMatching: true,
    maxDirectResponseBodySizeBytes: uint32(MAX_DIRECT_RESPONSE_BYTES),
  }
}

/**
 * The route configuration of a table: a concatenation, nothing is encoded again.
 *
 * @param virtualHosts in a total order
 * @param references of all virtual hosts together
 */
export function encodeRouteConfiguration(
  table: RouteTable,
  virtualHosts: readonly EncodedVirtualHost[],
  references: readonly ResourceReference[],
): EncodedResource {
  const frame = encode('envoy.config.route.v3.RouteConfiguration', routeConfigurationFrame(table.name))
  const origins = once(() => originsOf(table, virtualHosts))
  const parts = once(() => partsOf(virtualHosts))
  return {
    typeUrl: TYPE_URL.routeConfiguration,
    name: table.name,
    version: versionOfParts(frame, virtualHosts),
    value: concatenate(frame, virtualHosts),
    // Thousands of objects, and hardly ever asked for.
    get origins() {
      return origins()
    },
    get parts() {
      return parts()
    },
    references,
  }
}

/** The objects that a table and its virtual hosts were made from. */
export function originsOf(table: RouteTable, virtualHosts: readonly EncodedVirtualHost[]): EncodedResource['origins'] {
  return [...new Set([table.origins, ...virtualHosts.map((host) => host.origins)].flat())]
}

/** Virtual hosts as parts of a resource. */
export function partsOf(virtualHosts: readonly EncodedVirtualHost[]): readonly ResourcePart[] {
  return virtualHosts.map((host) => ({ name: host.domain, value: bytesOf(host), origins: host.origins }))
}

/** Protobuf allows the fields of a message in any order, so a message is the concatenation of parts of it. */
function concatenate(frame: Buffer, virtualHosts: readonly EncodedVirtualHost[]): Buffer {
  return keep([frame, ...virtualHosts.flatMap(fieldOf)])
}
