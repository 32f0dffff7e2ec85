import { describe, expect, it } from '@jest/globals'
import { drainKey } from './drain-key.js'

describe('the key that lets Envoys of a group drain', () => {
  it('is one for each group and each secret, and has 128 bits', () => {
    const keys = [drainKey('a', 'shop/web'), drainKey('b', 'shop/web'), drainKey('a', 'shop/api')]
    expect(new Set(keys).size).toBe(3)
    expect(drainKey('a', 'shop/web')).toBe(keys[0])
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
  })
})
