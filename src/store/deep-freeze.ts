import { MAX_LEVELS, NESTED_TOO_DEEPLY } from '../util/nesting.js'

/**
 * The same value, with everything in it frozen: what stands in the store is shared by all who read it. Below the last level that is kept stands
 * `NESTED_TOO_DEEPLY`.
 */
export function deepFreeze<T>(value: T): T {
  return freezeFrom(value, 1)
}

/** @param level of the value: 1 for that which everything is in */
function freezeFrom<T>(value: T, level: number): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (level < MAX_LEVELS) {
    if (Array.isArray(value)) for (const child of value) freezeFrom(child, level + 1)
    // Without the list that `Object.values` makes: everything that is in a cluster comes through here.
    else for (const field in value) freezeFrom(value[field], level + 1)
  } else leaveOutLevels(value as Record<string, unknown>)
  return Object.freeze(value)
}

function leaveOutLevels(value: Record<string, unknown>): void {
  for (const [field, child] of Object.entries(value)) {
    if (typeof child === 'object' && child !== null) value[field] = NESTED_TOO_DEEPLY
  }
}
