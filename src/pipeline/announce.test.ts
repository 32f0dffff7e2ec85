import { expect, it } from '@jest/globals'
import { announcement } from './announce.js'

it('says where to look where nothing listens', () => {
  const text = announcement([], { xds: 18_000, admin: 19_000 }, false)
  expect(text).toContain('No Gateway listens: gatewayctl status says what there is, and what is wrong with it.')
  expect(text).not.toContain('listen on')
})
