/** What a reflector is doing, and what went wrong when it is waiting. */

import { errorText } from '../util/error-text.js'
import { isExpired, KubeApiError } from './kube-error.js'

/**
 * `listing` → `watching` → `watching` … is the good life. Every failure leads through `waiting` back to `listing` (when the position was
 * lost) or `watching`. `absent` means that the server does not know the resource; it is asked again now and then.
 */
export type ReflectorState =
  | { readonly kind: 'listing' }
  | { readonly kind: 'watching' }
  | { readonly kind: 'waiting'; readonly failure: ReflectorFailure; readonly waitMs: number }
  | { readonly kind: 'absent'; readonly waitMs: number }
  | { readonly kind: 'stopped' }

/** Why a list or a watch ended. */
export interface ReflectorFailure {
  readonly reason: 'expired' | 'throttled' | 'unauthorized' | 'forbidden' | 'absent' | 'refused' | 'unavailable' | 'disconnected'
  readonly message: string
  /** The server's own wish, in milliseconds. */
  readonly retryAfterMs?: number
}

/** What the server says where it does not let us read; undefined where it does, and where it is only late. */
export function refusalIn(state: ReflectorState): string | undefined {
  if (state.kind !== 'waiting') return undefined
  const { reason, message } = state.failure
  return reason === 'forbidden' || reason === 'refused' ? message : undefined
}

/** Sorts an error into what can be done about it. */
export function failureOf(error: unknown): ReflectorFailure {
  const message = errorText(error)
  if (!(error instanceof KubeApiError)) return { reason: 'disconnected', message }
  const retryAfter = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }
  if (isExpired(error)) return { reason: 'expired', message, ...retryAfter }
  switch (error.status) {
    case 401:
      return { reason: 'unauthorized', message, ...retryAfter }
    case 403:
      return { reason: 'forbidden', message, ...retryAfter }
    case 404:
      return { reason: 'absent', message, ...retryAfter }
    case 429:
      return { reason: 'throttled', message, ...retryAfter }
    case 502:
    case 503:
    case 504:
      return { reason: 'unavailable', message, ...retryAfter }
    default:
      return { reason: 'refused', message, ...retryAfter }
  }
}
