/** Reading JSON of which only the API server knows the shape. */

/** A JSON object whose fields are not known yet. */
export type JsonObject = { readonly [field: string]: unknown }

/** An object of the API as it came over the wire, possibly without `apiVersion` and `kind` (items of a list have none). */
export interface RawObject extends JsonObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: RawMeta
}

/** The metadata that clients of the API need; the rest passes through. */
export interface RawMeta extends JsonObject {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly generation?: number
  readonly resourceVersion?: string
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly finalizers?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** True for JSON objects; arrays and null are none. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True for what has at least a name in its metadata. */
export function isRawObject(value: unknown): value is RawObject {
  return isJsonObject(value) && isJsonObject(value.metadata) && typeof value.metadata.name === 'string'
}

/** The value under a path of fields, undefined as soon as one is missing. */
export function fieldAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, field) => (isJsonObject(at) ? at[field] : undefined), value)
}

/** The string under a path of fields; the empty string if there is none. */
export function stringAt(value: unknown, ...path: readonly string[]): string {
  const found = fieldAt(value, ...path)
  return typeof found === 'string' ? found : ''
}

/** The list under a path of fields; empty if there is none. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = fieldAt(value, ...path)
  return Array.isArray(found) ? found : []
}
