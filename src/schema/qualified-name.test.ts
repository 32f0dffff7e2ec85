import { describe, expect, it } from '@jest/globals'
import { isQualifiedName } from './qualified-name.js'

describe('names of labels', () => {
  it.each(['a', 'A.b_c-d', 'example.com/a', `${'p'.repeat(253)}/a`, 'n'.repeat(63)])('%s is one', (text) => {
    expect(isQualifiedName(text)).toBe(true)
  })

  it.each(['', '/', 'a/', '/a', 'a/b/c', '-a', 'a-', 'Example.com/a', `${'p'.repeat(254)}/a`, 'n'.repeat(64), 'a b'])(
    '%j is none',
    (text) => {
      expect(isQualifiedName(text)).toBe(false)
    },
  )
})
