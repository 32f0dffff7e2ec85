/**
 * Clusters for web addresses that are no objects: an identity provider on the internet. Their names are the scheme, the host and the port,
 * such as `https://id.example.com:443`.
 */
import type { Cluster } from '../../ir/cluster.js'
import { DEFAULT_BACKEND_TRAFFIC } from '../../ir/defaults.js'
import type { Problem } from '../conditions.js'

const DEFAULT_PORTS = { http: 80, https: 443 } as const
const LAST_PORT = 65_535
const ADDRESS = /^(https?):\/\/([a-z0-9.-]+)(?::([0-9]{1,5}))?(?:\/|$)/

const VISIBLE = /^[!-~]+$/

/** The name of the cluster of an address; undefined for what is no address. */
export function webClusterName(uri: string): string | undefined {
  const [, scheme, host, port] = ADDRESS.exec(uri) ?? []
  if ((scheme !== 'http' && scheme !== 'https') || host === undefined) return undefined
  const number = port === undefined ? DEFAULT_PORTS[scheme] : Number(port)
  return number < 1 || number > LAST_PORT ? undefined : `${scheme}://${host}:${number}`
}

/** Why an address of a policy cannot be used. */
export function webAddressProblem(field: string, uri: string): Problem | undefined {
  // Proxies refuse addresses with blanks and the like, and what they are a part of with them.
  if (webClusterName(uri) !== undefined && VISIBLE.test(uri)) return undefined
  return { reason: 'UnsupportedValue', message: `${field}: "${uri}" is no address such as https://id.example.com/keys.` }
}

/** The cluster of such a name; undefined for other names. */
export function webCluster(name: string): Cluster | undefined {
  const [, scheme, host, port] = ADDRESS.exec(name) ?? []
  if (host === undefined || port === undefined || webClusterName(name) !== name) return undefined
  return {
    name,
    protocol: scheme === 'https' ? 'auto' : 'http1',
    discovery: { kind: 'dns', hosts: [{ hostname: host, port: Number(port), weight: 1 }] },
    // The server proves that it is the host of the address.
    ...(scheme === 'https' ? { tls: { serverName: host, trust: { kind: 'system' }, subjectAltNames: [] } } : {}),
    traffic: DEFAULT_BACKEND_TRAFFIC,
    origins: [],
  }
}
