/** The same value, with everything in it frozen: what stands in the store is shared by all who read it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (Array.isArray(value)) for (const child of value) deepFreeze(child)
  // Without the list that `Object.values` makes: everything that is in a cluster comes through here.
  else for (const field in value) deepFreeze(value[field])
  return Object.freeze(value)
}
