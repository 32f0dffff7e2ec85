/** Takes a field away from an object, as if nobody had ever written it. */

/**
 * The value without the field of a path such as `['spec', 'rules', 'timeouts']`; every element of an array loses it.
 *
 * @param path names of fields; arrays add nothing to it
 */
export function withoutField(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path
  if (Array.isArray(value)) return value.map((element) => withoutField(element, path))
  if (name === undefined || typeof value !== 'object' || value === null || !(name in value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => {
      if (key !== name) return [[key, child]]
      return rest.length === 0 ? [] : [[key, withoutField(child, rest)]]
    }),
  )
}
