/** How long a push waits for a proxy. Every wait has an end: nothing is withheld for ever. */
export interface Bounds {
  /** For the answer to a response, from a client that has answered a later one. */
  readonly answerMs: number
  /**
   * For the answer to a response, from a client that has answered none since: it hangs, or has no processor. What is sent meanwhile it reads all at
   * once when it goes on, routes to clusters that it has no endpoints of among it. A connection that is dead ends before.
   */
  readonly silenceMs: number
  /** After a cluster or listener was acknowledged: for the subscriptions to what it refers to, and their acknowledgement. */
  readonly warmMs: number
  /** After a new cluster was acknowledged that warms by DNS or health checks, of which a proxy tells nothing. */
  readonly silentWarmMs: number
  /** What needs a new cluster that was rejected waits so long for the translation to come up with something else. */
  readonly quarantineMs: number
  /** So long a revision with a rejected version does not count as acknowledged: the translation is about to replace that version. */
  readonly rejectedMs: number
  /** Resources of one response; the rest follows when it was answered. */
  readonly maxResources: number
  /** Bytes of one response, unless a single resource is larger. */
  readonly maxBytes: number
}

/** The bounds in use unless told otherwise. */
export const DEFAULT_BOUNDS: Bounds = {
  answerMs: 5_000,
  silenceMs: 60_000,
  warmMs: 2_000,
  silentWarmMs: 500,
  quarantineMs: 1_000,
  rejectedMs: 5_000,
  maxResources: 500,
  maxBytes: 4 * 1024 * 1024,
}
