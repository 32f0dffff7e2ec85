import { describe, expect, it } from '@jest/globals'
import { deepEqual } from '../util/deep-equal.js'
import { isWhole, MAX_LEVELS } from '../util/nesting.js'
import { deepFreeze } from './deep-freeze.js'

/** What an API server takes at the most. */
const DEEPEST = 10_000

const nested = (open: string, levels: number, close: string): unknown => JSON.parse(`${open.repeat(levels)}1${close.repeat(levels)}`)

describe('freezing', () => {
  it('reaches everything', () => {
    const value = deepFreeze({ list: [{ deep: { deeper: [1] } }], text: 'a', nothing: null })
    expect(Object.isFrozen(value.list[0]?.deep.deeper)).toBe(true)
    expect(value).toEqual({ list: [{ deep: { deeper: [1] } }], text: 'a', nothing: null })
  })

  it.each([
    { what: 'objects', open: '{"a":', close: '}' },
    { what: 'lists', open: '[', close: ']' },
  ])('leaves out $what that nobody could follow, and says so', ({ open, close }) => {
    const [value, again] = [1, 2].map(() => deepFreeze(nested(open, DEEPEST, close)))
    expect(isWhole(value)).toBe(false)
    expect(deepEqual(value, again)).toBe(true)
    expect(JSON.stringify(value).split(open)).toHaveLength(MAX_LEVELS + 1)
  })

  it('keeps as many levels as it says', () => {
    expect(isWhole(deepFreeze(nested('[', MAX_LEVELS, ']')))).toBe(true)
    expect(isWhole(deepFreeze(nested('[', MAX_LEVELS + 1, ']')))).toBe(false)
  })
})
