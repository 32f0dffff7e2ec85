import { expect, it } from '@jest/globals'
import { withoutField } from './without-field.js'

it.each([
  { name: 'a field', value: { a: 1, b: 2 }, path: ['a'], rest: { b: 2 } },
  { name: 'a field within a field', value: { a: { b: 1, c: 2 } }, path: ['a', 'b'], rest: { a: { c: 2 } } },
  { name: 'a field of every element', value: { a: [{ b: 1 }, { b: 2, c: 3 }] }, path: ['a', 'b'], rest: { a: [{}, { c: 3 }] } },
  { name: 'a whole list', value: { a: [1, 2] }, path: ['a'], rest: {} },
  { name: 'nothing where there is nothing', value: { a: 'text' }, path: ['a', 'b'], rest: { a: 'text' } },
])('takes away $name', ({ value, path, rest }) => {
  expect(withoutField(value, path)).toEqual(rest)
})
