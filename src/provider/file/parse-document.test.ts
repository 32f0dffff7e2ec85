import { describe, expect, it } from '@jest/globals'
import { patience } from '../../../test/support/patience.js'
import { isProblem, MAX_OBJECT_BYTES, parseDocument } from './parse-document.js'

function value(text: string) {
  const parsed = parseDocument(text)
  if (isProblem(parsed)) throw new Error(`${parsed.position.line}:${parsed.position.column}: ${parsed.reason}`)
  return parsed.value
}

function problem(text: string) {
  const parsed = parseDocument(text)
  if (!isProblem(parsed)) throw new Error(`was read as ${JSON.stringify(parsed.value).slice(0, 100)}`)
  return { ...parsed.position, reason: parsed.reason }
}

describe('parseDocument', () => {
  it.each([
    { rule: 'YAML 1.2: yes and on are words', text: 'a: yes\nb: on\nc: true\n', want: { a: 'yes', b: 'on', c: true } },
    { rule: 'anchors and aliases', text: 'a: &x {b: 1}\nc: *x\n', want: { a: { b: 1 }, c: { b: 1 } } },
    {
      rule: 'merge keys, own keys first',
      text: 'a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3\n',
      want: { a: { b: 1, c: 2 }, d: { b: 3, c: 2 } },
    },
    {
      rule: 'of several merged maps the first wins',
      text: 'a: &x {b: 1}\nc: &y {b: 2}\nd:\n  <<: [*x, *y]\n',
      want: { a: { b: 1 }, c: { b: 2 }, d: { b: 1 } },
    },
    { rule: 'numbers as keys are strings', text: '8080: a\n', want: { '8080': 'a' } },
    { rule: 'dates are strings', text: 'a: 2026-01-01\n', want: { a: '2026-01-01' } },
    { rule: 'infinity is no number of JSON', text: 'a: .inf\n', want: { a: '.inf' } },
    { rule: 'JSON', text: '{"a": [1, "x", null, true]}', want: { a: [1, 'x', null, true] } },
    {
      rule: 'JSON with texts that look like keys',
      text: '{"a": "\\"b\\": 1, \\\\", "b" : ["c:", {"a": ":"}]}',
      want: { a: '"b": 1, \\', b: ['c:', { a: ':' }] },
    },
    { rule: 'JSON indented with tabs', text: '{\n\t"a": {\n\t\t"b": 1\n\t}\n}', want: { a: { b: 1 } } },
  ])('reads $rule', ({ text, want }) => {
    expect(value(text)).toEqual(want)
  })

  it.each([
    { what: 'YAML', text: '__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n' },
    { what: 'JSON', text: '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}' },
    { what: 'merged YAML', text: 'a: &x {__proto__: {polluted: true}}\nb:\n  <<: *x\n' },
  ])('takes __proto__ in $what for an ordinary key', ({ text }) => {
    const read = value(text)
    expect(JSON.stringify(read)).toContain('"__proto__":{"polluted":true}')
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect('polluted' in {}).toBe(false)
  })

  it.each([
    { what: 'a line', text: 'a: 1\n{{- if .Values.x }}\nb: 2\n{{- end }}\n' },
    { what: 'a value', text: 'a:\n  - b: {{ .Values.x }}\n' },
  ])('says what to do with a template of a chart: $what', ({ text }) => {
    expect(parseDocument(text)).toMatchObject({ advice: expect.stringContaining('helm template') })
  })

  it('takes braces in texts for what they are', () => {
    expect(value('a: "{{ b }}"\nc: |\n  {{ d }}\n')).toEqual({ a: '{{ b }}', c: '{{ d }}\n' })
  })

  it.each([
    { what: 'a tab as indentation', text: 'a:\n\tb: 1\n', want: { line: 2, column: 1, reason: /Tabs are not allowed/ } },
    { what: 'a quote that is not closed', text: 'a:\n  b: "x\n', want: { line: 3, column: 1, reason: /Missing closing/ } },
    { what: 'JSON that is cut off', text: '{"a": {"b": 1', want: { line: 1, reason: /./ } },
    { what: 'a repeated key', text: 'a: 1\nb: 2\na: 3\n', want: { line: 3, column: 1, reason: /"a" stands here twice/ } },
    {
      what: 'a repeated key of JSON',
      text: '{\n  "a": ["\\"b\\": 1"],\n  "a": 3\n}',
      want: { line: 3, column: 3, reason: /"a" stands here twice/ },
    },
    {
      what: 'a repeated key of JSON that is escaped',
      text: '{"ab": 1, "\\u0061b": 3}',
      want: { line: 1, reason: /"ab" stands here twice/ },
    },
    { what: 'a cycle', text: 'a: &x [1, *x]\n', want: { line: 1, column: 11, reason: /refers to what it stands in/ } },
    { what: 'a cycle over two anchors', text: 'a: &x {b: &y {c: *x}}\n', want: { line: 1, reason: /refers to what it stands in/ } },
    { what: 'an alias without anchor', text: 'a: *x\n', want: { line: 1, reason: /alias/i } },
    { what: 'a list as key', text: '? [a]\n: b\n', want: { line: 1, reason: /key must be a string/ } },
    { what: 'nesting without end', text: `a: ${'['.repeat(20_000)}${']'.repeat(20_000)}`, want: { reason: /nested|call stack/i } },
    { what: 'nesting in JSON', text: `{"a": ${'['.repeat(5_000)}${']'.repeat(5_000)}}`, want: { reason: /nested|call stack/i } },
    {
      what: 'a wildcard without quotes',
      text: 'a:\n- *.example.com\n',
      want: { line: 2, column: 3, reason: /a text that begins with \* wants quotes/ },
    },
    { what: 'merging what is no object', text: 'a:\n  <<: [1]\n', want: { line: 2, column: 3, reason: /merges objects only/ } },
  ])('says where $what stands', ({ text, want }) => {
    const found = problem(text)
    if ('line' in want) expect(found.line).toBe(want.line)
    if ('column' in want) expect(found.column).toBe(want.column)
    expect(found.reason).toMatch(want.reason)
  })

  it('refuses aliases that multiply', () => {
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
    for (let level = 1; level < 10; level++)
      lines.push(
        `a${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(',')}]`,
      )
    const start = performance.now()
    expect(problem(lines.join('\n')).reason).toMatch(/aliases make more than/)
    expect(performance.now() - start).toBeLessThan(patience(2_000))
  })

  it('refuses documents that no API server would store', () => {
    expect(problem(`a: "${'x'.repeat(10_000_000)}"`).reason).toMatch(/more than the 1572864/)
  })

  it('reads many keys in time', () => {
    const text = Array.from({ length: 60_000 }, (_, index) => `key-${index}: value`).join('\n')
    expect(text.length).toBeLessThan(MAX_OBJECT_BYTES)
    const start = performance.now()
    expect(Object.keys(value(text) ?? {})).toHaveLength(60_000)
    expect(performance.now() - start).toBeLessThan(10_000)
  })

  it.each([
    { path: [], want: { line: 1, column: 1 } },
    { path: ['spec'], want: { line: 1, column: 1 } },
    { path: ['spec', 'rules', 1], want: { line: 4, column: 7 } },
    { path: ['spec', 'rules', 1, 'b'], want: { line: 4, column: 7 } },
    { path: ['spec', 'rules', 1, 'missing', 'deeper'], want: { line: 4, column: 7 } },
    { path: ['spec', 'rules', 0, 'a'], want: { line: 3, column: 7 } },
  ])('finds $path', ({ path, want }) => {
    const parsed = parseDocument('spec:\n  rules:\n    - a: 1\n    - b: 2\n')
    if (isProblem(parsed)) throw new Error(parsed.reason)
    expect(parsed.positionOf(path)).toEqual(want)
  })

  it('finds places in JSON', () => {
    const parsed = parseDocument('{\n  "spec": {\n    "rules": []\n  }\n}')
    if (isProblem(parsed)) throw new Error(parsed.reason)
    expect(parsed.positionOf(['spec', 'rules'])).toEqual({ line: 3, column: 5 })
  })
})
