/** How often each of several ends of a request must come where chance decides, and how often it came. */
import type { Verdict } from './verdict.js'

/** Ends of requests, such as the name of a backend, and how often each came. */
export type Counts = ReadonlyMap<string | number, number>

/** The shares of the ends that a request may have, from 0 to 1. */
export function sharesOf(verdict: Verdict): Counts {
  if (verdict.does !== 'forward') throw new Error('nothing is shared out')
  const total = verdict.backends.reduce((sum, { weight }) => sum + weight, 0)
  const shares = new Map<string | number, number>()
  for (const { backend, error, weight } of verdict.backends) {
    const end = backend ?? error
    shares.set(end, (shares.get(end) ?? 0) + weight / total)
  }
  return shares
}

/** How many standard deviations a count may be away: chance alone does that once in twenty million times. */
const DEVIATIONS = 5.5

/** The ends that came too often or too seldom for these shares, in words. */
export function oddCounts(shares: Counts, counts: Counts): readonly string[] {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return [...new Set([...shares.keys(), ...counts.keys()])].flatMap((end) => {
    const [share, count] = [shares.get(end) ?? 0, counts.get(end) ?? 0]
    const isOdd = Math.abs(count - share * all) > DEVIATIONS * Math.sqrt(all * share * (1 - share))
    return isOdd ? [`${end} came ${count} of ${all} times, with a share of ${share}`] : []
  })
}
