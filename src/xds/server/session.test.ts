/** Make before break: the client and the time are the test's. */
import { describe, expect, it } from '@jest/globals'
import { cluster, drop, encoded, endpoints, listener, routes, scope, secret } from '../../../test/xds/support/resources.js'
import { edsCluster, rdsListener, runningProxy } from '../../../test/xds/support/running-proxy.js'
import { SessionDriver } from '../../../test/xds/support/session-driver.js'
import { TYPE_URL } from '../resource.js'
import { DEFAULT_BOUNDS } from './bounds.js'

const CDS = TYPE_URL.cluster
const EDS = TYPE_URL.clusterLoadAssignment
const SDS = TYPE_URL.secret
const LDS = TYPE_URL.listener
const RDS = TYPE_URL.routeConfiguration
const SRDS = TYPE_URL.scopedRouteConfiguration

describe('make before break', () => {
  it('a route moves to a new cluster in three phases: cluster with endpoints, route, removal', () => {
    const driver = runningProxy()
    driver.apply(edsCluster('b'), endpoints('b'), routes('r', ['b']), drop(edsCluster('a')), drop(endpoints('a')))
    expect(driver.sends()).toEqual(['CDS +b'])
    driver.ask(EDS, { subscribe: ['b'] })
    expect(driver.sends()).toEqual(['EDS +b'])
    driver.accept(CDS)
    expect(driver.sends()).toEqual([]) // the cluster is accepted, but warms until its endpoints are
    driver.accept(EDS)
    expect(driver.sends()).toEqual(['RDS +r'])
    driver.accept(RDS)
    expect(driver.sends()).toEqual(['CDS -a'])
    driver.ask(EDS, { unsubscribe: ['a'] })
    driver.accept(CDS)
    expect(driver.sends()).toEqual([])
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(driver.cache.revision('g'))
  })

  it('thousands of routes that go with their clusters do not cost each cluster a look at each route', () => {
    const numbers = Array.from({ length: 4_000 }, (_, index) => index)
    const all = numbers.flatMap((index) => [cluster(`c${index}`), scope(`s${index}`, [`c${index}`])])
    const driver = new SessionDriver([listener('l'), ...all])
    const settle = () => {
      while (driver.sends().length > 0) driver.accept()
    }
    for (const typeUrl of [CDS, LDS, SRDS]) driver.ask(typeUrl)
    settle()
    driver.apply(...all.map(drop))
    const began = process.cpuUsage()
    settle()
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_000)
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(driver.cache.revision('g'))
  })

  it('many changes are looked at in pieces, and whoever asks before the last piece hears of all of them', () => {
    const driver = runningProxy()
    driver.apply(routes('r', ['a', 'a']), edsCluster('b'))
    expect(driver.session.catchUp(1)).toBe(false)
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(driver.cache.revision('g') - 1)
    driver.apply(edsCluster('c'), edsCluster('d'))
    expect(driver.session.catchUp(1)).toBe(false)
    expect(driver.sends()).toEqual(['CDS +b +c +d', 'RDS +r'])
    expect(driver.session.catchUp(1)).toBe(true)
  })

  it('a change that needs one phase is sent at once: an edited route', () => {
    const driver = runningProxy()
    driver.apply(routes('r', ['a', 'a']))
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a change that needs one phase is sent at once: endpoints', () => {
    const driver = runningProxy()
    driver.apply(endpoints('a', 81))
    expect(driver.sends()).toEqual(['EDS +a'])
  })

  it('a route is not held up by a cluster that it does not name', () => {
    const driver = runningProxy()
    driver.apply(edsCluster('b'), routes('r', ['a', 'a']))
    expect(driver.sends()).toEqual(['CDS +b', 'RDS +r'])
  })

  it('the endpoints of a cluster are sent again after the cluster changed (A4 row 4)', () => {
    const driver = runningProxy()
    driver.apply(edsCluster('a', 2))
    expect(driver.sends()).toEqual(['CDS +a', 'EDS +a'])
  })

  it('a secret is sent again after a cluster that names it changed (A4 row 5)', () => {
    const driver = runningProxy(secret('ca'), cluster('tls', { secret: 'ca' }))
    driver.apply(cluster('tls', { secret: 'ca', content: 2 }))
    expect(driver.sends()).toEqual(['CDS +tls', 'SDS +ca'])
  })

  it('a route waits until the secret of its new cluster is accepted; the secret is answered at once', () => {
    const driver = runningProxy()
    driver.apply(secret('ca'), cluster('tls', { secret: 'ca' }), routes('r', ['tls']))
    expect(driver.sends()).toEqual(['CDS +tls'])
    driver.accept(CDS)
    expect(driver.sends()).toEqual([])
    driver.ask(SDS, { subscribe: ['ca'] })
    expect(driver.sends()).toEqual(['SDS +ca'])
    driver.accept(SDS)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a secret is answered while a response of its type is unanswered', () => {
    const driver = runningProxy()
    driver.apply(secret('one'), secret('two'))
    driver.ask(SDS, { subscribe: ['one'] })
    expect(driver.sends()).toEqual(['SDS +one'])
    driver.ask(SDS, { subscribe: ['two'] })
    expect(driver.sends()).toEqual(['SDS +two'])
  })

  it('changes gather while a response is unanswered', () => {
    const driver = runningProxy()
    driver.apply(endpoints('a', 81))
    expect(driver.sends()).toEqual(['EDS +a'])
    for (const port of [82, 83, 84]) driver.apply(endpoints('a', port))
    expect(driver.sends()).toEqual([])
    driver.accept()
    expect(driver.sends()).toEqual(['EDS +a'])
    driver.accept()
    expect(driver.sends()).toEqual([])
  })

  it('a cluster stays while a route that was sent and not accepted yet replaces one that names it (A4 row 6)', () => {
    const driver = runningProxy(edsCluster('b'), endpoints('b'))
    driver.apply(routes('r', ['b']), drop(edsCluster('a')))
    expect(driver.sends()).toEqual(['RDS +r'])
    driver.accept(RDS)
    expect(driver.sends()).toEqual(['CDS -a'])
  })

  it('a cluster stays while a route that the proxy runs names it, because its replacement was rejected (A4 row 6)', () => {
    const driver = runningProxy()
    driver.apply(routes('r', []), drop(edsCluster('a')), drop(endpoints('a')))
    driver.sends()
    driver.reject('no', RDS)
    expect(driver.sends()).toEqual([])
    driver.apply(routes('r', ['a', 'other']))
    driver.apply(routes('r', ['other']))
    expect(driver.sends()).toEqual(['RDS +r'])
    driver.accept(RDS)
    expect(driver.sends()).toEqual(['CDS -a'])
  })

  it('a cluster stays as long as the desired state names it', () => {
    const driver = runningProxy()
    driver.apply(drop(edsCluster('a')))
    expect(driver.sends()).toEqual([])
    driver.apply(routes('r', []))
    driver.sends()
    driver.accept()
    expect(driver.sends()).toEqual(['CDS -a'])
  })

  it('a cluster that comes back before it was removed is not touched', () => {
    const driver = runningProxy()
    driver.apply(drop(edsCluster('a')))
    driver.apply(edsCluster('a'))
    expect(driver.sends()).toEqual([])
  })

  it('listeners are removed at once and in the message that adds others: an address may move', () => {
    const driver = runningProxy()
    driver.apply(drop(rdsListener('r')), listener('new', { references: [{ typeUrl: RDS, name: 'r' }] }))
    expect(driver.sends()).toEqual(['LDS +new -l'])
  })

  it('routes wait for endpoints of an existing cluster that come with them', () => {
    const driver = runningProxy()
    driver.apply(endpoints('a', 81))
    driver.sends()
    driver.apply(endpoints('a', 82), routes('r', ['a', 'a']))
    expect(driver.sends()).toEqual([])
    driver.accept(EDS)
    expect(driver.sends()).toEqual(['EDS +a', 'RDS +r'])
  })

  it('a listener that names another one waits for it, and for scopes that the client asks for because of it', () => {
    const needs = [
      { typeUrl: LDS, name: 'loader' },
      { typeUrl: SRDS, name: '*' },
    ]
    const driver = new SessionDriver([scope('s'), listener('a', { references: needs }), listener('loader')])
    driver.ask(CDS)
    driver.ask(LDS)
    expect(driver.sends().at(-1)).toBe('LDS +loader')
    driver.ask(SRDS)
    driver.accept()
    expect(driver.sends()).toEqual(['SRDS +s'])
    driver.accept()
    expect(driver.sends()).toEqual(['LDS +a'])
  })

  it('a listener that names all scopes is sent after the last of them', () => {
    const many = Array.from({ length: DEFAULT_BOUNDS.maxResources + 1 }, (_, index) => scope(`s${index}`))
    const driver = new SessionDriver([...many, listener('preload'), listener('real', { references: [{ typeUrl: SRDS, name: '*' }] })])
    driver.ask(CDS)
    driver.ask(SRDS)
    driver.ask(LDS)
    const first = driver.sends()
    expect(first.at(-1)).toBe('LDS +preload')
    driver.accept()
    expect(driver.sends()).toEqual([`SRDS +s${DEFAULT_BOUNDS.maxResources}`])
    driver.accept()
    expect(driver.sends()).toEqual(['LDS +real'])
  })
})

