/** What follows a change from the provider to the proxies. Times are milliseconds since the epoch. */
export interface ChangeTrace {
  /** Names the round of translation that the change was part of; no other round of any replica has it. In logs and in the history. */
  readonly id: string
  /** When the first object of the round came from the provider. */
  readonly receivedAt: number
  /** When the translation began. */
  readonly translationAt: number
  /** When its resources were ready. */
  readonly readyAt: number
}
