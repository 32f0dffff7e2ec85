import type { AdmissionLimits } from './admission.js'

/** What a peer may cost. */
export interface Limits extends AdmissionLimits {
  /** Bytes of one request: a proxy with many resources names them all when it comes back (10,000 names exceed the usual 4 MiB). */
  readonly maxRequestBytes: number
  /** Names that one stream may subscribe to, over all types. */
  readonly maxNamesPerStream: number
  /** Open streams of one remote address. */
  readonly maxStreamsPerPeer: number
  /** Open streams altogether. */
  readonly maxStreams: number
  /** Open connections of one remote address, with those in the middle of their handshake: nobody has to prove anything to open one. */
  readonly maxConnectionsPerPeer: number
  /** Milliseconds after which a connection without a stream is ended. */
  readonly unusedConnectionMs: number
  /** Milliseconds from one ping to the next, by which a connection shows that its other side is still there. */
  readonly pingMs: number
  /** Milliseconds for the answer to a ping. A machine that is gone closes no connection, and until it counts as closed its proxies are waited for. */
  readonly pingAnswerMs: number
  /** Milliseconds until the first request must have come, from when the stream may begin. */
  readonly firstRequestMs: number
}

/** The limits in use unless told otherwise. */
export const DEFAULT_LIMITS: Limits = {
  maxRequestBytes: 64 * 1024 * 1024,
  maxNamesPerStream: 250_000,
  maxStreamsPerPeer: 2_000,
  maxStreams: 10_000,
  maxConnectionsPerPeer: 2_000,
  unusedConnectionMs: 60_000,
  pingMs: 10_000,
  pingAnswerMs: 20_000,
  firstRequestMs: 15_000,
  beginningStreams: 16,
  beginningMs: 500,
}
