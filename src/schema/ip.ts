/** IP addresses as Go's `net.ParseIP` reads them: no leading zeros, no zone, no brackets. */

const OCTET = /^(0|[1-9][0-9]{0,2})$/

/** True for an address such as `192.0.2.1`. */
export function isIPv4(text: string): boolean {
  const octets = text.split('.')
  return octets.length === 4 && octets.every((octet) => OCTET.test(octet) && Number(octet) <= 255)
}

/** True for an address such as `2001:db8::1` or `::ffff:192.0.2.1`. */
export function isIPv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1)?.at(-1)
  const endsInIPv4 = last?.includes('.') === true
  if (endsInIPv4 && !isIPv4(last)) return false
  const all = groups.flat()
  const hex = endsInIPv4 ? all.slice(0, -1) : all
  if (!hex.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false
  const words = hex.length + (endsInIPv4 ? 2 : 0)
  return halves.length === 2 ? words < 8 : words === 8
}

/** True for an address of either family. */
export function isIP(text: string): boolean {
  return isIPv4(text) || isIPv6(text)
}
