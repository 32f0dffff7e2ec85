import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { logDomain, logScale, logTicks } from './scale.js'

describe('a logarithmic scale', () => {
  it('puts equal factors at equal distances', () => {
    const at = logScale([10, 1000], [0, 200])
    expect([10, 100, 1000].map((value) => Math.round(at(value)))).toEqual([0, 100, 200])
  })

  it('has the round values of its range as ticks', () => {
    expect(logTicks([10, 500])).toEqual([10, 20, 50, 100, 200, 500])
    expect(logTicks([0.1, 1])).toEqual([0.1, 0.2, 0.5, 1])
  })

  it('has a domain of round values around all values', () => {
    expect(logDomain([12, 430])).toEqual([10, 500])
    const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1 }), (values) => {
        const [low, high] = logDomain(values)
        expect(low).toBeLessThanOrEqual(Math.min(...values) * 1.001)
        expect(high).toBeGreaterThanOrEqual(Math.max(...values) * 0.999)
        expect(high).toBeGreaterThan(low)
      }),
    )
  })
})
