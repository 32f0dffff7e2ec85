import { describe, expect, it } from '@jest/globals'
import { strategicMerge } from './strategic-merge.js'

describe('strategicMerge', () => {
  it.each([
    { name: 'objects are merged', base: { a: { b: 1, c: 2 } }, patch: { a: { c: 3 } }, want: { a: { b: 1, c: 3 } } },
    { name: 'null removes', base: { a: 1, b: 2 }, patch: { a: null }, want: { b: 2 } },
    {
      name: 'named things are merged by name',
      base: { x: [{ name: 'a', v: 1, w: 1 }] },
      patch: { x: [{ name: 'a', v: 2 }, { name: 'b' }] },
      want: { x: [{ name: 'a', v: 2, w: 1 }, { name: 'b' }] },
    },
    {
      name: 'a named thing is deleted',
      base: { x: [{ name: 'a' }, { name: 'b' }] },
      patch: { x: [{ name: 'a', $patch: 'delete' }] },
      want: { x: [{ name: 'b' }] },
    },
    { name: 'other lists are replaced', base: { x: ['a', 'b'] }, patch: { x: ['c'] }, want: { x: ['c'] } },
  ])('$name', ({ base, patch, want }) => {
    const before = JSON.stringify(base)
    expect(strategicMerge(base, patch)).toEqual(want)
    expect(JSON.stringify(base)).toBe(before)
  })
})
