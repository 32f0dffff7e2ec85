/** Routes name parts of filter configurations: what they name is there before them, and goes after them. */
import { describe, expect, it } from '@jest/globals'
import { encoded, routes } from '../../../test/xds/support/resources.js'
import { runningProxy } from '../../../test/xds/support/running-proxy.js'
import type { EncodedResource } from '../resource.js'
import { TYPE_URL } from '../resource.js'

const ECDS = TYPE_URL.extensionConfig
const RDS = TYPE_URL.routeConfiguration

function extension(...parts: readonly string[]): EncodedResource {
  const typedConfig = { type_url: 'type.googleapis.com/x', value: Buffer.from(parts.join()) }
  return { ...encoded<'envoy.config.core.v3.TypedExtensionConfig'>(ECDS, 'x', { name: 'x', typedConfig }), provides: parts }
}

/** Routes that name a part, which only their content shows. */
function naming(edit: number): EncodedResource {
  const made = routes(
    'r',
    Array.from({ length: edit }, () => 'a'),
  )
  return { ...made, references: [...made.references, { typeUrl: ECDS, name: 'x' }] }
}

function proxyWith(...parts: readonly string[]): ReturnType<typeof runningProxy> {
  const driver = runningProxy(extension(...parts))
  driver.ask(ECDS, { subscribe: ['x'] })
  driver.sends()
  driver.accept()
  return driver
}

describe('a filter configuration whose parts routes name', () => {
  it('goes first when it has a new part', () => {
    const driver = proxyWith('a')
    driver.apply(extension('a', 'b'), naming(2))
    expect(driver.sends()).toEqual(['ECDS +x', 'RDS +r'])
  })

  it('waits for the routes when it only loses a part', () => {
    const driver = proxyWith('a', 'b')
    driver.apply(extension('a'), naming(2))
    expect(driver.sends()).toEqual(['RDS +r'])
    driver.accept(RDS)
    expect(driver.sends()).toEqual(['ECDS +x'])
  })

  it('goes first when one part replaces another', () => {
    const driver = proxyWith('a')
    driver.apply(extension('b'), naming(2))
    expect(driver.sends()).toEqual(['ECDS +x', 'RDS +r'])
  })

  it('waits for nothing when no route changes, nor for a client that never answers', () => {
    const driver = proxyWith('a', 'b')
    driver.apply(extension('a'))
    expect(driver.sends()).toEqual(['ECDS +x'])
    driver.accept()
    driver.apply(extension(), naming(2))
    expect(driver.sends()).toEqual(['RDS +r'])
    driver.waitForDeadline()
    expect(driver.sends()).toEqual(['ECDS +x'])
  })
})
