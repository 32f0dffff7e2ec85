import type { HTTPRouteRetry } from '../../gen/kinds.js'
import { DEFAULT_RETRY } from '../../ir/defaults.js'
import type { Retry } from '../../ir/forward.js'
import { durationMilliseconds } from '../../kinds/duration.js'

/** Retries of a rule. Source: Gateway API v1.7, HTTPRouteRetry: connection errors are tried again whatever codes are named. */
export function retryOf(retry: HTTPRouteRetry | undefined): Retry {
  if (retry === undefined) return DEFAULT_RETRY
  return {
    attempts: retry.attempts,
    statusCodes: [...(retry.codes ?? [])].sort((a, b) => a - b),
    connectionErrors: true,
    ...(retry.backoff === undefined ? {} : { backoffBaseMs: durationMilliseconds(retry.backoff) }),
  }
}
