/** Figures of many measurements. */

/** Milliseconds of a series. */
export interface Figures {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Figures of a series; all zero for an empty one. */
export function figuresOf(values: readonly number[]): Figures {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  const mean = sorted.reduce((sum, value) => sum + value, 0) / Math.max(sorted.length, 1)
  return { count: sorted.length, mean, p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** `mean 9.1 / p50 8.7 / p99 20.1 / max 31 ms`. */
export function printFigures({ mean, p50, p99, max }: Figures): string {
  return `mean ${mean.toFixed(1)} / p50 ${p50.toFixed(1)} / p99 ${p99.toFixed(1)} / max ${max.toFixed(0)} ms`
}
