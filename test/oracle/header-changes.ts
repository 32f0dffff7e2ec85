/** What filters do to headers. Source: Gateway API v1.7, `HTTPHeaderFilter`. */
import type { Filter, HeaderFilter } from './objects.js'

/** What filters do on the way to a backend. */
export function requestChanges(filters: readonly Filter[]): readonly HeaderFilter[] {
  return filters.flatMap((each) => (each.type === 'RequestHeaderModifier' ? [each.requestHeaderModifier] : []))
}

/** What filters do on the way back. */
export function responseChanges(filters: readonly Filter[]): readonly HeaderFilter[] {
  return filters.flatMap((each) => (each.type === 'ResponseHeaderModifier' ? [each.responseHeaderModifier] : []))
}

/** Headers after one filter after the other. Values of one name are joined by a comma. */
export function changedHeaders(
  headers: Readonly<Record<string, string>>,
  filters: readonly HeaderFilter[],
): Readonly<Record<string, string>> {
  const values = new Map(Object.entries(headers))
  for (const { set = [], add = [], remove = [] } of filters) {
    for (const name of remove) values.delete(name.toLowerCase())
    for (const { name, value } of set) values.set(name.toLowerCase(), value)
    for (const { name, value } of add) {
      const before = values.get(name.toLowerCase())
      values.set(name.toLowerCase(), before === undefined ? value : `${before},${value}`)
    }
  }
  return Object.fromEntries(values)
}
