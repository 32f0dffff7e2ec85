/** google.protobuf.Struct from JSON: keys in ascending order, so that equal content has equal bytes. */
import type { google } from '../../gen/envoy/types.js'
import { compareText } from '../../util/compare-text.js'

/** The struct of an object of JSON. */
export function structOf(json: object): google.protobuf.Struct {
  const entries = Object.entries(json).sort(([a], [b]) => compareText(a, b))
  return { fields: Object.fromEntries(entries.map(([key, value]) => [key, jsonValue(value)])) }
}

function jsonValue(json: unknown): google.protobuf.Value {
  if (Array.isArray(json)) return { listValue: { values: json.map(jsonValue) } }
  switch (typeof json) {
    case 'string':
      return { stringValue: json }
    case 'number':
      return { numberValue: json }
    case 'boolean':
      return { boolValue: json }
    case 'object':
      return json === null ? { nullValue: 0 } : { structValue: structOf(json) }
    default:
      return { nullValue: 0 }
  }
}
