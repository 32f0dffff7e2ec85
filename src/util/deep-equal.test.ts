import { describe, expect, it } from '@jest/globals'
import { Sensitive } from '../ir/sensitive.js'
import { deepEqual } from './deep-equal.js'

describe('deepEqual', () => {
  it.each([
    { rule: 'objects by content, in any order', a: { x: 1, y: [2] }, b: { y: [2], x: 1 }, want: true },
    { rule: 'a missing property is none', a: { x: undefined }, b: {}, want: false },
    { rule: 'lists in order', a: [1, 2], b: [2, 1], want: false },
    { rule: 'bytes', a: Buffer.from('a'), b: Buffer.from('a'), want: true },
    { rule: 'maps', a: new Map([['a', { x: 1 }]]), b: new Map([['a', { x: 2 }]]), want: false },
    { rule: 'sets', a: new Set([1]), b: new Set([1]), want: true },
    { rule: 'a hidden value that is the same', a: { key: new Sensitive('a') }, b: { key: new Sensitive('a') }, want: true },
    { rule: 'a hidden value that differs', a: { key: new Sensitive('a') }, b: { key: new Sensitive('b') }, want: false },
    { rule: 'different kinds', a: [], b: {}, want: false },
  ])('$rule', ({ a, b, want }) => {
    expect(deepEqual(a, b)).toBe(want)
  })
})