describe('scopes before the listeners that need them all', () => {
  const all = [{ typeUrl: SRDS, name: '*' }]

  /** A client that has all of these: first the scopes, then the listener. */
  const running = (...resources: ConstructorParameters<typeof SessionDriver>[0] & object): SessionDriver => {
    const driver = new SessionDriver(resources)
    for (const typeUrl of [CDS, SRDS, LDS]) driver.ask(typeUrl)
    driver.sends()
    driver.accept()
    driver.sends()
    driver.accept()
    return driver
  }

  it('a listener waits until the client has asked for scopes, which another listener makes it do', () => {
    const driver = new SessionDriver([scope('s'), listener('preload'), listener('real', { references: all })])
    driver.ask(CDS)
    driver.sends()
    driver.ask(LDS)
    expect(driver.sends()).toEqual(['LDS +preload'])
    driver.accept()
    expect(driver.sends()).toEqual([])
    driver.ask(SRDS)
    expect(driver.sends()).toEqual(['SRDS +s'])
    driver.accept()
    expect(driver.sends()).toEqual(['LDS +real'])
  })

  it('a listener that changes waits for the scopes that were wanted by then, and not for those that change afterwards', () => {
    const driver = running(scope('s'), scope('t'), listener('real', { references: all }))
    driver.apply(scope('s', ['v2']))
    expect(driver.sends()).toEqual(['SRDS +s'])
    driver.apply(scope('t', ['v2']), listener('real', { references: all, content: 2 }))
    // Scopes change all the time from now on: there is always one on its way.
    driver.apply(scope('s', ['v3']))
    driver.accept()
    expect(driver.sends()).toEqual(['SRDS +t +s'])
    driver.apply(scope('s', ['v4']))
    driver.accept()
    expect(driver.sends()).toEqual(['SRDS +s', 'LDS +real'])
  })

  it('a listener that changes again waits for the scopes that came with that change', () => {
    const driver = running(scope('s'), listener('real', { references: all }))
    driver.apply(scope('s', ['v2']))
    expect(driver.sends()).toEqual(['SRDS +s'])
    driver.apply(listener('real', { references: all, content: 2 }))
    driver.apply(scope('new'), listener('real', { references: all, content: 3 }))
    driver.accept()
    expect(driver.sends()).toEqual(['SRDS +new'])
    driver.accept()
    expect(driver.sends()).toEqual(['LDS +real'])
  })

  it('but not for ever', () => {
    const driver = new SessionDriver([listener('real', { references: all })])
    driver.ask(CDS)
    driver.sends()
    driver.accept()
    driver.ask(LDS)
    expect(driver.sends()).toEqual([])
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.warmMs)
    expect(driver.sends()).toEqual(['LDS +real'])
  })
})

