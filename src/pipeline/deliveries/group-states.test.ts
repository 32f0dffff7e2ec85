import { describe, expect, it } from '@jest/globals'
import { combineStates, type GroupState } from './group-states.js'

const states = (generation: number, groups: Record<string, GroupState>) => ({ generation, groups: new Map(Object.entries(groups)) })

describe('combineStates', () => {
  it.each([
    { rule: 'nobody serves it', own: states(1, {}), others: [], want: 'noProxy' },
    { rule: 'the proxies are all here', own: states(1, { g: 'acknowledged' }), others: [], want: 'delivered' },
    {
      rule: 'the proxies are all elsewhere',
      own: states(1, { g: 'noProxy' }),
      others: [states(1, { g: 'acknowledged' })],
      want: 'delivered',
    },
    { rule: 'one elsewhere is behind', own: states(1, { g: 'acknowledged' }), others: [states(1, { g: 'pending' })], want: 'pending' },
    {
      rule: 'a replica elsewhere has not seen the generation',
      own: states(2, { g: 'acknowledged' }),
      others: [states(1, { g: 'acknowledged' })],
      want: 'pending',
    },
    {
      rule: 'a replica without proxies does not count',
      own: states(2, { g: 'acknowledged' }),
      others: [states(1, { g: 'noProxy' })],
      want: 'delivered',
    },
    {
      rule: 'two gateways, each with its proxies on another replica',
      own: states(1, { g: 'acknowledged', h: 'noProxy' }),
      others: [states(1, { g: 'noProxy', h: 'acknowledged' })],
      want: 'delivered',
    },
    { rule: 'one of two gateways has no proxy', own: states(1, { g: 'acknowledged', h: 'noProxy' }), others: [], want: 'noProxy' },
  ])('$rule: $want', ({ own, others, want }) => {
    expect(combineStates(own, others)).toBe(want)
  })
})
