/**
 * Whom we ask for anything. Who writes a policy chooses an address, and we are where they may not be: so some places are never asked, and an
 * operator can say which are.
 */
import { BlockList, isIP, isIPv6 } from 'node:net'

/** What an operator allows. */
export interface FetchRules {
  /** True: servers on this machine may be asked, and without TLS. For a Headgate on a laptop. */
  readonly allowsLoopback: boolean
  /** `HOST`, `HOST:PORT` or `*.HOST`: nobody else is asked. Undefined: everybody. */
  readonly hosts: readonly string[] | undefined
  /** Those that are asked without TLS. */
  readonly plainHosts: readonly string[]
}

/** Networks that hold no server for us. Links have the services by which machines of clouds learn their credentials. */
const NEVER: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  // The same services of clouds that have them elsewhere: Amazon, Google, Alibaba, Oracle, Azure.
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
  ['168.63.129.16', 32],
]
const LOOPBACK: readonly (readonly [network: string, prefix: number])[] = [
  ['127.0.0.0', 8],
  ['::1', 128],
]

/** Why an address of a document is not asked for; undefined: it may be. What its name leads to is checked when it is connected to. */
export function urlProblem(url: URL, rules: FetchRules): string | undefined {
  if (url.username !== '' || url.password !== '') return 'its address holds a login'
  if (rules.hosts !== undefined && !isListed(url, rules.hosts)) return 'its host is not one that the operator of Headgate allows'
  if (url.protocol === 'https:') return undefined
  if (url.protocol !== 'http:') return 'only https is spoken'
  return mayBePlain(url, rules) ? undefined : 'only https is spoken, unless the operator of Headgate allows http for its host'
}

/** True if a server may be asked without TLS. */
export function mayBePlain(url: URL, rules: FetchRules): boolean {
  return isListed(url, rules.plainHosts) || (rules.allowsLoopback && isLoopbackName(hostOf(url)))
}

/** The host of an address as sockets take it: without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** Why nobody is connected to at an IP address; undefined: somebody may be. */
export function addressProblem(address: string, rules: FetchRules): string | undefined {
  const [plain, family] = unwrap(address)
  if (listOf(NEVER).check(plain, family)) return 'it is at an address that is never asked'
  return !rules.allowsLoopback && listOf(LOOPBACK).check(plain, family) ? 'it is at an address of this machine' : undefined
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && listOf(LOOPBACK).check(...unwrap(host)))
}

function isListed(url: URL, hosts: readonly string[]): boolean {
  const host = hostOf(url)
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return hosts.some(
    (each) => each === host || each === `${host}:${port}` || each === url.host || (each.startsWith('*.') && host.endsWith(each.slice(1))),
  )
}

function listOf(networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, isIPv6(network) ? 'ipv6' : 'ipv4')
  return list
}

/** An IPv6 address that stands for one of IPv4 is checked as that. Source: RFC 4291 §2.5.5.2, RFC 6052 §2.1. */
function unwrap(address: string): [address: string, family: 'ipv4' | 'ipv6'] {
  if (!isIPv6(address)) return [address, 'ipv4']
  const written = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [, high, low] = /^(?:::ffff|64:ff9b:):([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written) ?? []
  if (high === undefined || low === undefined) return [written, 'ipv6']
  const bits = [high, low].map((part) => Number.parseInt(part, 16))
  return [bits.flatMap((part) => [part >>> 8, part & 0xff]).join('.'), 'ipv4']
}
