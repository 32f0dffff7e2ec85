import { expect, it } from '@jest/globals'
import { announcement } from './announce.js'

const ports = { xds: 18_000, admin: 19_000 }

it('says where to look where nothing listens', () => {
  const text = announcement({ places: [], ports, isQuickstart: false, troubles: 0 })
  expect(text).toContain('No Gateway listens: gatewayctl status says what there is.')
  expect(text).not.toContain('listen on')
  expect(text).not.toContain('in order')
})

it('says that not all is in order', () => {
  const text = announcement({ places: [], ports, isQuickstart: false, troubles: 2 })
  expect(text).toContain('Not all is in order (2): gatewayctl status says what is wrong.')
})
