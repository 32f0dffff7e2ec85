import { describe, expect, it } from '@jest/globals'
import { shortened, shortenedToBytes } from './shortened.js'

describe('a text that is shortened', () => {
  it.each([
    { text: 'four', length: 4, want: 'four' },
    { text: 'fours', length: 4, want: 'fou…' },
    { text: 'fo😀s', length: 4, want: 'fo\ufffd…' },
  ])('is $want of $text', ({ text, length, want }) => {
    expect(shortened(text, length)).toBe(want)
  })

  it.each([
    { text: 'four', bytes: 4, want: 'four' },
    { text: 'fours', bytes: 4, want: 'f…' },
    { text: 'éé', bytes: 4, want: 'éé' },
    { text: 'ééé', bytes: 5, want: 'é…' },
    { text: 'ééé', bytes: 4, want: '…' },
    { text: 'f😀😀', bytes: 8, want: 'f😀…' },
    { text: 'f😀😀', bytes: 7, want: 'f…' },
  ])('is $want of $text in $bytes bytes', ({ text, bytes, want }) => {
    expect(shortenedToBytes(text, bytes)).toBe(want)
  })
})
