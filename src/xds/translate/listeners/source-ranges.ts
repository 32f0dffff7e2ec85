/**
 * Which addresses may connect, as sets of ranges of which the longest that holds an address decides: that is how Envoy chooses filter chains.
 * Rules say it otherwise, the first that matches decides.
 */
import type { ConnectionAuthorization } from '../../../ir/port.js'
import type { AddressRange } from '../../../ir/route.js'
import { EVERYWHERE } from '../address-ranges.js'

/** Ranges without duplicates; one of them holds each address. */
export interface SourceRanges {
  readonly allowed: readonly AddressRange[]
  readonly denied: readonly AddressRange[]
}

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

interface Range extends AddressRange {
  /** Those of its address. */
  readonly text: string
  holds(other: Range): boolean
}

function rangeOf({ address, bits }: AddressRange): Range {
  const text = bitsOf(address)
  const prefix = text.slice(0, bits)
  return { address, bits, text, holds: (other) => other.text.length === text.length && other.bits >= bits && other.text.startsWith(prefix) }
}

/** The 32 or 128 bits of an address, as text. */
function bitsOf(address: string): string {
  if (!address.includes(':'))
    return octets(address)
      .map((each) => binary(each, 8))
      .join('')
  // The last 32 bits may be written as an IPv4 address.
  const plain = address.replace(/[0-9]+\.[0-9.]+$/, (tail) => {
    const [a = 0, b = 0, c = 0, d = 0] = octets(tail)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [before = [], after] = plain.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const groups = after === undefined ? before : [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
  return groups.map((group) => binary(Number.parseInt(group, 16), 16)).join('')
}

function octets(address: string): readonly number[] {
  return address.split('.').map(Number)
}

function binary(value: number, width: number): string {
  return value.toString(2).padStart(width, '0')
}
