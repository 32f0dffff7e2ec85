import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { MILLION } from '../fraction.js'
import { shares } from './shares.js'

describe('shares', () => {
  it.each([
    { rule: 'one part takes everything', weights: [3], want: [undefined] },
    { rule: 'each says where its share ends', weights: [1, 2, 1], want: [250_000, 750_000, undefined] },
    { rule: 'the last takes what rounding left', weights: [1, 1, 1], want: [333_333, 666_667, undefined] },
  ])('$rule', ({ weights, want }) => {
    expect(shares(weights.map((weight) => ({ weight }))).map(({ upTo }) => upTo)).toEqual(want)
  })

  it('gives each part its weight, to a millionth', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 16 }), (weights) => {
        const total = weights.reduce((a, b) => a + b, 0)
        let before = 0
        for (const { part, upTo = MILLION } of shares(weights.map((weight) => ({ weight })))) {
          expect(Math.abs((upTo - before) / MILLION - part.weight / total)).toBeLessThanOrEqual(1 / MILLION + Number.EPSILON)
          before = upTo
        }
      }),
    )
  })
})
