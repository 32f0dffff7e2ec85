/**
 * When the configuration of a filter goes out that routes refer to by names within it: a route that names what is not there is answered
 * with an error. So what adds names goes before the routes, and what only loses some goes behind them.
 */
import type { EncodedResource } from '../resource.js'
import type { Held } from './subscription.js'

/** True if the new version lacks names that the client has, and has no new one. */
export function losesOnly(held: Held | undefined, next: EncodedResource): boolean {
  // Of what an earlier stream brought only the version is known.
  if (held?.value === undefined) return false
  const before = new Set(held.provides)
  const after = new Set(next.provides)
  return [...before].some((name) => !after.has(name)) && [...after].every((name) => before.has(name))
}
