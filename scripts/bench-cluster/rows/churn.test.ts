import { describe, expect, it } from '@jest/globals'
import { slope } from './churn.js'

describe('slope', () => {
  it.each([
    { what: 'a straight line', samples: [0, 1, 2, 3].map((minute) => ({ minute, mb: 100 + 2.5 * minute })), want: 2.5 },
    { what: 'a saw', samples: [0, 1, 2, 3].map((minute) => ({ minute, mb: [100, 110, 110, 100][minute] ?? 0 })), want: 0 },
    { what: 'one sample', samples: [{ minute: 1, mb: 100 }], want: 0 },
    { what: 'nothing', samples: [], want: 0 },
  ])('of $what', ({ samples, want }) => {
    expect(slope(samples)).toBeCloseTo(want)
  })
})
