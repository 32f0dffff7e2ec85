/** Routes name parts of filter configurations: what they name is there before them, and goes after them. */
import { describe, expect, it } from '@jest/globals'
import { encoded, routes } from '../../../test/xds/support/resources.js'
import { runningProxy } from '../../../test/xds/support/running-proxy.js'
import { decode } from '../message.js'
import type { EncodedResource } from '../resource.js'
import { TYPE_URL } from '../resource.js'
import { Bridges } from './extension-order.js'

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

/** The filter configuration that is on its way. */
function onItsWay(driver: ReturnType<typeof runningProxy>): EncodedResource | undefined {
  return driver.unanswered.find(({ typeUrl }) => typeUrl === ECDS)?.resources[0]
}

function partsOf(driver: ReturnType<typeof runningProxy>): string {
  return String(decode('envoy.config.core.v3.TypedExtensionConfig', onItsWay(driver)?.value ?? Buffer.alloc(0)).typedConfig?.value)
}

const versionOf = (driver: ReturnType<typeof runningProxy>): string | undefined => onItsWay(driver)?.version

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

  it('has both parts first when one replaces another, and the new one alone when the routes are there', () => {
    const driver = proxyWith('a')
    const revision = () => driver.session.acknowledgedRevision(driver.now)
    driver.apply(extension('b'), naming(2))
    expect(driver.sends()).toEqual(['ECDS +x', 'RDS +r'])
    expect(partsOf(driver)).toBe('ab')
    driver.accept(ECDS)
    expect(driver.sends()).toEqual([])
    expect(revision()).toBeLessThan(driver.cache.revision('g'))
    driver.accept(RDS)
    expect(driver.sends()).toEqual(['ECDS +x'])
    expect([partsOf(driver), versionOf(driver)]).toEqual(['b', extension('b').version])
    driver.accept()
    expect(driver.sends()).toEqual([])
    expect(revision()).toBe(driver.cache.revision('g'))
  })

  it('goes alone when one part replaces another and no route changes', () => {
    const driver = proxyWith('a')
    driver.apply(extension('b'))
    expect(driver.sends()).toEqual(['ECDS +x'])
    expect(partsOf(driver)).toBe('b')
    driver.accept()
    expect(driver.sends()).toEqual([])
  })

  it('goes as it is when both parts together were rejected', () => {
    const driver = proxyWith('a')
    driver.apply(extension('b'), naming(2))
    driver.sends()
    driver.reject('bad', ECDS)
    expect(driver.sends()).toEqual(['ECDS +x'])
    expect(partsOf(driver)).toBe('b')
  })

  it('is followed by what came meanwhile', () => {
    const driver = proxyWith('a')
    driver.apply(extension('b'), naming(2))
    driver.sends()
    driver.apply(extension('c'), naming(3))
    driver.accept()
    expect(driver.sends()).toEqual(['ECDS +x', 'RDS +r'])
    expect(partsOf(driver)).toBe('abc')
    driver.accept()
    expect(driver.sends()).toEqual(['ECDS +x'])
    expect(partsOf(driver)).toBe('c')
  })

  it('has one form for all proxies between two versions', () => {
    const bridges = new Bridges()
    const next = extension('b')
    expect(bridges.between(extension('a'), next)).toBe(bridges.between(extension('a'), next))
    expect(bridges.between(extension('c'), next)?.provides).toEqual(['c', 'b'])
    expect(bridges.between(extension('b'), next)).toBeUndefined()
    expect(bridges.between({ version: 'of an earlier stream' }, next)).toBeUndefined()
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
