/** Values of a GatewayConfig, whose schema has checked them: one of another type counts as missing. */
import { fieldAt, isJsonObject, type JsonObject } from '../../k8s/kube-json.js'

/** A number; undefined for anything else. */
export function numberAt(value: unknown, field: string): number | undefined {
  const found = fieldAt(value, field)
  return typeof found === 'number' ? found : undefined
}

/** An object; undefined for anything else. */
export function objectAt(value: unknown, field: string): JsonObject | undefined {
  const found = fieldAt(value, field)
  return isJsonObject(found) ? found : undefined
}

/** The fields of an object that are strings. */
export function stringsAt(value: unknown, field: string): Readonly<Record<string, string>> {
  const entries = Object.entries(objectAt(value, field) ?? {})
  return Object.fromEntries(entries.flatMap(([key, each]) => (typeof each === 'string' ? [[key, each] as const] : [])))
}

/** Some fields of an object, those that are there. */
export function picked(value: unknown, fields: readonly string[]): JsonObject {
  return Object.fromEntries(
    fields.flatMap((field) => (fieldAt(value, field) === undefined ? [] : [[field, fieldAt(value, field)] as const])),
  )
}
