import type { AddressRange } from '../../ir/route.js'
import { isIPv4, isIPv6 } from '../../schema/ip.js'

/** The range in text such as `10.0.0.0/8`; undefined for anything else, also for an address alone. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [, address = '', length = ''] = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? []
  const bits = Number(length)
  const isRange = (isIPv4(address) && bits <= 32) || (isIPv6(address) && bits <= 128)
  return isRange ? { address, bits } : undefined
}
