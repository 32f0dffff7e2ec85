/** What policies about traffic do to requests and answers, each place of the chain as its filters allow. */
import { admissionControl } from './admission-control.js'
import { bandwidthLimits } from './bandwidth-limit.js'
import { requestBuffer } from './buffer.js'
import { EMPTY_PLACE, fillPlaceWith, IDLE_PLACE } from './composite.js'
import { compressors } from './compressor.js'
import { customResponses } from './custom-response.js'
import { decompressors } from './decompressor.js'
import { largestBody } from './ext-authz.js'
import { globalRateLimit, globalRateLimitReferences } from './global-rate-limit.js'
import type { HttpFilter } from './http-filter.js'
import { localRateLimit } from './local-rate-limit.js'
import { slot } from './slot.js'

/**
 * First of all, so that it sees every answer on its way out, also those of the filters behind it: other answers, and smaller ones. Limits that
 * count before anybody is asked who they are stand here as well: a place of their own would cost every request a look.
 */
export const ANSWERS: HttpFilter = slot('headgate.answers', ({ traffic, grpc }) =>
  traffic === undefined
    ? []
    : [
        ...compressors(traffic.compression ?? []),
        ...customResponses(traffic.overrides ?? []),
        ...localRateLimit(traffic.rateLimit, grpc, 'early'),
      ],
)

/**
 * Late, when it is known who is asking and that they may. Who is over a limit costs nothing further.
 *
 * Where a filter of a place waits, or hands bytes on later, Envoy goes on behind the place and not within it: so it is the last of its place,
 * as the rate limit service here.
 */
export const REQUESTS: HttpFilter = slot(
  'headgate.requests',
  ({ traffic, grpc }) =>
    traffic?.rateLimit === undefined
      ? []
      : [...localRateLimit(traffic.rateLimit, grpc, 'late'), ...globalRateLimit(traffic.rateLimit, grpc)],
  ({ traffic }) => globalRateLimitReferences(traffic?.rateLimit),
  // Of a larger one, the service that was asked saw a part only: it waits for all of it, but does not count what comes at once with its end.
  ({ externalAuth }) => externalAuth && largestBody(externalAuth),
)

/** Bodies are decompressed before they are counted and waited for. */
export const BODIES: HttpFilter = {
  name: 'headgate.bodies',
  config: EMPTY_PLACE,
  disabled: true,
  idle: IDLE_PLACE,
  perRoute: ({ traffic }) => {
    if (traffic === undefined) return undefined
    const filters = [...admissionControl(traffic.admission), ...decompressors(traffic.decompression ?? [])]
    const { maxBufferedBytes: most } = traffic
    if (most === undefined) return fillPlaceWith(filters)
    return fillPlaceWith([...filters, requestBuffer(most)], { maxBodyBytes: most, forTunnels: filters })
  },
}

/** What was waited for is counted once more, and goes on as fast as it may. */
export const WHOLE_BODIES: HttpFilter = slot(
  'headgate.whole_bodies',
  ({ traffic }) => bandwidthLimits(traffic?.bandwidth),
  undefined,
  ({ traffic }) => traffic?.maxBufferedBytes,
)
