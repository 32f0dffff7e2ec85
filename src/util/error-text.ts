/**
 * What was thrown, in words: a library may throw anything. A connection to a name with several addresses fails with one error for each, and no word of
 * its own.
 */
export function errorText(thrown: unknown): string {
  if (!Error.isError(thrown)) return String(thrown)
  return thrown.message === '' && 'errors' in thrown && Array.isArray(thrown.errors)
    ? thrown.errors.map(errorText).join(', ')
    : thrown.message
}
