/**
 * Which addresses may connect, as sets of ranges of which the longest that holds an address decides: that is how Envoy chooses filter chains.
 * Rules say it otherwise, the first that matches decides.
 */
import { BlockList, isIPv6 } from 'node:net'
import type { envoy } from '../../gen/envoy/types.js'
import type { ConnectionAuthorization } from '../../ir/port.js'
import type { AddressRange } from '../../ir/route.js'
import { uint32 } from '../message.js'

/** Ranges without duplicates; one of them holds each address. */
export interface SourceRanges {
  readonly allowed: readonly AddressRange[]
  readonly denied: readonly AddressRange[]
}

const EVERYWHERE: readonly AddressRange[] = [
  { address: '0.0.0.0', bits: 0 },
  { address: '::', bits: 0 },
]

/** The same decision for each address as by the rules. */
export function sourceRanges({ rules, otherwise }: ConnectionAuthorization): SourceRanges {
  const named = rules.map(({ action, clients }) => ({ action, clients: clients.map(rangeOf) }))
  const all: Range[] = []
  for (const range of [...named.flatMap(({ clients }) => clients), ...EVERYWHERE.map(rangeOf)]) {
    if (!all.some((each) => each.bits === range.bits && each.holds(range))) all.push(range)
  }
  // Of the ranges that are named, an address is in those that hold the longest of them.
  const decision = (range: Range): 'allow' | 'deny' =>
    named.find(({ clients }) => clients.length === 0 || clients.some((each) => each.holds(range)))?.action ?? otherwise
  const of = (action: 'allow' | 'deny'): readonly AddressRange[] =>
    all.filter((range) => decision(range) === action).map(({ address, bits }) => ({ address, bits }))
  return { allowed: of('allow'), denied: of('deny') }
}

/** The ranges in the words of Envoy. */
export function cidrRanges(ranges: readonly AddressRange[]): readonly envoy.config.core.v3.CidrRange[] {
  return ranges.map(({ address, bits }) => ({ addressPrefix: address, prefixLen: uint32(bits) }))
}

interface Range extends AddressRange {
  holds(other: AddressRange): boolean
}

function rangeOf({ address, bits }: AddressRange): Range {
  const list = new BlockList()
  list.addSubnet(address, bits, familyOf(address))
  return {
    address,
    bits,
    holds: (other) => familyOf(other.address) === familyOf(address) && other.bits >= bits && list.check(other.address, familyOf(address)),
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
