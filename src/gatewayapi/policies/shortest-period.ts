/**
 * How often a policy may have proxies do something by themselves: they do it for each endpoint, name or provider, whoever else shares them. To ask 64
 * endpoints took an Envoy a fifth of a processor each millisecond, and a fortieth each 100 ms; and who is asked for keys may be anybody's server.
 */
import { durationMilliseconds } from '../../kinds/duration.js'

const SHORTEST_MS = 100

/** What is wrong with the first of these times, by their fields, that is too short; undefined where none is. */
export function periodProblem(periods: Readonly<Record<string, string | undefined>>): string | undefined {
  const [field] = Object.entries(periods).find(([, text]) => text !== undefined && durationMilliseconds(text) < SHORTEST_MS) ?? []
  return field === undefined ? undefined : `${field}: must be ${SHORTEST_MS}ms at least.`
}
