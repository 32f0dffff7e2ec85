/** Ranges of addresses in the words of Envoy. */
import type { envoy } from '../../gen/envoy/types.js'
import type { AddressRange } from '../../ir/route.js'
import { uint32 } from '../message.js'

/** Every address, of either family. */
export const EVERYWHERE: readonly AddressRange[] = [
  { address: '0.0.0.0', bits: 0 },
  { address: '::', bits: 0 },
]

/** One range. */
export function cidrRange({ address, bits }: AddressRange): envoy.config.core.v3.CidrRange {
  return { addressPrefix: address, prefixLen: uint32(bits) }
}
