/** What can go wrong between us and the API server, as types that callers switch on. */
import { errorText } from '../util/error-text.js'

/** The API server answered, and the answer was no. */
export class KubeApiError extends Error {
  readonly code = 'KUBE_API'
  /** The HTTP status. */
  readonly status: number
  /** The machine-readable reason of the Status object, such as `Expired` or `AlreadyExists`; empty when the body had none. */
  readonly reason: string
  /** What the server asked for with `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(request: string, status: number, reason: string, detail: string, retryAfterMs?: number) {
    super(`${request}: ${status}${reason === '' ? '' : ` ${reason}`}${detail === '' ? '' : `: ${detail}`}${hint(status, detail)}`)
    this.name = 'KubeApiError'
    this.status = status
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

/** The API server did not answer, or stopped in the middle. */
export class KubeConnectionError extends Error {
  readonly code = 'KUBE_CONNECTION'

  constructor(request: string, cause: unknown) {
    super(`${request}: no answer from the API server (${errorText(cause)})`, { cause })
    this.name = 'KubeConnectionError'
  }
}

/** True if the server answered with this status. */
export function hasStatus(error: unknown, status: number): error is KubeApiError {
  return error instanceof KubeApiError && error.status === status
}

/** True if the server's authorizers do not let us: webhooks, policies and quotas refuse with the same status what we have the right to do. */
export function lacksRight(error: unknown): boolean {
  return hasStatus(error, 403) && LACKS_RIGHT.test(error.message)
}

/** True if the resource version or the continue token is older than what the server still knows: list again from the start. */
export function isExpired(error: unknown): boolean {
  return error instanceof KubeApiError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone')
}

function hint(status: number, detail: string): string {
  if (status === 401) return ' (the credentials were refused: check the kubeconfig or the ServiceAccount token)'
  // Quotas, Pod Security and webhooks refuse with the same status what we have the right to do.
  if (status === 403 && (detail === '' || LACKS_RIGHT.test(detail))) return ' (grant this verb to the ServiceAccount of the controller)'
  return ''
}

/** As the API server words it for every authorizer. */
const LACKS_RIGHT = /\bcannot [a-z]+ (resource|path) /
