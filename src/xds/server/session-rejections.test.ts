/** What a rejection leads to: the client and the time are the test's. */
import { describe, expect, it } from '@jest/globals'
import { cluster, drop, endpoints, routes, scope } from '../../../test/xds/support/resources.js'
import { edsCluster, runningProxy } from '../../../test/xds/support/running-proxy.js'
import { SessionDriver } from '../../../test/xds/support/session-driver.js'
import { TYPE_URL } from '../resource.js'
import { DEFAULT_BOUNDS } from './bounds.js'

const CDS = TYPE_URL.cluster
const EDS = TYPE_URL.clusterLoadAssignment
const RDS = TYPE_URL.routeConfiguration
const SRDS = TYPE_URL.scopedRouteConfiguration

describe('rejections', () => {
  it('A1.3.14: a rejected version is sent on no stream, a later one on all', () => {
    const driver = runningProxy()
    driver.apply(routes('r', ['a', 'x']))
    driver.sends()
    driver.reject('no')
    expect(driver.sends()).toEqual([])
    const other = new SessionDriver([routes('r', ['a', 'x'])], driver.rejected)
    other.ask(RDS, { subscribe: ['r'] })
    expect(other.sends()).toEqual(['RDS -r'])
    other.apply(routes('r', ['a', 'y']))
    other.accept()
    expect(other.sends()).toEqual(['RDS +r'])
  })

  it('a version that is no longer counted as rejected is sent again, and nothing else', () => {
    const driver = runningProxy()
    driver.apply(routes('r', ['a', 'x']))
    driver.sends()
    driver.reject('no')
    expect(driver.sends()).toEqual([])
    const forgotten = driver.rejected.forget(() => true)
    expect(forgotten.map(({ name }) => name)).toEqual(['r'])
    expect(driver.session.retry([...forgotten, { typeUrl: RDS, name: 'other' }, { typeUrl: CDS, name: 'a' }])).toBe(true)
    expect(driver.sends()).toEqual(['RDS +r'])
    driver.accept()
    expect(driver.session.retry(forgotten)).toBe(false)
  })

  it('an older version is what a client gets that asks again for a name whose new version was rejected', () => {
    const driver = runningProxy()
    driver.apply(endpoints('a', 0))
    driver.sends()
    driver.reject('no')
    driver.sends()
    driver.ask(EDS, { subscribe: ['a'] })
    expect(driver.sends()).toEqual(['EDS +a'])
    expect(driver.unanswered.at(-1)?.resources[0]?.version).toBe(endpoints('a').version)
  })

  it('a client that asks for one name after the other, as Envoy does for filters, may reject the first when it has asked for the last', () => {
    const names = Array.from({ length: 100 }, (_, index) => `e${index}`)
    const driver = new SessionDriver(names.map((name) => endpoints(name)))
    for (const name of names) {
      driver.ask(EDS, { subscribe: [name] })
      driver.sends()
    }
    const [first] = driver.unanswered
    driver.ask(EDS, { nonce: first?.nonce ?? '', error: 'no' })
    expect(driver.culprits.map(({ resource }) => resource.name)).toEqual(['e0'])
  })

  it('a client that answers nothing and asks for the same again and again costs no more than what it asks for', () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `e${index}`)
    const driver = new SessionDriver(names.map((name) => endpoints(name)))
    for (let asked = 0; asked < 50; asked++) {
      driver.ask(EDS, { subscribe: names })
      driver.sends()
    }
    const early = driver.unanswered[0]
    driver.ask(EDS, { nonce: early?.nonce ?? '', error: 'no' })
    expect(driver.culprits).toEqual([])
    expect(driver.sends()).toEqual([]) // nobody knows any more what it was
  })

  it('a response with removals only cannot be blamed on anything', () => {
    const driver = runningProxy(cluster('old'))
    driver.apply(drop(cluster('old')))
    expect(driver.sends()).toEqual(['CDS -old'])
    driver.reject('no')
    expect(driver.culprits).toEqual([])
    expect(driver.sends()).toEqual([])
  })

  it('Envoy names the bad clusters and applied the others: nothing else is sent again', () => {
    const driver = runningProxy()
    driver.apply(cluster('good'), cluster('bad'), cluster('bad/2'), cluster('good2'))
    driver.sends()
    driver.reject('Error adding/updating cluster(s) bad: no, bad/2: neither')
    expect(driver.culprits.map(({ resource }) => resource.name)).toEqual(['bad', 'bad/2'])
    expect(driver.sends()).toEqual([])
  })

  it('a name that is part of another name is not blamed', () => {
    const driver = runningProxy()
    driver.apply(cluster('bad'), cluster('not-bad'), cluster('bad/2'))
    driver.sends()
    driver.reject('Error adding/updating cluster(s) bad/2: no')
    expect(driver.culprits.map(({ resource }) => resource.name)).toEqual(['bad/2'])
  })

  it('the culprit that Envoy does not name is found by halves; all others arrive', () => {
    const names = Array.from({ length: 500 }, (_, index) => `s${index}`)
    const driver = runningProxy()
    driver.ask(SRDS)
    driver.sends()
    driver.accept()
    driver.apply(...names.map((name) => scope(name)))
    const arrived = new Set<string>()
    let rounds = 0
    for (let sent = driver.sends(); sent.length > 0; sent = driver.sends()) {
      rounds += 1
      for (const { resources } of driver.unanswered) {
        const bad = resources.some(({ name }) => name === 's313')
        if (!bad) for (const { name } of resources) arrived.add(name)
        if (bad) driver.reject('missing ): (', SRDS)
        else driver.accept(SRDS)
      }
      expect(rounds).toBeLessThan(30)
    }
    expect(driver.culprits.map(({ resource }) => resource.name)).toEqual(['s313'])
    expect(arrived.size).toBe(499)
  })

  it('the culprit of which Envoy quotes something is alone in the third response; all others arrive with the second', () => {
    const names = Array.from({ length: 200 }, (_, index) => `s${index}`)
    const driver = runningProxy()
    driver.ask(SRDS)
    driver.sends()
    driver.accept()
    driver.apply(...names.map((name) => scope(name, name === 's113' ? ['/x(y'] : ['/x'])))
    driver.sends()
    driver.reject('missing ): /x(y', SRDS)
    driver.sends()
    expect(driver.unanswered[0]?.resources).toHaveLength(199)
    driver.accept(SRDS)
    driver.sends()
    expect(driver.unanswered[0]?.resources.map(({ name }) => name)).toEqual(['s113'])
    driver.reject('missing ): /x(y', SRDS)
    expect(driver.culprits.map(({ resource }) => resource.name)).toEqual(['s113'])
    expect(driver.sends()).toEqual([])
  })

  it('scopes that were rejected with a bad one are sent again in other bytes (Envoy noted them without using them)', () => {
    const driver = runningProxy()
    driver.ask(SRDS)
    driver.sends()
    driver.accept()
    driver.apply(scope('good'), scope('bad'))
    driver.sends()
    const before = driver.unanswered[0]?.resources.find(({ name }) => name === 'good')
    driver.now += 5
    driver.reject('scope bad: no')
    driver.sends()
    const after = driver.unanswered[0]?.resources.find(({ name }) => name === 'good')
    expect(after?.version).toBe(before?.version)
    expect(after?.value.equals(before?.value ?? Buffer.alloc(0))).toBe(false)
  })

  it('a route to a new cluster that was rejected waits a moment for a translation that does without', () => {
    const driver = runningProxy()
    driver.apply(cluster('bad'), routes('r', ['bad']))
    driver.sends()
    driver.reject('Error adding/updating cluster(s) bad: no')
    expect(driver.sends()).toEqual([])
    driver.apply(routes('r', ['a', 'a']))
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('without another translation the route goes out after a bound', () => {
    const driver = runningProxy()
    driver.apply(cluster('bad'), routes('r', ['bad']))
    driver.sends()
    driver.reject('Error adding/updating cluster(s) bad: no')
    driver.sends()
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.quarantineMs)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a cluster that another stream rejected makes its route wait here as well', () => {
    const driver = runningProxy()
    driver.rejected.add({ ...cluster('bad'), message: 'no', suspects: [], at: '' })
    driver.apply(cluster('bad'), routes('r', ['bad']))
    expect(driver.sends()).toEqual([])
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.quarantineMs)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a rejected change of a cluster that is in use holds nothing up', () => {
    const driver = runningProxy()
    driver.apply(edsCluster('a', 2), routes('r', ['a', 'a']))
    expect(driver.sends()).toEqual(['CDS +a', 'EDS +a'])
    driver.reject('Error adding/updating cluster(s) a: no', CDS)
    driver.accept(EDS)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a rejected version keeps its revision from being acknowledged until there is another one', () => {
    const driver = runningProxy()
    const before = driver.cache.revision('g')
    driver.apply(routes('r', ['a', 'bad']))
    driver.sends()
    driver.reject('no')
    driver.sends()
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(before)
    driver.apply(routes('r', ['a']))
    expect(driver.sends()).toEqual([])
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(before + 2)
  })

  it('what was rejected and is not replaced does not keep a revision from being acknowledged for ever', () => {
    const driver = runningProxy()
    driver.apply(cluster('bad'), endpoints('a', 81))
    driver.sends()
    driver.accept(EDS)
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(driver.cache.revision('g') - 1)
    driver.reject('Error adding/updating cluster(s) bad: no', CDS)
    driver.sends()
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(driver.cache.revision('g') - 1)
    driver.waitForDeadline() // routes to the cluster wait no more
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.rejectedMs - DEFAULT_BOUNDS.quarantineMs)
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(driver.cache.revision('g'))
  })

  it('a rejected response that was overtaken by a request leaves the client with what it had before both', () => {
    const driver = runningProxy()
    driver.apply(endpoints('a', 81))
    driver.sends()
    driver.ask(EDS, { subscribe: ['a'] })
    expect(driver.sends()).toEqual(['EDS +a'])
    driver.reject('no')
    driver.apply(endpoints('a'))
    expect(driver.sends()).toEqual([])
  })
})
