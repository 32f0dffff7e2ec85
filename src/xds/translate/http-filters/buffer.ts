import { any, uint32 } from '../../message.js'
import type { RouteFilter } from './slot.js'

/** Waits until a request is complete; answers 413 to larger ones. */
export function requestBuffer(maxBytes: number): RouteFilter {
  return {
    name: 'envoy.filters.http.buffer',
    typedConfig: any('envoy.extensions.filters.http.buffer.v3.Buffer', { maxRequestBytes: uint32(maxBytes) }),
  }
}
