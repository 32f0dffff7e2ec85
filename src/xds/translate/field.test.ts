import { describe, expect, it } from '@jest/globals'
import { field, keep } from './field.js'

describe('keep', () => {
  it('joins parts in their order', () => {
    expect(keep([Buffer.from('ab'), Buffer.from(''), Buffer.from('c')]).toString()).toBe('abc')
  })

  it('takes no more memory than the parts have', () => {
    const kept = keep([field(1, [Buffer.from('some')]), Buffer.from('thing')])
    expect(kept.buffer.byteLength).toBe(kept.length)
  })
})
