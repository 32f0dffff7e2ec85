/**
 * Which filter chain a new connection gets, where a chain exists twice: with each packing of its route table.
 *
 * Envoy drains the connections of a chain that changes or goes, and leaves all of them alone when only the matcher changes. So with a
 * matcher, and both chains there, a table turns from one packing to the other without any connection noticing. The chains keep the
 * matches that they have without a matcher, which Envoy then ignores: so they stay the same when the matcher comes and goes.
 *
 * Source: Envoy's "Matching filter chains in listeners".
 */
import type { envoy, xds } from '../../../gen/envoy/types.js'
import type { Chain, Port } from '../../../ir/port.js'
import { compareText } from '../../../util/compare-text.js'
import { any } from '../../message.js'
import { cidrRange } from '../address-ranges.js'
import { inputIs } from '../matching.js'
import { chainNames, deniedChainName, type PackingOf } from './chain-names.js'
import { sourceRanges } from './source-ranges.js'

type Matcher = xds.type.matcher.v3.Matcher
type OnMatch = xds.type.matcher.v3.Matcher.OnMatch
type Input = envoy.config.core.v3.TypedExtensionConfig

const INPUTS = 'envoy.extensions.matching.common_inputs.network.v3'
const TRANSPORT_PROTOCOL: Input = {
  name: 'transport-protocol',
  typedConfig: any(`${INPUTS}.TransportProtocolInput`, {}),
}
const SERVER_NAME: Input = { name: 'server-name', typedConfig: any(`${INPUTS}.ServerNameInput`, {}) }

const SOURCE_IP: Input = { name: 'source-ip', typedConfig: any(`${INPUTS}.SourceIPInput`, {}) }

/** The matcher of a port; undefined where every chain exists once, and says itself what it matches. */
export function filterChainMatcher(port: Port, packingOf: PackingOf): Matcher | undefined {
  const named = port.chains.map((chain) => ({ chain, names: chainNames(chain, packingOf) }))
  if (named.every(({ names }) => names.all.length === 1)) return undefined
  const targets = named.map(({ chain, names }) => ({ chain, onMatch: ofSource(chain, names.ofNewConnections) }))
  const plain = targets.find(({ chain }) => !chain.encrypted)?.onMatch
  const encrypted = targets.filter(({ chain }) => chain.encrypted)
  // All of it is TLS.
  if (port.transport === 'QUIC') return byServerName(encrypted)
  // Nothing inspects connections of a port without TLS: Envoy knows nothing about them.
  if (encrypted.length === 0) return plain === undefined ? undefined : { onNoMatch: plain }
  return {
    matcherTree: {
      input: TRANSPORT_PROTOCOL,
      exactMatchMap: { map: { ...(plain === undefined ? {} : { raw_buffer: plain }), tls: { matcher: byServerName(encrypted) } } },
    },
  }
}

interface Target {
  readonly chain: Chain
  readonly onMatch: OnMatch
}

/** An exact name, then the longest suffix, then a chain for any name. A chain with no such match gets no connection. */
function byServerName(targets: readonly Target[]): Matcher {
  const byName = targets.flatMap(({ chain, onMatch }) => chain.serverNames.map((name) => ({ name, onMatch })))
  const otherwise = targets.find(({ chain }) => chain.serverNames.length === 0)?.onMatch
  const suffixes = byName
    .flatMap(({ name, onMatch }) => (name.startsWith('*.') ? [{ suffix: name.slice(1), onMatch }] : []))
    .sort((a, b) => b.suffix.length - a.suffix.length || compareText(a.suffix, b.suffix))
  const bySuffix: Matcher | undefined =
    suffixes.length === 0
      ? undefined
      : {
          matcherList: {
            matchers: suffixes.map(({ suffix, onMatch }) => ({
              predicate: inputIs(SERVER_NAME, { kind: 'suffix', value: suffix }),
              onMatch,
            })),
          },
          ...(otherwise === undefined ? {} : { onNoMatch: otherwise }),
        }
  const exact = byName.filter(({ name }) => !name.startsWith('*.')).sort((a, b) => compareText(a.name, b.name))
  if (exact.length === 0) return bySuffix ?? (otherwise === undefined ? {} : { onNoMatch: otherwise })
  const onNoMatch = bySuffix === undefined ? otherwise : { matcher: bySuffix }
  return {
    matcherTree: {
      input: SERVER_NAME,
      exactMatchMap: { map: Object.fromEntries(exact.map(({ name, onMatch }) => [name, onMatch])) },
    },
    ...(onNoMatch === undefined ? {} : { onNoMatch }),
  }
}

/** Clients that may not connect get a chain of their own. */
function ofSource(chain: Chain, name: string): OnMatch {
  if (chain.kind !== 'stream' || chain.authorization === undefined) return goTo(name)
  const { allowed, denied } = sourceRanges(chain.authorization)
  if (allowed.length === 0 || denied.length === 0) return goTo(name)
  const rangeMatchers = [
    { ranges: allowed.map(cidrRange), onMatch: goTo(name) },
    { ranges: denied.map(cidrRange), onMatch: goTo(deniedChainName(chain)) },
  ]
  const customMatch = { name: 'ip', typedConfig: any('xds.type.matcher.v3.IPMatcher', { rangeMatchers }) }
  return { matcher: { matcherTree: { input: SOURCE_IP, customMatch } } }
}

function goTo(chain: string): OnMatch {
  return { action: { name: 'filter-chain', typedConfig: any('google.protobuf.StringValue', { value: chain }) } }
}
