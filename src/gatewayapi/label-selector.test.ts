import { describe, expect, it } from '@jest/globals'
import { selectorMatches } from './label-selector.js'

describe('selectorMatches', () => {
  const labels = { team: 'web', stage: 'prod' }
  it.each([
    { rule: 'an empty selector selects everything', selector: {}, want: true },
    { rule: 'a label with another value is not selected', selector: { matchLabels: { team: 'api' } }, want: false },
    { rule: 'all labels must match', selector: { matchLabels: { team: 'web', stage: 'test' } }, want: false },
    {
      rule: 'In: one of the values',
      selector: { matchExpressions: [{ key: 'team', operator: 'In', values: ['api', 'web'] }] },
      want: true,
    },
    {
      rule: 'In: an absent label has no value',
      selector: { matchExpressions: [{ key: 'zone', operator: 'In', values: [''] }] },
      want: false,
    },
    {
      rule: 'NotIn: none of the values',
      selector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['web'] }] },
      want: false,
    },
    {
      rule: 'NotIn: an absent label is not in',
      selector: { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] },
      want: true,
    },
    { rule: 'Exists', selector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] }, want: true },
    { rule: 'DoesNotExist', selector: { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] }, want: false },
    { rule: 'an unknown operator selects nothing', selector: { matchExpressions: [{ key: 'team', operator: 'Like' }] }, want: false },
    {
      rule: 'an inherited property is not a label',
      selector: { matchExpressions: [{ key: 'toString', operator: 'Exists' }] },
      want: false,
    },
  ])('$rule', ({ selector, want }) => {
    expect(selectorMatches(selector, labels)).toBe(want)
  })

  it('selects nothing by labels where there are none', () => {
    expect(selectorMatches({ matchLabels: { team: 'web' } }, undefined)).toBe(false)
  })
})
