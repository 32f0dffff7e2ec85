import { expect, it } from '@jest/globals'
import { type ChangeStage, ChangeStages } from './change-stages.js'

function setUp() {
  const told: [ChangeStage, number][] = []
  return { told, stages: new ChangeStages((stage, milliseconds) => told.push([stage, milliseconds])) }
}

it('a change is told by what it waited for, the way to each proxy for itself', () => {
  const { told, stages } = setUp()
  stages.applied('g', 1, { id: 'a-1', receivedAt: 100, translationAt: 103, readyAt: 110 }, 110)
  stages.reached({ group: 'g' }, 1, 112, 120)
  stages.reached({ group: 'g' }, 1, 111, 140)
  expect(told).toEqual([
    ['queue', 3],
    ['translate', 7],
    ['send', 2],
    ['acknowledge', 8],
    ['send', 1],
    ['acknowledge', 29],
  ])
})

it('a proxy that needs nothing of a revision, and revisions that nobody traces, tell nothing', () => {
  const { told, stages } = setUp()
  stages.applied('g', 1, undefined, 10)
  stages.reached({ group: 'g' }, 1, 5, 20)
  stages.reached({ group: 'g' }, 1, undefined, 20)
  stages.reached({ group: 'other' }, 1, 15, 20)
  expect(told).toEqual([])
})
