/** Requests that are made slow or fail on purpose. */

import type { envoy } from '../../../gen/envoy/types.js'
import type { Fault } from '../../../ir/request-traffic.js'
import { any, duration } from '../../message.js'
import { fraction } from '../fraction.js'
import type { HttpFilter } from './http-filter.js'

const NONE = any('envoy.extensions.filters.http.fault.v3.HTTPFault', {})

/** Waits, or answers in place of the backend. */
export const FAULT: HttpFilter = {
  name: 'envoy.filters.http.fault',
  config: NONE,
  disabled: true,
  idle: NONE,
  perRoute: ({ traffic }) =>
    traffic?.fault === undefined ? undefined : any('envoy.extensions.filters.http.fault.v3.HTTPFault', httpFault(traffic.fault)),
}

function httpFault({ delay, abort }: Fault): envoy.extensions.filters.http.fault.v3.HTTPFault {
  return {
    ...(delay === undefined
      ? {}
      : { delay: { fixedDelay: duration(delay.ms), percentage: fraction(delay.share.numerator, delay.share.denominator) } }),
    ...(abort === undefined
      ? {}
      : {
          abort: {
            ...('http' in abort.status ? { httpStatus: abort.status.http } : { grpcStatus: abort.status.grpc }),
            percentage: fraction(abort.share.numerator, abort.share.denominator),
          },
        }),
  }
}
