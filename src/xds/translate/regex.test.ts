import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { anyBut, quote } from './regex.js'

/** Whole-text match of an expression that RE2 and JavaScript read alike. */
const matches = (expression: string, text: string): boolean => new RegExp(`^(?:${expression})$`).test(text)

describe('quote', () => {
  it('matches just the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, other) => {
        expect(matches(quote(text), text)).toBe(true)
        expect(matches(quote(text), other)).toBe(text === other)
      }),
    )
  })
})

describe('anyBut', () => {
  it('matches every text but the words', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '-', ':'), maxLength: 4 })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), word, (words, text) => {
        expect(matches(anyBut(words), text)).toBe(!words.includes(text))
        for (const one of words) expect(matches(anyBut(words), one)).toBe(false)
      }),
    )
  })
})
