import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Enum } from '../../gen/envoy/enums.js'
import { type HeaderChanges, NO_HEADER_CHANGES } from '../../ir/headers.js'
import { composeHeaderChanges, headerMutations, hostOf } from './header-mutations.js'

const { OVERWRITE_IF_EXISTS_OR_ADD, APPEND_IF_EXISTS_OR_ADD } = Enum['envoy.config.core.v3.HeaderValueOption.HeaderAppendAction']

describe('headerMutations', () => {
  it('removes, sets and adds', () => {
    const changes: HeaderChanges = { set: [{ name: 'a', value: '1' }], add: [{ name: 'b', value: '2' }], remove: ['c'] }
    const added = [
      { header: { key: 'a', value: '1' }, appendAction: OVERWRITE_IF_EXISTS_OR_ADD, keepEmptyValue: true },
      { header: { key: 'b', value: '2' }, appendAction: APPEND_IF_EXISTS_OR_ADD, keepEmptyValue: true },
    ]
    expect(headerMutations(changes, changes)).toEqual({
      requestHeadersToAdd: added,
      requestHeadersToRemove: ['c'],
      responseHeadersToAdd: added,
      responseHeadersToRemove: ['c'],
    })
  })

  it('has no empty fields', () => {
    expect(headerMutations(NO_HEADER_CHANGES, NO_HEADER_CHANGES)).toEqual({})
  })

  it('escapes what Envoy would expand', () => {
    const changes: HeaderChanges = { set: [{ name: 'a', value: '100%: %REQ(cookie)%' }], add: [], remove: [] }
    expect(headerMutations(changes, NO_HEADER_CHANGES).requestHeadersToAdd).toMatchObject([{ header: { value: '100%%: %%REQ(cookie)%%' } }])
  })

  it('leaves out the host and pseudo headers, for which Envoy refuses a whole configuration', () => {
    const value = 'x'
    const changes: HeaderChanges = { set: [{ name: 'host', value }], add: [{ name: ':path', value }], remove: ['host', ':authority'] }
    expect(headerMutations(changes, NO_HEADER_CHANGES)).toEqual({})
    expect(hostOf(changes)).toBe('x')
  })
})

/** Changes in the order in which Envoy makes them. */
function apply(
  { set, add, remove }: HeaderChanges,
  headers: Readonly<Record<string, readonly string[]>>,
): Record<string, readonly string[]> {
  const result = { ...headers }
  for (const name of remove) delete result[name]
  for (const { name, value } of set) result[name] = [value]
  for (const { name, value } of add) result[name] = [...(result[name] ?? []), value]
  return result
}

describe('composeHeaderChanges', () => {
  it('has the effect of one after the other', () => {
    const names = ['a', 'b', 'c']
    const headers = fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), value: fc.constantFrom('1', '2', '') }), {
      selector: ({ name }) => name,
    })
    const changes = fc.record({ set: headers, add: headers, remove: fc.uniqueArray(fc.constantFrom(...names)) })
    fc.assert(
      fc.property(changes, changes, (first, second) => {
        const before = { a: ['0'], b: ['0', '1'] }
        expect(apply(composeHeaderChanges(first, second), before)).toEqual(apply(second, apply(first, before)))
      }),
    )
  })
})
