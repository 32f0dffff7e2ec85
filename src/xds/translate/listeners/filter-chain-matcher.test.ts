import { describe, expect, it } from '@jest/globals'
import { host, httpChain, port, streamChain } from '../../../../test/envoy-api/ir-fixtures.js'
import { listenerMessage } from '../../../../test/envoy-api/listener-message.js'
import type { xds } from '../../../gen/envoy/types.js'
import type { Chain, StreamChain } from '../../../ir/port.js'
import { decode } from '../../message.js'
import { DEFAULT_TRANSLATE_OPTIONS } from '../options.js'
import { tablePacking } from '../packing.js'
import { filterChainMatcher } from './filter-chain-matcher.js'

const tls = { certificates: ['Secret/default/a'], alpn: ['h2'] }
const https = (name: string, routeTable = name) =>
  httpChain({ name: `https/${name}`, encrypted: true, serverNames: [host(name)], tls, routeTable })
const above = (large: readonly string[]) => (table: string) => tablePacking({ scopedAbove: 10 }, () => (large.includes(table) ? 11 : 0))
const below = () => tablePacking({ scopedAbove: 10 }, () => 9)

/** The chain that Envoy's matching would find: a naive reading of the matcher. */
function chosen(matcher: xds.type.matcher.v3.Matcher | undefined, connection: { readonly tls: boolean; readonly sni: string }): string {
  const go = (at: xds.type.matcher.v3.Matcher): string | undefined => {
    const { matcherTree, matcherList, onNoMatch } = at as {
      matcherTree?: xds.type.matcher.v3.Matcher.MatcherTree
      matcherList?: xds.type.matcher.v3.Matcher.MatcherList
      onNoMatch?: xds.type.matcher.v3.Matcher.OnMatch
    }
    const found = matcherTree === undefined ? inList(matcherList) : inTree(matcherTree)
    return follow(found) ?? follow(onNoMatch)
  }
  const inTree = ({ input, ...rest }: xds.type.matcher.v3.Matcher.MatcherTree) => {
    const value = input?.name === 'transport-protocol' ? (connection.tls ? 'tls' : 'raw_buffer') : connection.sni
    return (rest as { exactMatchMap?: xds.type.matcher.v3.Matcher.MatcherTree.MatchMap }).exactMatchMap?.map?.[value]
  }
  const inList = (list: xds.type.matcher.v3.Matcher.MatcherList | undefined) =>
    list?.matchers?.find(({ predicate }) => {
      const suffix = (predicate as { singlePredicate?: { valueMatch?: { suffix?: string } } }).singlePredicate?.valueMatch?.suffix
      return suffix !== undefined && connection.sni.endsWith(suffix)
    })?.onMatch
  const follow = (match: xds.type.matcher.v3.Matcher.OnMatch | undefined): string | undefined => {
    const { action, matcher: next } = (match ?? {}) as {
      action?: { typedConfig?: { value?: Uint8Array } }
      matcher?: xds.type.matcher.v3.Matcher
    }
    if (next !== undefined) return go(next)
    return action === undefined ? undefined : decode('google.protobuf.StringValue', action.typedConfig?.value ?? new Uint8Array()).value
  }
  return (matcher === undefined ? undefined : go(matcher)) ?? 'none'
}

describe('the filter chain matcher', () => {
  it('is none where every chain exists once', () => {
    const one = port({ chains: [httpChain(), https('a.com')] })
    for (const packing of ['rds', 'scoped'] as const) expect(filterChainMatcher(one, () => tablePacking(packing, () => 0))).toBeUndefined()
  })

  it('sends plain connections to the chain of the packing', () => {
    const one = port({ chains: [httpChain()] })
    expect(chosen(filterChainMatcher(one, above(['t'])), { tls: false, sni: '' })).toBe('http/scoped')
    expect(chosen(filterChainMatcher(one, below), { tls: false, sni: '' })).toBe('http')
  })

  const chains: readonly Chain[] = [
    httpChain(),
    https('a.com'),
    https('*.a.com'),
    https('*.b.a.com'),
    streamChain({ name: 'tls/b.com', encrypted: true, serverNames: [host('b.com')] }),
    streamChain({ name: 'tls', encrypted: true, serverNames: [] }),
  ]
  const matcher = filterChainMatcher(port({ chains }), above(['t', '*.a.com']))
  it.each([
    { tls: false, sni: '', goes: 'http/scoped' },
    { tls: true, sni: 'a.com', goes: 'https/a.com' },
    { tls: true, sni: 'x.a.com', goes: 'https/*.a.com/scoped' },
    { tls: true, sni: 'y.x.a.com', goes: 'https/*.a.com/scoped' },
    { tls: true, sni: 'x.b.a.com', goes: 'https/*.b.a.com' },
    { tls: true, sni: 'b.com', goes: 'tls/b.com' },
    { tls: true, sni: 'c.com', goes: 'tls' },
    { tls: true, sni: '', goes: 'tls' },
  ])('tls: $tls, server name "$sni": $goes', ({ goes, ...connection }) => {
    expect(chosen(matcher, connection)).toBe(goes)
  })

  it('gives no chain to a name that none is for', () => {
    const some = filterChainMatcher(port({ chains: [https('a.com')] }), above(['a.com']))
    expect(chosen(some, { tls: true, sni: 'c.com' })).toBe('none')
    expect(chosen(some, { tls: false, sni: '' })).toBe('none')
  })
})

