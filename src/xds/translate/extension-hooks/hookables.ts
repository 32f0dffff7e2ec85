/** How each kind of resource is asked about, replaced and closed. */
import { encode } from '../../message.js'
import type { EncodedResource } from '../../resource.js'
import { contentHash } from '../encoded.js'
import { directResponse } from '../routes/direct-response.js'
import { bytesOf, type EncodedVirtualHost } from '../routes/virtual-host.js'
import type { Hookable } from './declare-hooked.js'

/** Virtual hosts. A closed one answers 500. */
export const VIRTUAL_HOST_HOOK: Hookable<EncodedVirtualHost> = {
  kind: 'VirtualHost',
  nameOf: ({ routeTable, domain }) => `${routeTable} ${domain}`,
  bytesOf,
  replace: withBytes,
  closed: (host) => {
    const { domain, origins } = host
    const routes = [{ name: 'no-answer', match: { prefix: '/' }, ...directResponse({ statusCode: 500 }) }]
    const bytes = encode('envoy.config.route.v3.VirtualHost', { name: domain, domains: [domain], routes })
    return { ...withBytes(host, bytes, origins), references: [], jwtRequirements: [] }
  },
}

/** Clusters or listeners. A closed one is not there. */
export function resourceHook(kind: 'Cluster' | 'Listener'): Hookable<EncodedResource> {
  return {
    kind,
    nameOf: ({ name }) => name,
    bytesOf: ({ value }) => value,
    replace: (resource, value, origins) => {
      // Parts are those of the resource as it was.
      const { parts: _parts, ...whole } = resource
      return { ...whole, value, version: contentHash(value), origins }
    },
    closed: () => undefined,
  }
}

function withBytes(host: EncodedVirtualHost, message: Buffer, origins: EncodedVirtualHost['origins']): EncodedVirtualHost {
  return { ...host, memory: message, start: 0, length: message.length, scope: undefined, version: contentHash(message), origins }
}
