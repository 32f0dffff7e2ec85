/** Clients that come while the controller still translates what there is: additions for those that have nothing, silence for all others. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { cluster, drop, endpoints, listener, routes, scope, secret } from '../../../test/xds/support/resources.js'
import { edsCluster, rdsListener } from '../../../test/xds/support/running-proxy.js'
import { SessionDriver } from '../../../test/xds/support/session-driver.js'
import { TYPE_URL } from '../resource.js'
import { DEFAULT_BOUNDS } from './bounds.js'

const CDS = TYPE_URL.cluster
const EDS = TYPE_URL.clusterLoadAssignment
const SDS = TYPE_URL.secret
const LDS = TYPE_URL.listener
const RDS = TYPE_URL.routeConfiguration
const SRDS = TYPE_URL.scopedRouteConfiguration

/** A client whose server does not know everything yet. */
const early = (...resources: ConstructorParameters<typeof SessionDriver>[0] & object): SessionDriver =>
  new SessionDriver(resources, undefined, { isComplete: false })

describe('before everything is known', () => {
  it('a client that has nothing gets clusters, endpoints and secrets as they come, and listeners and routes at the end', () => {
    const driver = early(edsCluster('a'), endpoints('a'), routes('r', ['a']), rdsListener('r'))
    driver.ask(CDS)
    driver.ask(LDS)
    expect(driver.sends()).toEqual(['CDS +a'])
    driver.ask(EDS, { subscribe: ['a'] })
    expect(driver.sends()).toEqual(['EDS +a'])
    driver.accept()
    driver.apply(cluster('tls', { secret: 'ca' }), secret('ca'), routes('r', ['a', 'tls']))
    expect(driver.sends()).toEqual(['CDS +tls'])
    driver.ask(SDS, { subscribe: ['ca'] })
    driver.ask(RDS, { subscribe: ['r'] })
    expect(driver.sends()).toEqual(['SDS +ca'])
    driver.accept()
    expect(driver.sends()).toEqual([])
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(0)
    driver.cache.markComplete()
    expect(driver.sends()).toEqual(['LDS +l', 'RDS +r'])
    driver.accept()
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(driver.cache.revision('g'))
  })

  it('it gets routes of listeners that listen nowhere, too, and the word that it is ready after the last listener', () => {
    const loader = { ...listener('loader', { references: [{ typeUrl: RDS, name: 'ready' }] }), isPreparation: true }
    const ready = { ...routes('ready', []), references: [{ typeUrl: LDS, name: '*' }] }
    const host = (name: string) => ({ ...scope(name, ['a']), isPreparation: true })
    const driver = early(
      edsCluster('a'),
      endpoints('a'),
      loader,
      ready,
      host('one'),
      scope('wildcards'),
      rdsListener('r'),
      routes('r', ['a']),
    )
    for (const type of [CDS, LDS]) driver.ask(type)
    expect(driver.sends()).toEqual(['CDS +a', 'LDS +loader'])
    driver.ask(EDS, { subscribe: ['a'] })
    driver.ask(SRDS)
    driver.ask(RDS, { subscribe: ['ready'] })
    // A route waits for its cluster.
    expect(driver.sends()).toEqual(['EDS +a'])
    driver.accept()
    expect(driver.sends()).toEqual(['SRDS +one'])
    driver.apply(host('two'))
    driver.accept()
    expect(driver.sends()).toEqual(['SRDS +two'])
    driver.accept()
    driver.cache.markComplete()
    expect(driver.sends()).toEqual(['SRDS +wildcards', 'LDS +l'])
    driver.ask(RDS, { subscribe: ['r'] })
    expect(driver.sends()).toEqual(['RDS +r'])
    driver.accept()
    expect(driver.sends()).toEqual(['RDS +ready'])
  })

  it('nothing is said about what is not there yet: no empty answer, no removal', () => {
    const driver = early()
    driver.ask(CDS)
    driver.ask(LDS)
    expect(driver.sends()).toEqual([])
    driver.apply(edsCluster('a'))
    expect(driver.sends()).toEqual(['CDS +a'])
    driver.ask(EDS, { subscribe: ['a'] })
    expect(driver.sends()).toEqual([])
    driver.apply(endpoints('a'))
    expect(driver.sends()).toEqual(['EDS +a'])
  })

  it('a cluster that is gone again leaves when everything is known', () => {
    const driver = early(edsCluster('a'), endpoints('a'))
    driver.ask(CDS)
    driver.sends()
    driver.ask(EDS, { subscribe: ['a'] })
    driver.sends()
    driver.accept()
    driver.apply(drop(edsCluster('a')), drop(endpoints('a')))
    expect(driver.sends()).toEqual([])
    driver.cache.markComplete()
    expect(driver.sends()).toContain('CDS -a')
  })

  it('a client that brings something along keeps it, and hears nothing until then', () => {
    const driver = early(edsCluster('b'))
    driver.ask(CDS, { subscribe: ['*'], initialVersions: new Map([['a', 'old']]) })
    driver.ask(EDS, { subscribe: ['a', 'b'], initialVersions: new Map([['a', 'old']]) })
    expect(driver.sends()).toEqual([])
    driver.apply(edsCluster('a', 2), endpoints('a'))
    expect(driver.sends()).toEqual([])
    driver.cache.markComplete()
    expect(driver.sends().join(' ')).toContain('CDS +b +a')
  })

  it('a listener waits for the scopes of all portions, not only for those that were known when it was', () => {
    const all = [{ typeUrl: SRDS, name: '*' }]
    const driver = early(scope('one'), listener('l', { references: all }))
    const versions = new Map([['old', 'old']])
    for (const typeUrl of [CDS, SRDS, LDS]) driver.ask(typeUrl, { subscribe: ['*'], initialVersions: versions })
    driver.apply(...Array.from({ length: DEFAULT_BOUNDS.maxResources }, (_, index) => scope(`s${index}`)))
    driver.cache.markComplete()
    expect(driver.sends().join(' ')).not.toContain('LDS +l')
    driver.accept()
    expect(driver.sends().join(' ')).not.toContain('LDS +l')
    driver.accept()
    expect(driver.sends().join(' ')).toContain('LDS +l')
  })

  it('a client of the state of the world hears nothing: what is missing in a response would be deleted', () => {
    const driver = new SessionDriver([edsCluster('a')], undefined, { isComplete: false, protocol: 'sotw' })
    const request = { protocol: 'sotw', typeUrl: CDS, names: [], nonce: '', rejection: undefined, node: undefined } as const
    driver.session.request(request, driver.now)
    expect(driver.sends()).toEqual([])
    driver.cache.markComplete()
    expect(driver.sends()).toEqual(['CDS +a'])
  })

  it('whatever comes and goes in portions, the client ends with what there is, and is told of no removal before', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd')
    const portion = fc.array(fc.tuple(names, fc.integer({ min: 0, max: 3 })), { maxLength: 4 })
    fc.assert(
      fc.property(fc.array(fc.tuple(portion, fc.boolean()), { maxLength: 8 }), (portions) => {
        const driver = early()
        const view = new Map<string, string>()
        const take = (): readonly string[] => {
          const sent = driver.sends()
          for (const { resources, removed } of driver.unanswered) {
            for (const { name, version } of resources) view.set(name, version)
            for (const name of removed) view.delete(name)
          }
          return sent
        }
        driver.ask(CDS)
        for (const [changes, answers] of portions) {
          driver.apply(...changes.map(([name, content]) => (content === 0 ? drop(cluster(name)) : cluster(name, { content }))))
          expect(take().filter((sent) => sent.includes('-'))).toEqual([])
          if (answers) driver.accept()
        }
        driver.cache.markComplete()
        for (let round = 0; round < 3; round++) {
          driver.accept()
          take()
        }
        const wanted = [...driver.cache.resources('g', CDS)].map(([name, { version }]) => [name, version])
        expect(new Map([...view].sort())).toEqual(new Map(wanted.sort() as [string, string][]))
      }),
    )
  })
})