describe('a listener whose table turns from one packing to the other', () => {
  const options = { ...DEFAULT_TRANSLATE_OPTIONS, accessLog: 'off' } as const
  const built = (hosts: number) =>
    listenerMessage(port({ chains: [httpChain(), https('a.com')] }), options, () => tablePacking({ scopedAbove: 10 }, () => hosts))

  it('changes nothing but its matcher', () => {
    const { filterChainMatcher: before, ...restBefore } = built(10) ?? {}
    const { filterChainMatcher: after, ...restAfter } = built(11) ?? {}
    expect(after).not.toEqual(before)
    expect(restAfter).toEqual(restBefore)
  })

  it('keeps each chain as it is while chains come and go around it', () => {
    const chainsAt = (hosts: number) => new Map(built(hosts)?.filterChains?.map((chain) => [chain.name, chain]))
    for (const [fewer, more] of [
      [0, 5],
      [5, 11],
      [11, 20],
    ] as const) {
      for (const [name, chain] of chainsAt(fewer)) if (chainsAt(more).has(name)) expect(chainsAt(more).get(name)).toEqual(chain)
    }
    expect([...chainsAt(0).keys()]).toEqual(['http', 'https/a.com'])
    expect([...chainsAt(20).keys()]).toEqual(['http/scoped', 'https/a.com/scoped'])
  })

  it('sends clients that may not connect to the chain that closes, by ranges of which the longest counts', () => {
    const authorization: StreamChain['authorization'] = {
      rules: [
        { action: 'allow', clients: [{ address: '10.1.0.0', bits: 16 }] },
        { action: 'deny', clients: [{ address: '10.0.0.0', bits: 8 }] },
      ],
      otherwise: 'allow',
    }
    const one = port({
      chains: [https('a.com'), streamChain({ name: 'tls/b.com', encrypted: true, serverNames: [host('b.com')], authorization })],
    })
    const built = filterChainMatcher(one, above(['a.com']))
    const toward = (found: xds.type.matcher.v3.Matcher.OnMatch | undefined) => {
      const { action } = (found ?? {}) as { action?: { typedConfig?: { value?: Uint8Array } } }
      return decode('google.protobuf.StringValue', action?.typedConfig?.value ?? new Uint8Array()).value
    }
    const tree = (at: xds.type.matcher.v3.Matcher | undefined) => (at as { matcherTree?: Tree } | undefined)?.matcherTree
    const ofTls = tree(built)?.exactMatchMap?.map.tls?.matcher
    const ofHost = tree(ofTls)?.exactMatchMap?.map['b.com']?.matcher
    const { rangeMatchers = [] } = decode(
      'xds.type.matcher.v3.IPMatcher',
      tree(ofHost)?.customMatch?.typedConfig?.value ?? new Uint8Array(),
    )
    expect(rangeMatchers.map(({ ranges = [], onMatch }) => [toward(onMatch), ranges.map(({ addressPrefix }) => addressPrefix)])).toEqual([
      ['tls/b.com', ['10.1.0.0', '0.0.0.0', '::']],
      ['tls/b.com/denied', ['10.0.0.0']],
    ])
    const names = (listenerMessage(one, DEFAULT_TRANSLATE_OPTIONS, above(['a.com']))?.filterChains ?? []).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['tls/b.com', 'tls/b.com/denied']))
  })
})

interface Tree {
  readonly exactMatchMap?: {
    readonly map: Readonly<Record<'tls' | 'b.com', { readonly matcher?: xds.type.matcher.v3.Matcher } | undefined>>
  }
  readonly customMatch?: { readonly typedConfig?: { readonly value?: Uint8Array } }
}
