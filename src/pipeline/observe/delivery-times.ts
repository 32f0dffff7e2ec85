/** How long revisions take until every connected proxy of their group has them. */

/** So many revisions of a group are waited for; the oldest are forgotten when nobody comes for them. */
const MOST_WAITING = 1_000

/**
 * Times of deliveries. A revision that was made while no proxy was connected is none: how long it takes until one comes is the time that a pod needs
 * to start, or until one chooses this replica.
 */
export class DeliveryTimes {
  readonly #waiting = new Map<string, { readonly revision: number; readonly since: number }[]>()

  /** A revision is ready to be sent to so many proxies. Times are milliseconds of any clock. */
  applied(group: string, revision: number, connectedProxies: number, now: number): void {
    if (connectedProxies === 0) return
    const waiting = this.#waiting.get(group) ?? []
    this.#waiting.set(group, waiting)
    waiting.push({ revision, since: now })
    if (waiting.length > MOST_WAITING) waiting.shift()
  }

  /** There is no such group any more. */
  forgotten(group: string): void {
    this.#waiting.delete(group)
  }

  /** All connected proxies have this revision, or others are connected: how long each took that they have now, in milliseconds. */
  delivered(group: string, revision: number, connectedProxies: number, now: number): readonly number[] {
    if (connectedProxies === 0) this.#waiting.delete(group)
    const waiting = this.#waiting.get(group) ?? []
    const later = waiting.findIndex((each) => each.revision > revision)
    return waiting.splice(0, later === -1 ? waiting.length : later).map(({ since }) => now - since)
  }
}
