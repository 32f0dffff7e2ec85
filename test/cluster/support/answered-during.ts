/** Does something while a site is under load and expects that every request was answered, and that more are afterwards. */
import { expect } from '@jest/globals'
import { eventually } from '../../support/eventually.js'
import { startLoad } from './load.js'
import type { Site } from './site.js'

/** Rejects with the requests that were not answered. */
export async function answeredDuring({ address, host }: Site, disturb: () => Promise<unknown>): Promise<void> {
  const load = startLoad(address, 80, host)
  await eventually(() => expect(load.answered()).toBeGreaterThan(50), 30_000)
  try {
    await disturb()
    const before = load.answered()
    await eventually(() => expect(load.answered()).toBeGreaterThan(before + 50), 60_000)
  } finally {
    const report = await load.stop()
    expect(report.failures).toEqual([])
  }
}
