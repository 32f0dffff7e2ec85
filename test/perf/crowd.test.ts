/** Many proxies that come in the same moment: some are served whole while the others wait, so that memory and turns are those of some. */
import { describe, expect, it } from '@jest/globals'
import { TYPE_URL } from '../../src/xds/resource.js'
import { type Fixture, serve } from '../xds/support/fixture.js'
import { listener, scope } from '../xds/support/resources.js'

const STREAMS = 40
const AT_ONCE = 4
const NEVER_MS = 600_000
/** Three responses of each stream. */
const SCOPES = 1_200
const MADE = [...Array.from({ length: SCOPES }, (_, index) => scope(`host-${index}.example.com`)), listener('l')]

/** Connects everybody at once; the most that had got something and not everything at any time. */
async function mostUnderWay(fixture: Fixture): Promise<number> {
  let underWay = 0
  let most = 0
  await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      const stream = fixture.delta()
      for (const typeUrl of [TYPE_URL.scopedRouteConfiguration, TYPE_URL.listener]) stream.send(typeUrl, { subscribe: ['*'] })
      for (let got = 0; got < MADE.length; ) {
        const { typeUrl, nonce, resources } = await stream.next()
        if (got === 0) underWay += 1
        most = Math.max(most, underWay)
        got += resources.length
        if (got === MADE.length) underWay -= 1
        stream.send(typeUrl, { nonce })
      }
    }),
  )
  return most
}

describe('a crowd of proxies', () => {
  it('begins in portions, and everybody gets everything', async () => {
    await using fixture = await serve(MADE, { limits: { beginningStreams: AT_ONCE, beginningMs: NEVER_MS } })
    expect(await mostUnderWay(fixture)).toBeLessThanOrEqual(AT_ONCE)
    expect(fixture.server.counters.encodes.get(TYPE_URL.scopedRouteConfiguration)).toBe(SCOPES)
  }, 60_000)

  it('is under way all at once where nothing holds it back: so the number above says something', async () => {
    await using fixture = await serve(MADE, { limits: { beginningStreams: STREAMS } })
    expect(await mostUnderWay(fixture)).toBeGreaterThan(AT_ONCE)
  }, 60_000)
})
