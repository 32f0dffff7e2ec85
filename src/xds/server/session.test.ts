/** Make before break, and what a rejection leads to: the client and the time are the test's. */
import { describe, expect, it } from '@jest/globals'
import { cluster, drop, encoded, endpoints, listener, routes, scope, secret } from '../../../test/xds/support/resources.js'
import { SessionDriver } from '../../../test/xds/support/session-driver.js'
import { type EncodedResource, TYPE_URL } from '../resource.js'
import { DEFAULT_BOUNDS } from './bounds.js'

const CDS = TYPE_URL.cluster
const EDS = TYPE_URL.clusterLoadAssignment
const SDS = TYPE_URL.secret
const LDS = TYPE_URL.listener
const RDS = TYPE_URL.routeConfiguration
const SRDS = TYPE_URL.scopedRouteConfiguration

const eds = (name: string, content = 1): EncodedResource => cluster(name, { eds: true, content })
const toRoutes = (name: string): EncodedResource => listener('l', { references: [{ typeUrl: RDS, name }] })

/** A proxy that runs a listener with routes `r` to cluster `a`, and what else it is given; it has nothing to answer. */
function running(...more: readonly EncodedResource[]): SessionDriver {
  const driver = new SessionDriver([eds('a'), endpoints('a'), routes('r', ['a']), toRoutes('r'), ...more])
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

describe('make before break', () => {
  it('a route moves to a new cluster in three phases: cluster with endpoints, route, removal', () => {
    const driver = running()
    driver.apply(eds('b'), endpoints('b'), routes('r', ['b']), drop(eds('a')), drop(endpoints('a')))
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

  it('a change that needs one phase is sent at once: an edited route', () => {
    const driver = running()
    driver.apply(routes('r', ['a', 'a']))
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a change that needs one phase is sent at once: endpoints', () => {
    const driver = running()
    driver.apply(endpoints('a', 81))
    expect(driver.sends()).toEqual(['EDS +a'])
  })

  it('a route is not held up by a cluster that it does not name', () => {
    const driver = running()
    driver.apply(eds('b'), routes('r', ['a', 'a']))
    expect(driver.sends()).toEqual(['CDS +b', 'RDS +r'])
  })

  it('the endpoints of a cluster are sent again after the cluster changed (A4 row 4)', () => {
    const driver = running()
    driver.apply(eds('a', 2))
    expect(driver.sends()).toEqual(['CDS +a', 'EDS +a'])
  })

  it('a secret is sent again after a cluster that names it changed (A4 row 5)', () => {
    const driver = running(secret('ca'), cluster('tls', { secret: 'ca' }))
    driver.apply(cluster('tls', { secret: 'ca', content: 2 }))
    expect(driver.sends()).toEqual(['CDS +tls', 'SDS +ca'])
  })

  it('a route waits until the secret of its new cluster is accepted; the secret is answered at once', () => {
    const driver = running()
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
    const driver = running()
    driver.apply(secret('one'), secret('two'))
    driver.ask(SDS, { subscribe: ['one'] })
    expect(driver.sends()).toEqual(['SDS +one'])
    driver.ask(SDS, { subscribe: ['two'] })
    expect(driver.sends()).toEqual(['SDS +two'])
  })

  it('changes gather while a response is unanswered', () => {
    const driver = running()
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
    const driver = running(eds('b'), endpoints('b'))
    driver.apply(routes('r', ['b']), drop(eds('a')))
    expect(driver.sends()).toEqual(['RDS +r'])
    driver.accept(RDS)
    expect(driver.sends()).toEqual(['CDS -a'])
  })

  it('a cluster stays while a route that the proxy runs names it, because its replacement was rejected (A4 row 6)', () => {
    const driver = running()
    driver.apply(routes('r', []), drop(eds('a')), drop(endpoints('a')))
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
    const driver = running()
    driver.apply(drop(eds('a')))
    expect(driver.sends()).toEqual([])
    driver.apply(routes('r', []))
    driver.sends()
    driver.accept()
    expect(driver.sends()).toEqual(['CDS -a'])
  })

  it('a cluster that comes back before it was removed is not touched', () => {
    const driver = running()
    driver.apply(drop(eds('a')))
    driver.apply(eds('a'))
    expect(driver.sends()).toEqual([])
  })

  it('listeners are removed at once and in the message that adds others: an address may move', () => {
    const driver = running()
    driver.apply(drop(toRoutes('r')), listener('new', { references: [{ typeUrl: RDS, name: 'r' }] }))
    expect(driver.sends()).toEqual(['LDS +new -l'])
  })

  it('routes wait for endpoints of an existing cluster that come with them', () => {
    const driver = running()
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
    const driver = running()
    driver.apply(endpoints('a', 81))
    driver.sends()
    driver.apply(endpoints('a', 82))
    expect(driver.sends()).toEqual([])
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.answerMs)
    expect(driver.sends()).toEqual(['EDS +a'])
  })

  it('a route goes out although the endpoints of its new cluster were never subscribed (ExternalName, scale to zero)', () => {
    const driver = running()
    driver.apply(eds('b'), routes('r', ['b']))
    driver.sends()
    driver.accept(CDS)
    expect(driver.sends()).toEqual([])
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.warmMs)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a route goes out although its new cluster was never answered', () => {
    const driver = running()
    driver.apply(eds('b'), routes('r', ['b']))
    driver.sends()
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.answerMs)
    expect(driver.sends()).toEqual([])
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.warmMs)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a new cluster that warms by DNS gets a moment after its acknowledgement', () => {
    const driver = running()
    const dns = encoded<'envoy.config.cluster.v3.Cluster'>(CDS, 'dns', { name: 'dns', type: 1 })
    driver.apply(dns, routes('r', ['dns']))
    expect(driver.sends()).toEqual(['CDS +dns'])
    driver.accept()
    expect(driver.sends()).toEqual([])
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.silentWarmMs)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a cluster without endpoints of its own is warm when it is acknowledged', () => {
    const driver = running()
    driver.apply(cluster('static'), routes('r', ['static']))
    driver.sends()
    driver.accept()
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a late answer to a response that was given up is still heard', () => {
    const driver = running()
    driver.apply(endpoints('a', 81))
    driver.sends()
    driver.waitForDeadline()
    driver.reject('too late, but no')
    expect(driver.culprits.map(({ resource }) => resource.name)).toEqual(['a'])
  })
})

