/** A server that cannot listen says which flag to change, not `EADDRINUSE`. */
import { errorText } from '../util/error-text.js'

/** A port that cannot be listened on. The message names the flag that chooses another one. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** What was tried, and the flag that decides it. */
export interface ListenAttempt {
  /** What listens there, such as `the xDS server`. */
  readonly what: string
  readonly host: string
  readonly port: number
  /** Such as `--xds-port`. */
  readonly flag: string
}

/** The error to show for an error of `listen`. */
export function listenError(error: unknown, { what, host, port, flag }: ListenAttempt): ListenError {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return new ListenError(`${what} cannot listen on ${address}: ${reason(error)} Choose another one with ${flag}.`, { cause: error })
}

function reason(error: unknown): string {
  const message = errorText(error)
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  // grpc-js has the code in its message only.
  switch (/E[A-Z]{4,}/.exec(`${code} ${message}`)?.[0]) {
    case 'EADDRINUSE':
      return 'another program listens there.'
    case 'EACCES':
      return 'this user may not use that port.'
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address.'
    default:
      return `${message}.`
  }
}
