/** Answers without a body, RFC 9110 §15: a client takes one for the beginning of the next answer. */
export const BODILESS_STATUSES: readonly number[] = [101, 204, 205, 304]

/** True for the status of an answer that has no body. */
export function isBodiless(status: number): boolean {
  return BODILESS_STATUSES.includes(status)
}
