import { describe, expect, it } from '@jest/globals'
import { shortened } from './shortened.js'

describe('a text that is shortened', () => {
  it.each([
    { text: 'four', length: 4, want: 'four' },
    { text: 'fours', length: 4, want: 'fou…' },
    { text: 'fo😀s', length: 4, want: 'fo\ufffd…' },
  ])('is $want of $text', ({ text, length, want }) => {
    expect(shortened(text, length)).toBe(want)
  })
})
