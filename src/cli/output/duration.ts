/** Times as people say them. */

/** `5s`, `3m20s`, `2h5m`, `4d2h`. Negative spans are `0s`. */
export function printDuration(milliseconds: number): string {
  const seconds = Math.max(Math.floor(milliseconds / 1000), 0)
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = units.findIndex(([count]) => count > 0)
  if (first === -1) return '0s'
  const shown = units.slice(first, first + 2).filter(([count]) => count > 0)
  return shown.map(([count, unit]) => `${count}${unit}`).join('')
}

/** Milliseconds of `500ms`, `30s`, `5m`, `1h` or a number of seconds; undefined for anything else. */
export function readDuration(text: string): number | undefined {
  const [, count, unit = 's'] = /^(\d{1,9})(ms|s|m|h)?$/.exec(text) ?? []
  const factors: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  return count === undefined ? undefined : Number(count) * (factors[unit] ?? 0)
}
