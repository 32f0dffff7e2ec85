import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type HeaderChanges, NO_HEADER_CHANGES } from '../../ir/headers.js'
import { mergeHeaderChanges } from './header-changes.js'

/** Headers by name, with all values: what changes do, one after the other. Envoy removes first, then sets, then adds. */
function apply(
  headers: ReadonlyMap<string, readonly string[]>,
  { set, add, remove }: HeaderChanges,
): ReadonlyMap<string, readonly string[]> {
  const after = new Map(headers)
  for (const name of remove) after.delete(name)
  for (const { name, value } of set) after.set(name, [value])
  for (const { name, value } of add) after.set(name, [...(after.get(name) ?? []), value])
  return after
}

describe('mergeHeaderChanges', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const values = (prefix: string) =>
    fc.uniqueArray(fc.record({ name, value: fc.constantFrom(`${prefix}1`, `${prefix}2`) }), { selector: (each) => each.name })
  // A filter that both removes and adds a header would say two things at once; the specification leaves open what that means.
  const changes = (prefix: string) =>
    fc.record({ set: values(prefix), add: values(prefix), remove: fc.subarray(['a', 'b', 'c']) }).map(({ set, add, remove }) => ({
      set,
      add,
      remove: remove.filter((each) => ![...set, ...add].some((value) => value.name === each)),
    }))

  it('does what both do, one after the other', () => {
    fc.assert(
      fc.property(changes('x'), changes('y'), (first, second) => {
        const headers = new Map([
          ['a', ['old']],
          ['b', ['old', 'older']],
        ])
        expect(apply(headers, mergeHeaderChanges(first, second))).toEqual(apply(apply(headers, first), second))
      }),
    )
  })

  it('changes nothing when neither does', () => {
    expect(mergeHeaderChanges(NO_HEADER_CHANGES, NO_HEADER_CHANGES)).toBe(NO_HEADER_CHANGES)
  })
})