describe('nothing is withheld for ever', () => {
  it('a response that is never answered holds its type up for a while only', () => {
    const driver = runningProxy()
    driver.apply(endpoints('a', 81))
    driver.sends()
    driver.apply(endpoints('a', 82), cluster('c'))
    expect(driver.sends()).toEqual(['CDS +c'])
    driver.accept(CDS)
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.answerMs)
    expect(driver.sends()).toEqual(['EDS +a'])
  })

  it('a client that answers nothing is waited for longer: it may hang, and what it reads at once when it goes on must be in order', () => {
    const driver = runningProxy()
    driver.apply(cluster('c'))
    driver.sends()
    driver.accept(CDS)
    driver.apply(endpoints('a', 81))
    driver.sends()
    driver.apply(endpoints('a', 82))
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.silenceMs)
    expect(driver.sends()).toEqual(['EDS +a'])
  })

  it('a route goes out although the endpoints of its new cluster were never subscribed (ExternalName, scale to zero)', () => {
    const driver = runningProxy()
    driver.apply(edsCluster('b'), routes('r', ['b']))
    driver.sends()
    driver.accept(CDS)
    expect(driver.sends()).toEqual([])
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.warmMs)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a route goes out although its new cluster was never answered', () => {
    const driver = runningProxy()
    driver.apply(edsCluster('b'), routes('r', ['b']))
    driver.sends()
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.silenceMs)
    expect(driver.sends()).toEqual([])
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.warmMs)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a new cluster that warms by DNS gets a moment after its acknowledgement', () => {
    const driver = runningProxy()
    const dns = encoded<'envoy.config.cluster.v3.Cluster'>(CDS, 'dns', { name: 'dns', type: 1 })
    driver.apply(dns, routes('r', ['dns']))
    expect(driver.sends()).toEqual(['CDS +dns'])
    driver.accept()
    expect(driver.sends()).toEqual([])
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.silentWarmMs)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a cluster without endpoints of its own is warm when it is acknowledged', () => {
    const driver = runningProxy()
    driver.apply(cluster('static'), routes('r', ['static']))
    driver.sends()
    driver.accept()
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a late answer to a response that was given up is still heard', () => {
    const driver = runningProxy()
    driver.apply(endpoints('a', 81))
    driver.sends()
    driver.waitForDeadline()
    driver.reject('too late, but no')
    expect(driver.culprits.map(({ resource }) => resource.name)).toEqual(['a'])
  })
})

describe('acknowledgedRevision', () => {
  it('is 0 for a client without listeners', () => {
    const driver = new SessionDriver([cluster('a')])
    driver.ask(CDS)
    driver.sends()
    driver.accept()
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(0)
  })

  it('waits for the routes of a listener, which the client asks for later', () => {
    const driver = new SessionDriver([rdsListener('r'), routes('r', [])])
    driver.ask(LDS)
    driver.sends()
    driver.accept()
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(0)
    driver.ask(RDS, { subscribe: ['r'] })
    driver.sends()
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(0)
    driver.accept()
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(1)
  })

  it('goes on while later revisions are on their way', () => {
    const driver = runningProxy()
    const first = driver.cache.revision('g')
    driver.apply(endpoints('a', 81))
    driver.sends()
    driver.apply(routes('r', ['a', 'a']))
    driver.sends()
    driver.apply(cluster('c'))
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(first)
    driver.accept(EDS)
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(first + 1)
    driver.accept(RDS)
    expect(driver.session.acknowledgedRevision(driver.now)).toBe(first + 2)
  })
})
