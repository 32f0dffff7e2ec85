import { beforeEach, describe, expect, it } from '@jest/globals'
import { FakeClock } from '../../../test/support/fake-clock.js'
import { ownedName } from './owned-objects.js'
import { RepairPace } from './repair-pace.js'

const SERVICE = ownedName('Service', 'shop', 'web')
const DEPLOYMENT = ownedName('Deployment', 'shop', 'web')

describe('RepairPace', () => {
  let clock: FakeClock
  let pace: RepairPace

  const waits = (count: number, name = SERVICE): readonly number[] => Array.from({ length: count }, () => pace.changed(name))

  beforeEach(() => {
    clock = new FakeClock()
    pace = new RepairPace(clock)
  })

  it('repairs five times at once, then ever more seldom, at least once a minute, and each object for itself', () => {
    expect(waits(13)).toEqual([0, 0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
    expect(pace.changed(DEPLOYMENT)).toBe(0)
  })

  it('forgets what was left alone for five minutes, and nothing that was changed since', async () => {
    waits(6)
    waits(6, DEPLOYMENT)
    await clock.advance(200_000)
    expect(pace.changed(SERVICE)).toBe(2_000)
    await clock.advance(100_000)
    expect(pace.changed(DEPLOYMENT)).toBe(0)
    expect(pace.changed(SERVICE)).toBe(4_000)
  })

  it('does not count changes that were none of ours', () => {
    for (let at = 0; at < 20; at++) {
      expect(pace.changed(SERVICE)).toBe(0)
      pace.wasNone(SERVICE)
    }
  })

  it('waits no longer for the next change after one that was none of ours', () => {
    waits(10)
    pace.wasNone(SERVICE)
    expect(waits(2)).toEqual([1_000, 2_000])
  })
})
