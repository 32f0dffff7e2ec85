/** Rows that cannot be proven, and why: the table of features says so. A test may still prove what happens instead. */

/** Rows that share a reason. */
export interface Exception {
  /** As in `feature()`: `{a,b}` stands for both. */
  readonly row: string
  readonly reason: string
}

const DEPRECATED = 'Deprecated by the API, which has another word for it that is proven.'
const RESERVED = 'Reserved by the API for future use: "It should not be used by implementations."'

/** All exceptions. */
export const EXCEPTIONS: readonly Exception[] = [
  { row: 'Gateway condition Scheduled', reason: DEPRECATED },
  { row: 'Gateway reason {Scheduled,NotReconciled}', reason: DEPRECATED },
  { row: 'Listener condition Detached', reason: DEPRECATED },
  { row: 'Listener reason Attached', reason: DEPRECATED },
  { row: 'GatewayClass reason Waiting', reason: DEPRECATED },
  { row: 'Gateway condition Ready', reason: RESERVED },
  { row: 'Gateway reason {Ready,ListenersNotReady}', reason: RESERVED },
  { row: '{Listener condition,Listener reason} Ready', reason: RESERVED },
  { row: 'GatewayClass reason Unsupported', reason: 'For implementations that take no GatewayClasses of users; this one does.' },
  {
    row: 'Route reason Pending',
    reason: 'For controllers that write a status before they have judged a route; this one judges a route before it writes.',
  },
]
