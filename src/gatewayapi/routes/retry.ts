import type { HTTPRouteRetry } from '../../gen/kinds.js'
import type { Retry } from '../../ir/forward.js'
import { durationMilliseconds } from '../../kinds/duration.js'

/**
 * Retries of a rule; undefined for one that says nothing: every virtual host says the default once for all its routes.
 *
 * Source: Gateway API v1.7, HTTPRouteRetry: connection errors are tried again whatever codes are named.
 */
export function retryOf(retry: HTTPRouteRetry | undefined): Retry | undefined {
  if (retry === undefined) return undefined
  return {
    attempts: retry.attempts,
    statusCodes: [...(retry.codes ?? [])].sort((a, b) => a - b),
    connectionErrors: true,
    ...(retry.backoff === undefined ? {} : { backoffBaseMs: durationMilliseconds(retry.backoff) }),
  }
}
