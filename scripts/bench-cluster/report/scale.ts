/** From values to places in a picture. */

/** Where a value stands. */
export type Scale = (value: number) => number

/** Equal factors are equal distances. Values at or below 0 stand at the beginning. */
export function logScale([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  const span = Math.log(to / from)
  return (value) => start + ((end - start) * Math.log(Math.max(value, from) / from)) / span
}

/** Round values of a logarithmic scale in a range, both ends included: 1, 2 and 5 of each power of ten. */
export function logTicks([from, to]: readonly [number, number]): readonly number[] {
  const ticks: number[] = []
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++)
    for (const factor of [1, 2, 5]) {
      const tick = factor * 10 ** power
      if (tick >= from * 0.999 && tick <= to * 1.001) ticks.push(Number(tick.toPrecision(1)))
    }
  return ticks
}

/** The smallest range from round value to round value around all values. */
export function logDomain(values: readonly number[]): readonly [number, number] {
  const found = values.filter((value) => value > 0)
  const low = Math.min(...found)
  const high = Math.max(...found)
  const below = logTicks([low / 10, low]).at(-1) ?? low
  const above = logTicks([high, high * 10])[0] ?? high
  return [below, above === below ? below * 10 : above]
}
