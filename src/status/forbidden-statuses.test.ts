import { expect, it } from '@jest/globals'
import { ForbiddenStatuses } from './forbidden-statuses.js'

it('are counted by kind, and told ever more seldom', () => {
  const forbidden = new ForbiddenStatuses()
  const told = Array.from({ length: 100 }, (_, at) => forbidden.add(`HTTPRoute/shop/r${at % 10}`, 'cannot patch'))
  expect(told.filter(Boolean)).toHaveLength(7)
  expect(forbidden.add('Gateway/shop/web', 'cannot patch either')).toBe(true)
  expect(forbidden.values()).toEqual([
    { kind: 'HTTPRoute', count: 10, message: 'cannot patch' },
    { kind: 'Gateway', count: 1, message: 'cannot patch either' },
  ])
})

it('are others of a kind when one of them was written, and none where it was not one of them', () => {
  const forbidden = new ForbiddenStatuses()
  for (const name of ['a', 'b']) forbidden.add(`HTTPRoute/shop/${name}`, 'cannot patch')
  expect(forbidden.delete('HTTPRoute/shop/c')).toEqual(new Set())
  expect(forbidden.delete('HTTPRoute/shop/a')).toEqual(new Set(['HTTPRoute/shop/b']))
  expect(forbidden.delete('HTTPRoute/shop/b')).toEqual(new Set())
  expect(forbidden.values()).toEqual([])
})
