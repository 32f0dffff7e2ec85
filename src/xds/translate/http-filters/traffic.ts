/** What policies about traffic do to requests and answers, in two places of the chain. */
import type { Route } from '../../../ir/route.js'
import { admissionControl } from './admission-control.js'
import { bandwidthLimits } from './bandwidth-limit.js'
import { requestBuffer } from './buffer.js'
import { compressors } from './compressor.js'
import { customResponses } from './custom-response.js'
import { decompressors } from './decompressor.js'
import { globalRateLimit, globalRateLimitReferences } from './global-rate-limit.js'
import type { HttpFilter } from './http-filter.js'
import { localRateLimit } from './local-rate-limit.js'
import { type RouteFilter, slot } from './slot.js'

/** First of all, so that it sees every answer on its way out, also those of the filters behind it: other answers, and smaller ones. */
export const ANSWERS: HttpFilter = slot('headgate.answers', ({ traffic }) =>
  traffic === undefined ? [] : [...compressors(traffic.compression ?? []), ...customResponses(traffic.overrides ?? [])],
)

/**
 * Last of all, when it is known who is asking and that they may. Who is over a limit costs nothing further; bodies are decompressed before
 * they are counted and waited for.
 */
export const REQUESTS: HttpFilter = slot('headgate.requests', requestFilters, ({ traffic }) =>
  globalRateLimitReferences(traffic?.rateLimit),
)

function requestFilters({ traffic, grpc }: Route): readonly RouteFilter[] {
  if (traffic === undefined) return []
  return [
    ...localRateLimit(traffic.rateLimit, grpc),
    ...globalRateLimit(traffic.rateLimit, grpc),
    ...admissionControl(traffic.admission),
    ...decompressors(traffic.decompression ?? []),
    ...bandwidthLimits(traffic.bandwidth),
    ...requestBuffer(traffic.maxBufferedBytes),
  ]
}
