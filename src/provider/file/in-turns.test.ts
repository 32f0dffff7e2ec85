import { describe, expect, it } from '@jest/globals'
import { turnsDuring } from '../../../test/support/turns-during.js'
import { atOnce, type InParts } from '../../util/in-parts.js'
import { inTurns } from './in-turns.js'

/** Ten parts of some milliseconds each. */
function* work(milliseconds: number): InParts<string> {
  for (let part = 0; part < 10; part++) {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
    yield
  }
  return 'done'
}

describe('work in parts', () => {
  it('gives others a turn every few milliseconds', async () => {
    const done = inTurns(work(5))
    expect(await turnsDuring(done)).toBeGreaterThanOrEqual(5)
    expect(await done).toBe('done')
  })

  it('gives nobody a turn for what takes no time, or is done at once', async () => {
    expect(await turnsDuring(inTurns(work(0)))).toBeLessThanOrEqual(1)
    expect(atOnce(work(0))).toBe('done')
  })

  it('fails when a part does', async () => {
    function* failing(): InParts<void> {
      yield
      throw new Error('no')
    }
    await expect(inTurns(failing())).rejects.toThrow('no')
  })
})
