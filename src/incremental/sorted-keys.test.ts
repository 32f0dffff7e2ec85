import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { SortedKeys } from './sorted-keys.js'

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k')
const steps = fc.array(fc.record({ does: fc.constantFrom('add', 'delete', 'read'), key }), { maxLength: 60 })

describe('SortedKeys', () => {
  it('says what a sorted set says, whatever was added, deleted and read before', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const keys = new SortedKeys()
        const model = new Set<string>()
        for (const { does, key } of list) {
          if (does === 'add') {
            keys.add(key)
            model.add(key)
          } else if (does === 'delete') {
            keys.delete(key)
            model.delete(key)
          } else expect(keys.sorted()).toEqual([...model].sort())
          expect(keys.size).toBe(model.size)
        }
        expect(keys.sorted()).toEqual([...model].sort())
      }),
    )
  })

  it('leaves what was read as it was', () => {
    const keys = new SortedKeys()
    keys.add('b')
    const one = keys.sorted()
    keys.add('a')
    const two = keys.sorted()
    keys.delete('b')
    expect([one, two, keys.sorted()]).toEqual([['b'], ['a', 'b'], ['a']])
  })
})
