/** Requests that another site makes a browser send. Source: Envoy, `envoy.extensions.filters.http.csrf.v3.CsrfPolicy`. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { Csrf } from '../../../ir/route.js'
import { any } from '../../message.js'
import { MILLION, millionths, requestShare } from '../fraction.js'
import { HOST_PATTERN, quote } from '../regex.js'
import type { HttpFilter } from './http-filter.js'

type CsrfPolicy = envoy.extensions.filters.http.csrf.v3.CsrfPolicy

const ALL = requestShare(MILLION)
const NONE = requestShare(0)
const TYPE = 'envoy.extensions.filters.http.csrf.v3.CsrfPolicy'

const IDLE = any(TYPE, { filterEnabled: NONE })

/** Answers 403 to requests that change something and come from a page of another host. */
export const CSRF: HttpFilter = {
  name: 'envoy.filters.http.csrf',
  config: IDLE,
  disabled: true,
  idle: IDLE,
  perRoute: ({ csrf }) => (csrf === undefined ? undefined : any(TYPE, policy(csrf))),
}

function policy({ additionalOrigins, shadow }: Csrf): CsrfPolicy {
  return {
    ...(shadow === undefined
      ? { filterEnabled: ALL }
      : { filterEnabled: NONE, shadowEnabled: requestShare(millionths(shadow.numerator, shadow.denominator)) }),
    additionalOrigins: additionalOrigins.map(originMatcher),
  }
}

/** Envoy compares the host and the port of an origin. */
function originMatcher(origin: string): envoy.type.matcher.v3.StringMatcher {
  if (!origin.startsWith('*.')) return { exact: origin, ignoreCase: true }
  return { safeRegex: { regex: `(?i)${HOST_PATTERN}\\.${quote(origin.slice(2))}` } }
}
