/** A proxy that is up to date: what most tests of phases and rejections begin with. */
import { expect } from '@jest/globals'
import { type EncodedResource, TYPE_URL } from '../../../src/xds/resource.js'
import { cluster, endpoints, listener, routes } from './resources.js'
import { SessionDriver } from './session-driver.js'

const { cluster: CDS, clusterLoadAssignment: EDS, secret: SDS, listener: LDS, routeConfiguration: RDS } = TYPE_URL

/** A cluster with endpoints by EDS; `content` makes versions differ. */
export const edsCluster = (name: string, content: number = 1): EncodedResource => cluster(name, { eds: true, content })

/** The listener `l`, whose routes come by RDS under this name. */
export const rdsListener = (name: string): EncodedResource => listener('l', { references: [{ typeUrl: RDS, name }] })

/** A proxy that runs a listener with routes `r` to cluster `a`, and what else it is given; it has nothing to answer. */
export function runningProxy(...more: readonly EncodedResource[]): SessionDriver {
  const driver = new SessionDriver([edsCluster('a'), endpoints('a'), routes('r', ['a']), rdsListener('r'), ...more])
  driver.ask(CDS)
  driver.sends()
  driver.ask(EDS, { subscribe: ['a', ...namesOf(EDS, more)] })
  if (namesOf(SDS, more).length > 0) driver.ask(SDS, { subscribe: namesOf(SDS, more) })
  driver.accept(CDS)
  driver.sends()
  driver.accept()
  driver.ask(LDS)
  driver.sends()
  driver.ask(RDS, { subscribe: ['r'] })
  driver.accept(LDS)
  driver.sends()
  driver.accept()
  expect(driver.sends()).toEqual([])
  expect(driver.session.deadline(driver.now)).toBeUndefined()
  expect(driver.session.acknowledgedRevision(driver.now)).toBe(driver.cache.revision('g'))
  return driver
}

const namesOf = (typeUrl: string, resources: readonly EncodedResource[]): string[] =>
  resources.flatMap((one) => (one.typeUrl === typeUrl ? [one.name] : []))
