/**
 * How requests are recognised by limits: each rule makes a descriptor of its number and of the parts that must match. A part that does not
 * match makes none, so the request does not count.
 */
import type { envoy } from '../../../gen/envoy/types.js'
import type { RateLimitCost, RateLimitMatch, RateLimitPart } from '../../../ir/request-traffic.js'
import { bool, uint32 } from '../../message.js'
import { cidrRange, EVERYWHERE } from '../address-ranges.js'
import { quote } from '../regex.js'
import { claimAction } from './claim-value.js'
import { valueMatch } from './value-match.js'

type Action = envoy.config.route.v3.RateLimit.Action
type Entry = envoy.extensions.common.ratelimit.v3.RateLimitDescriptor.Entry
type StringMatcher = envoy.type.matcher.v3.StringMatcher

const RULE = 'rule'
const MATCHED = 'true'

/** An address is counted by this key whatever we wish: it is Envoy's. */
const ADDRESS = 'masked_remote_address'

/** Whoever has one address of IPv6 has all that begin with these bits. */
const IPV6_BITS = 64

/** What a request takes of a limit. */
export function hitsOf(cost: RateLimitCost): envoy.config.route.v3.RateLimit.HitsAddend {
  return 'number' in cost ? { number: { value: cost.number } } : { format: cost.format }
}

/** What says which rule it is. */
export function ruleAction(at: number): Action {
  return { genericKey: { descriptorKey: RULE, descriptorValue: String(at) } }
}

/** The rule in a descriptor. */
export function ruleEntry(at: number): Entry {
  return { key: RULE, value: String(at) }
}

/** A part in a descriptor. */
export function partEntries(part: RateLimitPart, index: number): readonly Entry[] {
  const key = partKey(index)
  if (part.kind !== 'address') return [{ key, value: isDistinct(part) ? '' : MATCHED }]
  return [{ key, value: MATCHED }, ...(part.isDistinct ? [{ key: ADDRESS, value: '' }] : [])]
}

function isDistinct(part: Exclude<RateLimitPart, { readonly kind: 'address' }>): boolean {
  return part.kind === 'claim' || ((part.kind === 'header' || part.kind === 'queryParameter') && part.match.kind === 'distinct')
}

/** What a part is called in a descriptor. */
export function partKey(index: number): string {
  return `part${index}`
}

/** What makes a part of a descriptor; where the part does not match there is none. */
export function partActions(part: RateLimitPart, index: number): readonly Action[] {
  const descriptorKey = partKey(index)
  const matched = { descriptorKey, descriptorValue: MATCHED }
  switch (part.kind) {
    case 'header':
      if (part.match.kind === 'distinct') return [{ requestHeaders: { headerName: part.name, descriptorKey } }]
      return [valueMatch(part, { stringMatch: stringMatcher(part.match) }, !part.match.invert, matched)]
    case 'queryParameter':
      if (part.match.kind === 'distinct') return [{ queryParameters: { queryParameterName: part.name, descriptorKey } }]
      return [valueMatch(part, { stringMatch: stringMatcher(part.match) }, !part.match.invert, matched)]
    case 'methods':
      return [
        {
          headerValueMatch: {
            ...matched,
            expectMatch: bool(!part.invert),
            headers: [pseudo(':method', part.methods.map(quote).join('|'))],
          },
        },
      ]
    case 'path':
      return [{ headerValueMatch: { ...matched, expectMatch: bool(!part.invert), headers: [pseudo(':path', pathPattern(part))] } }]
    case 'address':
      return addressActions(part, matched)
    case 'claim':
      return [claimAction(descriptorKey, part.provider, part.path)]
  }
}

function stringMatcher(match: Exclude<RateLimitMatch, { readonly kind: 'distinct' }>): StringMatcher {
  return match.kind === 'exact' ? { exact: match.value } : { safeRegex: { regex: match.value } }
}

function pseudo(name: string, regex: string): envoy.config.route.v3.HeaderMatcher {
  return { name, stringMatch: { safeRegex: { regex } } }
}

/** Envoy's `:path` has the query as well. Behind a prefix may also come parameters of the path, which some servers leave away. */
function pathPattern({ match, value }: Extract<RateLimitPart, { readonly kind: 'path' }>): string {
  const query = '(?:\\?.*)?'
  switch (match) {
    case 'exact':
      return `${quote(value)}${query}`
    case 'regex':
      return `(?:${value})${query}`
    case 'prefix': {
      const plain = value.endsWith('/') ? value.slice(0, -1) : value
      return `${quote(plain)}(?:[/?;].*)?`
    }
  }
}

function addressActions(
  { range, isDistinct: isEachAlone, invert }: Extract<RateLimitPart, { readonly kind: 'address' }>,
  matched: { readonly descriptorKey: string; readonly descriptorValue: string },
): readonly Action[] {
  const addressMatcher = {
    // A range of everybody is one whatever the family of addresses, or clients would get by it with an address of the other one.
    ranges: (range.bits === 0 ? EVERYWHERE : [range]).map(cidrRange),
    ...(invert ? { invertMatch: true } : {}),
  }
  return [
    { remoteAddressMatch: { ...matched, addressMatcher } },
    ...(isEachAlone ? [{ maskedRemoteAddress: { v4PrefixMaskLen: uint32(32), v6PrefixMaskLen: uint32(IPV6_BITS) } }] : []),
  ]
}
