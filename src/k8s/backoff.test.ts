import { describe, expect, it } from '@jest/globals'
import { API_BACKOFF, backoffMs } from './backoff.js'

describe('backoffMs', () => {
  it.each([
    { failures: 1, random: 0.5, want: 800 },
    { failures: 2, random: 0.5, want: 1_600 },
    { failures: 6, random: 0.5, want: 25_600 },
    { failures: 7, random: 0.5, want: 30_000 },
    { failures: 5_000, random: 0.5, want: 30_000 },
    { failures: 1, random: 0, want: 640 },
    { failures: 100, random: 0.999999, want: 36_000 },
  ])('waits $want ms after $failures failures (chance $random)', ({ failures, random, want }) => {
    expect(backoffMs(API_BACKOFF, failures, { random: () => random })).toBeCloseTo(want, 0)
  })
})
