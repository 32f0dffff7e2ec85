/**
 * How deeply plain data may be nested. An API server takes ten thousand levels in fields without a schema, and a function that calls itself for
 * each ends the program, or what is made of everything beside the object.
 */

/** Levels that are kept. Objects of our kinds have about twenty, and what is handed on to programs a few more. */
export const MAX_LEVELS = 100

/** Stands where data went on deeper. It is told from what somebody wrote by being this very object. */
export const NESTED_TOO_DEEPLY: Readonly<Record<string, never>> = Object.freeze({})

/** False where something was left out because it was nested too deeply. */
export function isWhole(value: unknown): boolean {
  if (value === NESTED_TOO_DEEPLY) return false
  return typeof value !== 'object' || value === null || Object.values(value).every(isWhole)
}
