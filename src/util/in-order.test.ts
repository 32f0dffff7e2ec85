import { expect, it } from '@jest/globals'
import { inOrder } from './in-order.js'

it('has each word once, in order', () => {
  expect(inOrder([])).toEqual([])
  expect(inOrder(['a'])).toEqual(['a'])
  expect(inOrder(['b', 'b'])).toEqual(['b'])
  expect(inOrder(['b', 'a', 'b', 'B'])).toEqual(['B', 'a', 'b'])
})

it('leaves what it is given as it is', () => {
  const given = ['b', 'b']
  inOrder(given)
  expect(given).toEqual(['b', 'b'])
})
