import type { envoy } from '../../gen/envoy/types.js'

/** A status alone: the end of a range is not a part of it. */
export function onlyStatus(status: number): envoy.type.v3.Int64Range & envoy.type.v3.Int32Range {
  return { start: status, end: status + 1 }
}
