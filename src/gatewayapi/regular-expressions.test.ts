import { describe, expect, it } from '@jest/globals'
import { RegularExpressions, regularExpressionProblem } from './regular-expressions.js'

describe('regularExpressionProblem', () => {
  it.each([
    '/(users|orders|products)/[a-zA-Z0-9_-]{1,64}',
    '[^/]{1,1000}',
    '(?i)^v[0-9]+$',
    '\\p{Greek}+',
    'a\\\\x{100}',
    '\\x{ff}',
    '(?P<name>x)',
  ])('lets %s through', (pattern) => {
    expect(regularExpressionProblem(pattern)).toBeUndefined()
  })

  it.each([
    { rule: 'an empty text', pattern: '', want: /is empty/ },
    { rule: 'an open bracket', pattern: '[a-', want: /not valid RE2 syntax/ },
    { rule: 'a backreference', pattern: '(a)\\1', want: /not valid RE2 syntax/ },
    { rule: 'a lookahead', pattern: 'a(?=b)', want: /not valid RE2 syntax/ },
    { rule: 'a lookbehind', pattern: '(?<=a)b', want: /not valid RE2 syntax/ },
    { rule: 'more than 1000 repetitions', pattern: 'a{1001}', want: /not valid RE2 syntax/ },
    {
      rule: 'a program that grows with nested repetitions',
      pattern: '((a{0,10}){0,10}){0,10}b{0,1000}[a-z0-9_]{1000}[a-z0-9_]{1000}',
      want: /limit is 10000/,
    },
    { rule: 'a character that is not a byte', pattern: 'x\\x{100}', want: /escape \\x\{100\}/ },
  ])('refuses $rule', ({ pattern, want }) => {
    expect(regularExpressionProblem(pattern)).toMatch(want)
  })
})

describe('the expressions of an object', () => {
  it('may be as many as a route can have matches, of the usual size', () => {
    const all = new RegularExpressions()
    const problems = Array.from({ length: 128 }, (_, at) => all.problemOf(`/users/[a-zA-Z0-9_-]{1,64}/orders/[0-9]+/${at}`))
    expect(problems.filter((problem) => problem !== undefined)).toEqual([])
  })

  it('are not looked at any more when they are too large together', () => {
    const all = new RegularExpressions()
    const problems = Array.from({ length: 4_000 }, (_, at) => all.problemOf(`a{1000}b{1000}c{1000}d{1000}e{900}${at}`))
    const first = problems.findIndex((problem) => problem !== undefined)
    expect(first).toBeGreaterThan(20)
    expect(first).toBeLessThan(30)
    expect(problems.slice(first).every((problem) => problem?.includes('more than 250000 instructions together'))).toBe(true)
  })

  it('count each for itself, also where they are the same', () => {
    const all = new RegularExpressions()
    const problems = Array.from({ length: 100 }, () => all.problemOf('a{1000}b{1000}c{1000}d{1000}'))
    expect(problems[0]).toBeUndefined()
    expect(problems.at(-1)).toMatch(/together/)
  })

  it('are told each for itself what is wrong with them', () => {
    const all = new RegularExpressions()
    expect(all.problemOf('[a-')).toMatch(/not valid RE2 syntax/)
    expect(all.problemOf('[a-z]')).toBeUndefined()
  })
})
