import { expect, it } from '@jest/globals'
import { isExact } from './domain.js'

it('tells exact hosts from wildcards', () => {
  expect(['a.test', '*.a.test', '*'].map(isExact)).toEqual([true, false, false])
})
