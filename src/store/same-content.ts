/** Decides whether two versions of an object differ in anything that is read. */
import type { KubeObject } from '../provider/provider.js'
import { isJsonObject, sameJson } from '../schema/json.js'
import type { ObjectSchema, Schema } from '../schema/schema.js'
import type { Relevance } from './relevance.js'

/** True if the versions are the same for everybody who reads no more than `relevance` and the fields of the schema. */
export function sameContent(schema: ObjectSchema, relevance: Relevance, a: KubeObject, b: KubeObject): boolean {
  if (!relevance.metadata.every((field) => sameJson(a.metadata[field], b.metadata[field]))) return false
  const ignored = relevance.status ? [] : ['status']
  return sameFields(schema, a, b, ignored)
}

function same(schema: Schema, a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (schema.type === 'object') return isJsonObject(a) && isJsonObject(b) && sameFields(schema, a, b, [])
  if (schema.type === 'array' && Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => same(schema.items, item, b[index]))
  }
  return sameJson(a, b)
}

function sameFields(schema: ObjectSchema, a: object, b: object, ignored: readonly string[]): boolean {
  const left: Readonly<Record<string, unknown>> = { ...a }
  const right: Readonly<Record<string, unknown>> = { ...b }
  return Object.entries(schema.fields).every(([name, field]) => ignored.includes(name) || same(field.schema, left[name], right[name]))
}
