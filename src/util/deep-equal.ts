/**
 * True if two values of plain data (objects, arrays, maps, sets, buffers, primitives) have the same content. An object that hides its
 * content must say itself what it equals, by a method `equals`.
 */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]))
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (a instanceof Map)
    return b instanceof Map && a.size === b.size && [...a].every(([key, value]) => b.has(key) && deepEqual(value, b.get(key)))
  if (a instanceof Set) return b instanceof Set && a.size === b.size && [...a].every((item) => b.has(item))
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (isComparable(a)) return a.equals(b)
  return sameProperties(a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>)
}

function isComparable(value: object): value is { equals(other: unknown): boolean } {
  return 'equals' in value && typeof value.equals === 'function'
}

function sameProperties(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key]))
}
