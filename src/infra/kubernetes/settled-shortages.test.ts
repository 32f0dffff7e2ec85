import { beforeEach, expect, it } from '@jest/globals'
import { FakeClock } from '../../../test/support/fake-clock.js'
import { SettledShortages } from './settled-shortages.js'

const { signal } = new AbortController()

let clock: FakeClock
let told: string[]
let shortages: SettledShortages

beforeEach(() => {
  clock = new FakeClock()
  told = []
  shortages = new SettledShortages(clock, (fleet) => told.push(fleet))
})

it('says what has been missing for half a minute, and at once that nothing is any more', async () => {
  expect(shortages.say('a', '1 of 2', signal)).toBeUndefined()
  await clock.advance(29_000)
  expect(told).toEqual([])
  await clock.advance(2_000)
  expect(told).toEqual(['a'])
  expect(shortages.say('a', '1 of 2', signal)).toBe('1 of 2')
  expect(shortages.say('a', undefined, signal)).toBeUndefined()
  expect(shortages.say('a', '1 of 2', signal)).toBeUndefined()
})

it('says nothing of pods that come and go each few seconds, and something else seldom', async () => {
  for (let at = 0; at < 60; at++) {
    shortages.say('a', at % 2 === 0 ? '1 of 2' : undefined, signal)
    shortages.say('b', `${at} of 99`, signal)
    await clock.advance(5_000)
  }
  expect(told.filter((fleet) => fleet === 'a')).toEqual([])
  expect(told.filter((fleet) => fleet === 'b').length).toBeLessThanOrEqual(10)
  expect(told.filter((fleet) => fleet === 'b').length).toBeGreaterThan(5)
})
