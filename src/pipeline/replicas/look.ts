/** What each replica knows of its own proxies alone, asked from another one: whoever looks into one replica sees what all say. */

import type { UntypedServiceImplementation } from '@grpc/grpc-js'
import { lastOf } from '../../admin/all-replicas.js'
import type { OtherReplica, OwnSources } from '../../admin/sources.js'
import { SERVICE_LABEL } from '../../gatewayapi/backends/endpoints.js'
import type { EndpointSlice } from '../../gen/kinds.js'
import { errorText } from '../../util/error-text.js'
import { type Asked, askReplica, onlyReplicas } from './ask.js'
import { hostAndPort } from './identity.js'
import type { LookRequest, Sight } from './service.js'

/** Answers other replicas. */
export function lookServer(replica: string, own: OwnSources): UntypedServiceImplementation {
  return {
    Look: onlyReplicas(({ at, limit }: LookRequest): Sight => {
      const all = at === 'history' ? own.history() : own.proxies()
      return { replica, json: JSON.stringify(lastOf<unknown>(all, limit)) }
    }),
  }
}

/**
 * What other replicas say, in the order of their addresses.
 *
 * @param self the name of this replica: what is its own answer is left out
 * @param limit so many of each at most, the last ones; 0: all
 */
export async function lookAtOthers<Item>(
  addresses: readonly string[],
  { self, at, limit, ...how }: LookRequest & Omit<Asked, 'address'> & { readonly self: string },
): Promise<readonly OtherReplica<Item>[]> {
  const look = async (address: string): Promise<OtherReplica<Item>> => {
    try {
      const { replica, json } = await askReplica<Sight>('Look', { at, limit }, { ...how, address })
      return { replica, items: JSON.parse(json) as readonly Item[] }
    } catch (error) {
      return { address, problem: errorText(error) }
    }
  }
  const all = await Promise.all([...addresses].sort().map(look))
  return all.filter((each) => !('replica' in each && each.replica === self))
}

/** The name of the port of the Service. */
const XDS_PORT = 'xds'

/**
 * Where the replicas are: one address of each, also of those that are not ready or about to go, as they may have proxies.
 *
 * @param service the Service of the xDS server
 */
export function replicaAddresses(
  slices: readonly EndpointSlice[],
  service: { readonly namespace: string; readonly name: string },
): readonly string[] {
  const addresses = new Map<string, string>()
  for (const { metadata, endpoints, ports } of slices) {
    const isOfService = metadata.namespace === service.namespace && metadata.labels?.[SERVICE_LABEL] === service.name
    // The API server says null of a slice that has nothing, as of a Service without pods.
    const port = ports?.find(({ name }) => name === XDS_PORT)?.port
    if (!isOfService || port === undefined) continue
    for (const { addresses: [address = ''] = [], targetRef } of endpoints ?? []) {
      // With two families a pod stands in a slice of each.
      const pod = targetRef?.uid ?? address
      if (!addresses.has(pod)) addresses.set(pod, hostAndPort(address, port))
    }
  }
  return [...addresses.values()]
}