describe('rejections', () => {
  it('A1.3.14: a rejected version is sent on no stream, a later one on all', () => {
    const driver = running()
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

  it('an older version is what a client gets that asks again for a name whose new version was rejected', () => {
    const driver = running()
    driver.apply(endpoints('a', 0))
    driver.sends()
    driver.reject('no')
    driver.sends()
    driver.ask(EDS, { subscribe: ['a'] })
    expect(driver.sends()).toEqual(['EDS +a'])
    expect(driver.unanswered.at(-1)?.resources[0]?.version).toBe(endpoints('a').version)
  })

  it('a response with removals only cannot be blamed on anything', () => {
    const driver = running(cluster('old'))
    driver.apply(drop(cluster('old')))
    expect(driver.sends()).toEqual(['CDS -old'])
    driver.reject('no')
    expect(driver.culprits).toEqual([])
    expect(driver.sends()).toEqual([])
  })

  it('Envoy names the bad clusters and applied the others: nothing else is sent again', () => {
    const driver = running()
    driver.apply(cluster('good'), cluster('bad'), cluster('bad/2'), cluster('good2'))
    driver.sends()
    driver.reject('Error adding/updating cluster(s) bad: no, bad/2: neither')
    expect(driver.culprits.map(({ resource }) => resource.name)).toEqual(['bad', 'bad/2'])
    expect(driver.sends()).toEqual([])
  })

  it('a name that is part of another name is not blamed', () => {
    const driver = running()
    driver.apply(cluster('bad'), cluster('not-bad'), cluster('bad/2'))
    driver.sends()
    driver.reject('Error adding/updating cluster(s) bad/2: no')
    expect(driver.culprits.map(({ resource }) => resource.name)).toEqual(['bad/2'])
  })

  it('the culprit that Envoy does not name is found by halves; all others arrive', () => {
    const names = Array.from({ length: 500 }, (_, index) => `s${index}`)
    const driver = running()
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

  it('scopes that were rejected with a bad one are sent again in other bytes (Envoy noted them without using them)', () => {
    const driver = running()
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
    const driver = running()
    driver.apply(cluster('bad'), routes('r', ['bad']))
    driver.sends()
    driver.reject('Error adding/updating cluster(s) bad: no')
    expect(driver.sends()).toEqual([])
    driver.apply(routes('r', ['a', 'a']))
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('without another translation the route goes out after a bound', () => {
    const driver = running()
    driver.apply(cluster('bad'), routes('r', ['bad']))
    driver.sends()
    driver.reject('Error adding/updating cluster(s) bad: no')
    driver.sends()
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.quarantineMs)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a cluster that another stream rejected makes its route wait here as well', () => {
    const driver = running()
    driver.rejected.add({ ...cluster('bad'), message: 'no', suspects: [], at: '' })
    driver.apply(cluster('bad'), routes('r', ['bad']))
    expect(driver.sends()).toEqual([])
    expect(driver.waitForDeadline()).toBe(DEFAULT_BOUNDS.quarantineMs)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a rejected change of a cluster that is in use holds nothing up', () => {
    const driver = running()
    driver.apply(eds('a', 2), routes('r', ['a', 'a']))
    expect(driver.sends()).toEqual(['CDS +a', 'EDS +a'])
    driver.reject('Error adding/updating cluster(s) a: no', CDS)
    driver.accept(EDS)
    expect(driver.sends()).toEqual(['RDS +r'])
  })

  it('a rejected version keeps its revision from being acknowledged until there is another one', () => {
    const driver = running()
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
    const driver = running()
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
    const driver = running()
    driver.apply(endpoints('a', 81))
    driver.sends()
    driver.ask(EDS, { subscribe: ['a'] })
    expect(driver.sends()).toEqual(['EDS +a'])
    driver.reject('no')
    driver.apply(endpoints('a'))
    expect(driver.sends()).toEqual([])
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
    const driver = new SessionDriver([toRoutes('r'), routes('r', [])])
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
    const driver = running()
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
