/** Places in a JSON document. Source: RFC 6901. */

/** The names on the way to a place. Throws on text that is no pointer. */
export function parsePointer(pointer: string): readonly string[] {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) throw new Error(`"${pointer}" is no JSON Pointer`)
  return pointer
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The pointer of names. */
export function formatPointer(names: readonly string[]): string {
  return names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** The key of an object that a name means: fields of Envoy may be written as in Envoy's documentation, `virtual_hosts`. */
export function keyOf(object: object, name: string): string {
  const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  return !Object.hasOwn(object, name) && Object.hasOwn(object, camel) ? camel : name
}

/** The value at a place. Throws where there is none. */
export function valueAt(document: unknown, names: readonly string[]): unknown {
  return names.reduce<unknown>((value, name, at) => {
    const found = child(value, name)
    if (found === undefined) throw new Error(`there is nothing at ${formatPointer(names.slice(0, at + 1))}`)
    return found
  }, document)
}

function child(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return /^(0|[1-9][0-9]*)$/.test(name) ? (value as unknown[])[Number(name)] : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const key = keyOf(value, name)
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined
}
