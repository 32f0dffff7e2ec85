/** Names of labels and annotations. */

const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** True for `name` and `prefix/name`: what the API server takes as the key of a label (CEL `format.qualifiedName()`). */
export function isQualifiedName(text: string): boolean {
  const parts = text.split('/')
  const name = parts.at(-1) ?? ''
  const prefix = parts.length === 2 ? parts[0] : undefined
  if (parts.length > 2 || (prefix !== undefined && (prefix.length > 253 || !PREFIX.test(prefix)))) return false
  return name.length <= 63 && NAME.test(name)
}
