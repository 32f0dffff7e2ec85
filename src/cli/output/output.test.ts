import { describe, expect, it } from '@jest/globals'
import { printDuration, readDuration } from './duration.js'
import { printValue } from './print.js'
import { createStyle } from './style.js'
import { printTable } from './table.js'

describe('printTable', () => {
  const columns = [
    { title: 'NAME', cell: (row: readonly string[]) => row[0] ?? '' },
    { title: 'STATE', cell: (row: readonly string[]) => row[1] ?? '' },
  ]

  it('aligns columns two blanks apart, without blanks at the end of lines', () => {
    expect(
      printTable(
        columns,
        [
          ['a', 'ok'],
          ['longer-name', ''],
        ],
        'nothing',
      ),
    ).toBe('NAME         STATE\na            ok\nlonger-name\n')
  })

  it('gives colours no room', () => {
    const { good } = createStyle(true)
    expect(
      printTable(
        columns,
        [
          [good('a'), 'x'],
          ['bb', 'y'],
        ],
        'nothing',
      ).split('\n')[2],
    ).toBe('bb    y')
  })

  it('keeps a row on its line, whatever a message holds', () => {
    expect(printTable(columns, [['a\r\nb', 'ok']], 'nothing')).toBe('NAME  STATE\na b   ok\n')
  })

  it.each([
    { what: 'the title of the window', text: 'a\u001b]0;owned\u0007b', want: 'a]0;ownedb' },
    { what: 'the cursor', text: 'a\u001b[2J\u001b[Hb', want: 'a[2J[Hb' },
    { what: 'the cursor, in eight bits', text: 'a\u009b2Jb', want: 'a2Jb' },
    { what: 'the clipboard', text: 'a\u001b]52;c;eA==\u001b\\b', want: 'a]52;c;eA==\\b' },
    { what: 'the character before', text: 'abcd\b\b', want: 'abcd' },
  ])('keeps text of others from $what', ({ text, want }) => {
    expect(printTable(columns, [[text, 'ok']], 'nothing').split('\n')[1]).toBe(`${want}  ok`)
  })

  it('has room for as many rows as there are endpoints in a large cluster', () => {
    const rows = Array.from({ length: 200_000 }, (_, at) => [String(at), 'ok'] as const)
    expect(printTable(columns, rows, 'nothing').split('\n').at(-2)).toBe('199999  ok')
  })

  it('says that there is nothing', () => {
    expect(printTable(columns, [], 'There is nothing.')).toBe('There is nothing.\n')
  })
})

it.each([
  { format: 'json' as const, want: '{\n  "a": "b: c"\n}\n' },
  { format: 'yaml' as const, want: 'a: "b: c"\n' },
  { format: 'table' as const, want: 'TABLE' },
])('prints $format', ({ format, want }) => {
  expect(printValue(format, { a: 'b: c' }, () => 'TABLE')).toBe(want)
})

it.each([
  [-5, '0s'],
  [999, '0s'],
  [61_000, '1m1s'],
  [3_600_000, '1h'],
  [7_265_000, '2h1m'],
  [90_000_000, '1d1h'],
])('%d ms are %s', (milliseconds, want) => {
  expect(printDuration(milliseconds)).toBe(want)
})

it.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['30', 30_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['', undefined],
  ['-1s', undefined],
  ['1d', undefined],
])('%s is %p ms', (text, want) => {
  expect(readDuration(text)).toBe(want)
})
