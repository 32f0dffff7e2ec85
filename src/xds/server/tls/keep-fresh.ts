/** Replaces certificates in time, by the clock that those go by who check them. */
import type { ServerClock } from '../clock.js'
import { type CertificatePair, isFresh, renewalTime } from './certificates.js'

/** How often one looks: timers stand still while a machine sleeps, and none of them hears that its clock was set. In milliseconds. */
const LOOK_MS = 60_000

/** One looks no more often, however short it lives. In milliseconds. */
const SHORTEST_MS = 1_000

/**
 * Has a certificate replaced when two thirds of its life are over, or when it is not valid any more or not yet, until the returned function is called.
 *
 * @param renew returns what takes its place; called again a minute later when it fails
 */
export function keepFresh(
  clock: ServerClock,
  certificate: CertificatePair,
  renew: () => CertificatePair | Promise<CertificatePair>,
): () => void {
  let isOver = false
  let cancel = (): void => {}
  const look = async (current: CertificatePair): Promise<void> => {
    try {
      wait(isFresh(current, clock.wallTime()) ? current : await renew())
    } catch {
      // A third of its life is left, and who renews has nobody to tell.
      wait(current, LOOK_MS)
    }
  }
  const wait = (current: CertificatePair, atLeastMs = SHORTEST_MS): void => {
    if (isOver) return
    const leftMs = renewalTime(current).getTime() - clock.wallTime().getTime()
    cancel = clock.after(Math.min(Math.max(leftMs, atLeastMs), LOOK_MS), () => void look(current))
  }
  wait(certificate)
  return () => {
    isOver = true
    cancel()
  }
}
