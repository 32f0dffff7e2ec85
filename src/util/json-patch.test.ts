import { describe, expect, it } from '@jest/globals'
import { applyOperations, type PatchOperation } from './json-patch.js'
import { findPlaces } from './json-path.js'

const DOCUMENT = { a: { b: [1, 2, 3] }, listItems: [{ name: 'x', deep: { on: true } }, { name: 'y' }], 'with/slash': { '~': 1 } }

describe('RFC 6902', () => {
  it.each<{ rule: string; operation: PatchOperation; want: unknown }>([
    { rule: 'add: a new member', operation: { op: 'add', path: '/n', value: 1 }, want: { ...DOCUMENT, n: 1 } },
    { rule: 'add: into a list', operation: { op: 'add', path: '/a/b/1', value: 9 }, want: { ...DOCUMENT, a: { b: [1, 9, 2, 3] } } },
    {
      rule: 'add: behind the last item',
      operation: { op: 'add', path: '/a/b/-', value: 9 },
      want: { ...DOCUMENT, a: { b: [1, 2, 3, 9] } },
    },
    { rule: 'add: replaces what is there', operation: { op: 'add', path: '/a', value: 9 }, want: { ...DOCUMENT, a: 9 } },
    { rule: 'remove', operation: { op: 'remove', path: '/a/b/0' }, want: { ...DOCUMENT, a: { b: [2, 3] } } },
    { rule: 'replace', operation: { op: 'replace', path: '/a/b/2', value: null }, want: { ...DOCUMENT, a: { b: [1, 2, null] } } },
    { rule: 'move', operation: { op: 'move', from: '/a/b/0', path: '/a/b/2' }, want: { ...DOCUMENT, a: { b: [2, 3, 1] } } },
    { rule: 'copy', operation: { op: 'copy', from: '/a/b', path: '/c' }, want: { ...DOCUMENT, c: [1, 2, 3] } },
    { rule: 'test', operation: { op: 'test', path: '/a/b', value: [1, 2, 3] }, want: DOCUMENT },
    {
      rule: 'escaped names',
      operation: { op: 'replace', path: '/with~1slash/~0', value: 2 },
      want: { ...DOCUMENT, 'with/slash': { '~': 2 } },
    },
    {
      rule: 'names as Envoy writes them',
      operation: { op: 'replace', path: '/list_items/1/name', value: 'z' },
      want: { ...DOCUMENT, listItems: [DOCUMENT.listItems[0], { name: 'z' }] },
    },
    {
      rule: 'jsonPath and a path behind it',
      operation: { op: 'add', jsonPath: "$..list_items[?(@.name=='x')]", path: '/deep/off', value: false },
      want: { ...DOCUMENT, listItems: [{ name: 'x', deep: { on: true, off: false } }, { name: 'y' }] },
    },
    {
      rule: 'jsonPath that finds several',
      operation: { op: 'remove', jsonPath: '$.a.b[*]', path: '' },
      want: { ...DOCUMENT, a: { b: [] } },
    },
  ])('$rule', ({ operation, want }) => {
    const before = structuredClone(DOCUMENT)
    expect(applyOperations(DOCUMENT, [operation], 1)).toEqual(want)
    expect(DOCUMENT).toEqual(before)
  })

  it.each<{ rule: string; operation: PatchOperation; message: string }>([
    { rule: 'remove what is not there', operation: { op: 'remove', path: '/x' }, message: 'there is nothing at /x' },
    { rule: 'replace what is not there', operation: { op: 'replace', path: '/a/x', value: 1 }, message: 'there is nothing at /a/x' },
    { rule: 'add where nothing is', operation: { op: 'add', path: '/x/y', value: 1 }, message: 'there is nothing at /x' },
    { rule: 'add behind the end', operation: { op: 'add', path: '/a/b/4', value: 1 }, message: 'there is no place /a/b/4' },
    { rule: 'add at an index that is none', operation: { op: 'add', path: '/a/b/01', value: 1 }, message: 'there is no place /a/b/01' },
    { rule: 'a test that fails', operation: { op: 'test', path: '/a/b/0', value: 2 }, message: 'is another one' },
    { rule: 'move into itself', operation: { op: 'move', from: '/a', path: '/a/c' }, message: 'cannot move into itself' },
    { rule: 'a jsonPath that finds nothing', operation: { op: 'remove', jsonPath: '$.q', path: '' }, message: 'finds nothing' },
    { rule: 'a jsonPath that is none', operation: { op: 'remove', jsonPath: '$.a[?(1)]', path: '' }, message: 'cannot be read' },
  ])('refuses: $rule', ({ operation, message }) => {
    expect(() => applyOperations(DOCUMENT, [operation], 1)).toThrow(message)
  })

  it.each<{ rule: string; operations: readonly PatchOperation[] }>([
    {
      rule: 'that copy what was copied before, each time twice as much',
      operations: Array.from({ length: 64 }, (_, at) => ({ op: 'copy', from: '/a', path: `/a/copy${at}` })),
    },
    {
      rule: 'that copy to every place, each time to as many as there are',
      operations: Array.from({ length: 4 }, () => ({ op: 'copy', from: '', jsonPath: '$..deep', path: '/all' })),
    },
    {
      rule: 'that put a long text into every place of a long list',
      operations: [
        { op: 'add', path: '/list', value: Array.from({ length: 10_000 }, () => ({})) },
        { op: 'add', jsonPath: '$.list[*]', path: '/text', value: 'x'.repeat(1_000) },
      ],
    },
  ])('refuses operations $rule', ({ operations }) => {
    expect(() => applyOperations({ ...DOCUMENT, many: Array.from({ length: 200 }, () => ({ deep: {} })) }, operations, 1)).toThrow(
      'the operations would add more than 1 MiB',
    )
  })

  it('puts a line into every place of a long list', () => {
    const list = Array.from({ length: 10_000 }, () => ({}))
    const value = 'x'.repeat(60)
    const changed = applyOperations({ list }, [{ op: 'add', jsonPath: '$.list[*]', path: '/text', value }], 1)
    expect(changed).toEqual({ list: list.map(() => ({ text: value })) })
  })
})

describe('findPlaces', () => {
  it.each([
    { expression: '$', want: [[]] },
    { expression: '$.a.b[-1]', want: [['a', 'b', '2']] },
    { expression: "$['with/slash']", want: [['with/slash']] },
    {
      expression: '$..name',
      want: [
        ['listItems', '0', 'name'],
        ['listItems', '1', 'name'],
      ],
    },
    { expression: '$.listItems[?(@.deep.on==true)]', want: [['listItems', '0']] },
    { expression: '$.listItems[?(@.deep)]', want: [['listItems', '0']] },
    { expression: '$.a.*', want: [['a', 'b']] },
    {
      expression: '$..*..deep..on',
      want: [['listItems', '0', 'deep', 'on']],
    },
  ])('$expression', ({ expression, want }) => expect(findPlaces(DOCUMENT, expression)).toEqual(want))
})
