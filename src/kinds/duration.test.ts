import { expect, it } from '@jest/globals'
import { durationMilliseconds } from './duration.js'

it.each([
  ['0s', 0],
  ['500ms', 500],
  ['10s', 10_000],
  ['1m', 60_000],
  ['1h30m', 5_400_000],
  ['1h1m1s1ms', 3_661_001],
  ['99999h', 359_996_400_000],
  ['1s1s', 2_000],
])('%s is %d ms', (text, milliseconds) => {
  expect(durationMilliseconds(text)).toBe(milliseconds)
})

it.each(['', 'x', '1', '1.5h', '-1s', '1d', '1s ', '1s1s1s1s1s'])('%j is no duration', (text) => {
  expect(durationMilliseconds(text)).toBeNaN()
})
