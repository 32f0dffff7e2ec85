/** Durations as the Gateway API writes them (GEP-2257). */

const MILLISECONDS = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const

/** Milliseconds of a duration such as `1h30m` or `500ms`; NaN for what is none, which compares as false with everything. */
export function durationMilliseconds(text: string): number {
  if (!/^([0-9]{1,5}(h|m|s|ms)){1,4}$/.test(text)) return Number.NaN
  let sum = 0
  for (const [, amount, unit] of text.matchAll(/([0-9]+)(ms|h|m|s)/g)) {
    if (unit === 'h' || unit === 'm' || unit === 's' || unit === 'ms') sum += Number(amount) * MILLISECONDS[unit]
  }
  return sum
}
