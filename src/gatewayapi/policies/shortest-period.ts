/**
 * How often a policy may have proxies do something by themselves. They do it for each endpoint, name or provider, in the thread that also takes
 * their configuration: once a millisecond, one policy of one team would keep an Envoy that many share from everything else.
 */
import { durationMilliseconds } from '../../kinds/duration.js'

const SHORTEST_MS = 100

/** What is wrong with the first of these times, by their fields, that is too short; undefined where none is. */
export function periodProblem(periods: Readonly<Record<string, string | undefined>>): string | undefined {
  const [field] = Object.entries(periods).find(([, text]) => text !== undefined && durationMilliseconds(text) < SHORTEST_MS) ?? []
  return field === undefined ? undefined : `${field}: must be ${SHORTEST_MS}ms at least.`
}
