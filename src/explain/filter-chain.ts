/**
 * The filter chain that a new connection gets.
 *
 * Source: envoy/config/listener/v3/listener_components.proto, FilterChainMatch, and Envoy's "Matching filter chains in listeners".
 */
import { BlockList, isIP } from 'node:net'
import type { envoy, xds } from '../gen/envoy/types.js'
import { textMatches } from './text-match.js'
import { unpack } from './unpack.js'

type Listener = envoy.config.listener.v3.Listener
type FilterChain = envoy.config.listener.v3.FilterChain
type Matcher = xds.type.matcher.v3.Matcher
type OnMatch = xds.type.matcher.v3.Matcher.OnMatch
type AddressRange = envoy.config.core.v3.CidrRange

/** What a listener knows of a connection when it chooses. */
export interface Connection {
  readonly isTls: boolean
  /** By SNI, in lower case; empty where the client names none. */
  readonly serverName: string
  /** The client's address, where it is known. */
  readonly from: string | undefined
}

/** The chain; undefined where the connection is closed. */
export function chooseFilterChain(listener: Listener, connection: Connection): FilterChain | undefined {
  const chains = listener.filterChains ?? []
  if (listener.filterChainMatcher !== undefined) {
    const name = followMatcher(listener.filterChainMatcher, connection)
    return chains.find((chain) => chain.name === name) ?? listener.defaultFilterChain
  }
  const named = byServerName(chains, connection.serverName)
  const spoken = byTransport(named, connection.isTls ? 'tls' : 'raw_buffer')
  return bySource(spoken, connection.from) ?? listener.defaultFilterChain
}

/** Server names that chains of a listener are for. */
export function serverNamesOf({ filterChains = [] }: Listener): readonly string[] {
  return filterChains.flatMap(({ filterChainMatch }) => filterChainMatch?.serverNames ?? [])
}

/** True where it depends on the client's address which chain a connection gets. */
export function asksForSource({ filterChains = [] }: Listener): boolean {
  return filterChains.some(({ filterChainMatch }) => (filterChainMatch?.sourcePrefixRanges ?? []).length > 0)
}

/** An exact name, else the longest suffix, else chains that name none: those of the first kind that there is, and no others. */
function byServerName(chains: readonly FilterChain[], serverName: string): readonly FilterChain[] {
  const labels = serverName.split('.')
  const suffixes = labels.slice(1).map((_, at) => `*.${labels.slice(at + 1).join('.')}`)
  for (const name of serverName === '' ? [] : [serverName, ...suffixes]) {
    const found = chains.filter(({ filterChainMatch }) => (filterChainMatch?.serverNames ?? []).some((each) => each.toLowerCase() === name))
    if (found.length > 0) return found
  }
  return chains.filter(({ filterChainMatch }) => (filterChainMatch?.serverNames ?? []).length === 0)
}

/** Chains for this transport protocol, else those for any. */
function byTransport(chains: readonly FilterChain[], protocol: 'tls' | 'raw_buffer'): readonly FilterChain[] {
  const named = (chain: FilterChain): string => chain.filterChainMatch?.transportProtocol ?? ''
  const found = chains.filter((chain) => named(chain) === protocol)
  return found.length > 0 ? found : chains.filter((chain) => named(chain) === '')
}

/** The chain with the closest range around the client. Of a client that is not known, one that has no range, else the first. */
function bySource(chains: readonly FilterChain[], from: string | undefined): FilterChain | undefined {
  const everybody = chains.find(({ filterChainMatch }) => (filterChainMatch?.sourcePrefixRanges ?? []).length === 0)
  if (from === undefined) return everybody ?? chains[0]
  const ranges = chains.flatMap((chain) => (chain.filterChainMatch?.sourcePrefixRanges ?? []).map((range) => ({ chain, range })))
  return closestTo(from, ranges)?.chain ?? everybody
}

/** What has the smallest range around an address. */
function closestTo<Ranged extends { readonly range: AddressRange }>(address: string, all: readonly Ranged[]): Ranged | undefined {
  const [closest] = all
    .filter(({ range }) => covers(range, address))
    .sort((a, b) => (b.range.prefixLen?.value ?? 0) - (a.range.prefixLen?.value ?? 0))
  return closest
}

function covers({ addressPrefix = '', prefixLen }: AddressRange, address: string): boolean {
  const [family, own] = [isIP(addressPrefix), isIP(address)]
  if (family === 0 || family !== own) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(addressPrefix, prefixLen?.value ?? 0, type)
  return list.check(address, type)
}

/** The name of the chain that a matcher leads to. */
function followMatcher(matcher: Matcher, connection: Connection): string | undefined {
  const found = matcher.matcherTree === undefined ? inList(matcher, connection) : inTree(matcher.matcherTree, connection)
  return (found === undefined ? undefined : follow(found, connection)) ?? (matcher.onNoMatch && follow(matcher.onNoMatch, connection))
}

function follow({ matcher, action }: OnMatch, connection: Connection): string | undefined {
  if (matcher !== undefined) return followMatcher(matcher, connection)
  return unpack('google.protobuf.StringValue', action?.typedConfig).value ?? ''
}

function inTree(tree: xds.type.matcher.v3.Matcher.MatcherTree, connection: Connection): OnMatch | undefined {
  if (tree.exactMatchMap !== undefined) return tree.exactMatchMap.map?.[inputOf(tree.input, connection) ?? '']
  const ranges = unpack('xds.type.matcher.v3.IPMatcher', tree.customMatch?.typedConfig).rangeMatchers ?? []
  const matching = ranges.flatMap(({ ranges: own = [], onMatch }) => own.map((range) => ({ range, onMatch })))
  return (connection.from === undefined ? matching[0] : closestTo(connection.from, matching))?.onMatch
}

function inList({ matcherList }: Matcher, connection: Connection): OnMatch | undefined {
  return matcherList?.matchers?.find(({ predicate }) => {
    const { input, valueMatch } = predicate?.singlePredicate ?? {}
    const value = inputOf(input, connection)
    return value !== undefined && valueMatch !== undefined && textMatches(valueMatch, value)
  })?.onMatch
}

function inputOf(input: xds.core.v3.TypedExtensionConfig | undefined, { isTls, serverName }: Connection): string | undefined {
  const type = input?.typedConfig?.type_url ?? ''
  if (type.endsWith('.TransportProtocolInput')) return isTls ? 'tls' : 'raw_buffer'
  // A client that names no server is asked for nothing.
  return type.endsWith('.ServerNameInput') && serverName !== '' ? serverName : undefined
}
