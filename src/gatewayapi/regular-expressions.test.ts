import { describe, expect, it } from '@jest/globals'
import { regularExpressionProblem } from './regular-expressions.js'

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
