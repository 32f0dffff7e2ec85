import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { PathChange } from '../../../ir/path-change.js'
import type { PathMatch } from '../../../ir/route.js'
import { type PathRewrite, pathRewrite } from './path-rewrite.js'

/** What Envoy makes of a path that `prefix` matched. */
function apply(rewrite: PathRewrite | undefined, prefix: string, path: string): string {
  if (rewrite === undefined) return path
  if ('prefixRewrite' in rewrite) return rewrite.prefixRewrite + path.slice(prefix.replace(/\/+$/, '').length)
  const { pattern, substitution } = rewrite.regexRewrite
  // RE2 writes \1 where JavaScript writes $1.
  const replacement = (substitution ?? '')
    .replaceAll('$', '$$$$')
    .replace(/\\(.)/g, (_all, next: string) => (next === '\\' ? '\\' : `$${next}`))
  return path.replace(new RegExp(pattern?.regex ?? '', 'g'), replacement)
}

const rewritten = (prefix: string, value: string, path: string): string =>
  apply(pathRewrite({ kind: 'prefix', value }, { kind: 'prefix', value: prefix }), prefix, path)

describe('a prefix replacement', () => {
  // The table of HTTPPathModifier.replacePrefixMatch, and the rows that it implies.
  it.each([
    { path: '/foo/bar', prefix: '/foo', value: '/xyz', want: '/xyz/bar' },
    { path: '/foo/bar', prefix: '/foo', value: '/xyz/', want: '/xyz/bar' },
    { path: '/foo/bar', prefix: '/foo/', value: '/xyz', want: '/xyz/bar' },
    { path: '/foo/bar', prefix: '/foo/', value: '/xyz/', want: '/xyz/bar' },
    { path: '/foo', prefix: '/foo', value: '/xyz', want: '/xyz' },
    { path: '/foo/', prefix: '/foo', value: '/xyz', want: '/xyz/' },
    { path: '/foo/bar', prefix: '/foo', value: '', want: '/bar' },
    { path: '/foo/', prefix: '/foo', value: '', want: '/' },
    { path: '/foo', prefix: '/foo', value: '', want: '/' },
    { path: '/foo/', prefix: '/foo', value: '/', want: '/' },
    { path: '/foo', prefix: '/foo', value: '/', want: '/' },
    { path: '/', prefix: '/', value: '/xyz', want: '/xyz/' },
    { path: '/foo', prefix: '/', value: '/xyz', want: '/xyz/foo' },
    { path: '/foo', prefix: '/', value: '/', want: '/foo' },
    { path: '/f.o/x', prefix: '/f.o', value: '/', want: '/x' },
    { path: '/x', prefix: '/', value: '/a\\1$1', want: '/a\\1$1/x' },
  ])('of $prefix by "$value" makes $path $want', ({ path, prefix, value, want }) => {
    expect(rewritten(prefix, value, path)).toBe(want)
  })

  it('is the replacement and the rest, and never holds two slashes in a row', () => {
    const segments = fc.array(fc.constantFrom('a', 'b.c', '$1', '\\1', 'x+y'), { maxLength: 3 })
    const text = (parts: readonly string[]): string => parts.map((part) => `/${part}`).join('')
    fc.assert(
      fc.property(segments, segments, segments, fc.boolean(), (prefix, value, rest, trailing) => {
        const path = text([...prefix, ...rest]) || '/'
        const want = text([...value, ...rest])
        const got = rewritten(text(prefix) || '/', `${text(value)}${trailing ? '/' : ''}` || '/', path)
        expect(got).not.toMatch('//')
        expect(got.replace(/(.)\/$/, '$1')).toBe(want || '/')
      }),
    )
  })
})

describe('other path changes', () => {
  const anyPath: PathMatch = { kind: 'regex', value: '.*' }
  it.each<{ rule: string; change: PathChange; path: string; want: string }>([
    { rule: 'a full path is literal', change: { kind: 'fullPath', value: '/a\\1$&' }, path: '/x/y', want: '/a\\1$&' },
    {
      rule: 'a substitution has groups',
      change: { kind: 'regex', pattern: '^/(\\w+)/(\\w+)$', substitution: '/\\2/\\1' },
      path: '/x/y',
      want: '/y/x',
    },
  ])('$rule', ({ change, path, want }) => {
    expect(apply(pathRewrite(change, anyPath), '', path)).toBe(want)
  })
})
