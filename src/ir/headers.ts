/** Changes to headers. Names are lower case, in the order of the object; of equal names the first counts. */
export interface HeaderChanges {
  readonly set: readonly HeaderValue[]
  readonly add: readonly HeaderValue[]
  readonly remove: readonly string[]
}

/** One header. The value is literal: the translation escapes what Envoy would expand. */
export interface HeaderValue {
  readonly name: string
  readonly value: string
}

/** Nothing changes. */
export const NO_HEADER_CHANGES: HeaderChanges = { set: [], add: [], remove: [] }
