/** BackendTrafficPolicy: how an endpoint is chosen, shown by who answers. */
import { describe, expect, it } from '@jest/globals'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { GOOD, onRoute, routeTo, said, several, spread } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'
import { startOrcaServer } from './orca-server.js'

const world = featureWorld(['a', 'b', 'c'])
const port = (name: string): number => world.backend(name).port
const all = (): string => several('all', [{ port: port('a') }, { port: port('b') }, { port: port('c') }])
const balanced = (settings: string): readonly string[] => [all(), routeTo('all'), onRoute(`loadBalancer: {${settings}}`)]

describe('loadBalancer', () => {
  policyField(
    ['BackendTrafficPolicy loadBalancer.consistentHash.{headers,queryParameters}'],
    'several headers or query parameters decide together',
    async () => {
      const headers = { 'x-user': 'u', 'x-group': 'g' }
      await world.write(...balanced('type: ConsistentHash, consistentHash: {type: Headers, headers: [X-User, X-Group]}'))
      expect(Object.keys(await spread(world, 20, { headers }))).toHaveLength(1)
      const groups = Array.from({ length: 40 }, (_, at) => world.answerer({ headers: { ...headers, 'x-group': `${at}` } }))
      expect(new Set(await Promise.all(groups)).size).toBeGreaterThan(1)
      await world.write(...balanced('type: ConsistentHash, consistentHash: {type: QueryParameters, queryParameters: [user, group]}'))
      expect(Object.keys(await spread(world, 20, { path: '/?user=u&group=g' }))).toHaveLength(1)
      const pairs = Array.from({ length: 40 }, (_, at) => world.answerer({ path: `/?user=u&group=${at}` }))
      expect(new Set(await Promise.all(pairs)).size).toBeGreaterThan(1)
    },
  )

  policyField(['BackendTrafficPolicy loadBalancer.consistentHash.cookie.attributes'], 'the cookie has more attributes', async () => {
    const cookie = 'cookie: {name: user, ttl: 1h, attributes: {SameSite: Strict, Secure: ""}}'
    await world.write(...balanced(`type: ConsistentHash, consistentHash: {type: Cookie, ${cookie}}`))
    expect(String((await world.ask()).headers['set-cookie'])).toMatch(/^user=.*SameSite=Strict.*Secure|^user=.*Secure.*SameSite=Strict/)
  })

  policyField(
    ['BackendTrafficPolicy loadBalancer.consistentHash.tableSize'],
    'a table of two places has room for two endpoints',
    async () => {
      const sized = (size: number) => balanced(`type: ConsistentHash, consistentHash: {type: Header, header: x-user, tableSize: ${size}}`)
      const answerers = async (): Promise<number> =>
        new Set(await Promise.all(Array.from({ length: 60 }, (_, at) => world.answerer({ headers: { 'x-user': `${at}` } })))).size
      await world.write(...sized(2))
      expect(await answerers()).toBe(2)
      await world.write(...sized(65_537))
      expect(await answerers()).toBe(3)
      await world.write(...sized(4))
      expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
    },
  )

  policyField(['BackendTrafficPolicy loadBalancer.endpointOverride.extractFrom.header'], 'a request names its endpoint', async () => {
    const two = 'type: RoundRobin, endpointOverride: {extractFrom: [{header: X-Endpoint}, {header: X-Other}]}'
    await world.write(...balanced(two))
    expect(said(world)).toEqual(GOOD)
    for (const name of ['a', 'b', 'c']) {
      expect(await spread(world, 10, { headers: { 'x-endpoint': `127.0.0.1:${port(name)}` } })).toEqual({ [name]: 10 })
      expect(await spread(world, 10, { headers: { 'x-other': `127.0.0.1:${port(name)}` } })).toEqual({ [name]: 10 })
    }
    // Nobody is reached who is no endpoint of the backend.
    expect(Object.keys(await spread(world, 30, { headers: { 'x-endpoint': '127.0.0.1:1' } })).sort()).toEqual(['a', 'b', 'c'])
    expect(Object.keys(await spread(world, 30)).sort()).toEqual(['a', 'b', 'c'])
  })

  policyField(
    ['BackendTrafficPolicy loadBalancer.zoneAware.weightedZones.{zone,weight}', 'Backend endpoints.zone'],
    'zones have shares',
    async () => {
      const zones = several('all', [
        { port: port('a'), more: 'zone: east' },
        { port: port('b'), more: 'zone: west' },
        { port: port('c'), more: 'zone: west' },
      ])
      const weights = 'weightedZones: [{zone: east, weight: 1000}, {zone: west, weight: 1}]'
      for (const type of ['LeastRequest', 'RoundRobin', 'Random']) {
        await world.write(zones, routeTo('all'), onRoute(`loadBalancer: {type: ${type}, zoneAware: {${weights}}}`))
        expect((await spread(world, 60)).a).toBeGreaterThan(45)
      }
      await world.write(zones, routeTo('all'), onRoute('loadBalancer: {type: RoundRobin}'))
      expect((await spread(world, 60)).a).toBeLessThan(30)
    },
  )

  it('zones have shares beside endpoints that requests name', async () => {
    const zones = several('all', [
      { port: port('a'), more: 'zone: east' },
      { port: port('b'), more: 'zone: west' },
    ])
    const both = 'zoneAware: {weightedZones: [{zone: west, weight: 0}]}, endpointOverride: {extractFrom: [{header: x-endpoint}]}'
    await world.write(zones, routeTo('all'), onRoute(`loadBalancer: {type: RoundRobin, ${both}}`))
    expect(await spread(world, 20)).toEqual({ a: 20 })
    expect(await world.answerer({ headers: { 'x-endpoint': `127.0.0.1:${port('b')}` } })).toBe('b')
  })

  policyField(['BackendTrafficPolicy loadBalancer.slowStart.window'], 'a new endpoint begins with little', async () => {
    const slow = onRoute('loadBalancer: {type: RoundRobin, slowStart: {window: 20s}}')
    await world.write(several('all', [{ port: port('a') }]), routeTo('all'), slow)
    // The first endpoint has had a quarter of its time: from then on it counts for more than one that comes.
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    await world.write(several('all', [{ port: port('a') }, { port: port('b') }]), routeTo('all'), slow)
    const early = await spread(world, 60)
    expect(early.a ?? 0).toBeGreaterThan(early.b ?? 0)
  })
})

describe('loadBalancer BackendUtilization', () => {
  const reports = (utilization: number, more = ''): string =>
    `endpoint-load-metrics:TEXT cpu_utilization=${utilization},rps_fractional=100${more}`
  /** Asks each endpoint for reports that say how busy it is; who that is decides the endpoint. */
  const report = async (loads: Readonly<Record<string, string>>): Promise<void> => {
    for (let round = 0; round < 40; round++) {
      await Promise.all(
        Object.keys(loads).map(() =>
          world.ask({
            path: `/?${Object.entries(loads)
              .map(([name, text]) => `header.${name}=${encodeURIComponent(text)}`)
              .join('&')}`,
          }),
        ),
      )
    }
  }

  policyField(
    ['BackendTrafficPolicy loadBalancer.{type,backendUtilization.blackoutPeriod,backendUtilization.weightUpdatePeriod}'],
    'who is busy gets less',
    async () => {
      const quick = 'type: BackendUtilization, backendUtilization: {blackoutPeriod: 0s, weightUpdatePeriod: 100ms}'
      await world.write(...balanced(quick))
      expect(said(world)).toEqual(GOOD)
      await eventually(async () => {
        await report({ a: reports(0.9), b: reports(0.1), c: reports(0.1) })
        const found = await spread(world, 60)
        expect(found.a ?? 0).toBeLessThan(12)
        expect(Object.keys(found).length).toBeGreaterThan(1)
      }, 20_000)
    },
  )

  policyField(
    [
      'BackendTrafficPolicy loadBalancer.backendUtilization.{metricNamesForComputingUtilization,errorUtilizationPenaltyPercent,weightExpirationPeriod}',
    ],
    'a metric of its own decides, errors cost, and reports grow old',
    async () => {
      const metric = 'metricNamesForComputingUtilization: [named_metrics.queue], errorUtilizationPenaltyPercent: 0'
      await world.write(
        ...balanced(`type: BackendUtilization, backendUtilization: {blackoutPeriod: 0s, weightUpdatePeriod: 100ms, ${metric}}`),
      )
      await eventually(async () => {
        const of = (queue: number): string => reports(0.5, `,named_metrics.queue=${queue},eps=100`)
        await report({ a: of(0.9), b: of(0.1), c: of(0.1) })
        expect((await spread(world, 60)).a ?? 0).toBeLessThan(12)
      }, 20_000)
      // With errors that cost, the one that has none gets more than its queue says.
      const penalty = metric.replace(': 0', ': 1000')
      await world.write(
        ...balanced(`type: BackendUtilization, backendUtilization: {blackoutPeriod: 0s, weightUpdatePeriod: 100ms, ${penalty}}`),
      )
      await eventually(async () => {
        await report({
          a: reports(0.5, ',named_metrics.queue=0.9'),
          b: reports(0.5, ',named_metrics.queue=0.1,eps=100'),
          c: reports(0.5, ',named_metrics.queue=0.1,eps=100'),
        })
        expect((await spread(world, 60)).a ?? 0).toBeGreaterThan(30)
      }, 20_000)
      // Nobody asks again within the time: all are equal.
      const old = `${metric}, weightExpirationPeriod: 1s`
      await world.write(
        ...balanced(`type: BackendUtilization, backendUtilization: {blackoutPeriod: 0s, weightUpdatePeriod: 100ms, ${old}}`),
      )
      await report({
        a: reports(0.5, ',named_metrics.queue=0.9'),
        b: reports(0.5, ',named_metrics.queue=0.1'),
        c: reports(0.5, ',named_metrics.queue=0.1'),
      })
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      expect((await spread(world, 60)).a ?? 0).toBeGreaterThan(12)
    },
    120_000,
  )

  policyField(
    ['BackendTrafficPolicy loadBalancer.backendUtilization.keepResponseHeaders'],
    'clients see no reports unless they may',
    async () => {
      const path = `/?header=${encodeURIComponent(reports(0.5))}&header=endpoint-load-metrics-bin:AA`
      await world.write(...balanced('type: BackendUtilization'))
      const hidden = (await world.ask({ path })).headers
      expect(hidden['endpoint-load-metrics'] ?? hidden['endpoint-load-metrics-bin']).toBeUndefined()
      expect(hidden['x-backend']).toBeDefined()
      await world.write(...balanced('type: BackendUtilization, backendUtilization: {keepResponseHeaders: true}'))
      expect((await world.ask({ path })).headers['endpoint-load-metrics']).toContain('cpu_utilization')
      await world.write(...balanced('type: RoundRobin'))
      expect((await world.ask({ path })).headers['endpoint-load-metrics']).toContain('cpu_utilization')
    },
  )

  policyField(
    ['BackendTrafficPolicy loadBalancer.backendUtilization.outOfBand.{reportingPeriod,port,authority}'],
    'endpoints are asked for reports',
    async () => {
      const [busy, idle] = await Promise.all([startOrcaServer('busy', 0.9), startOrcaServer('idle', 0.05)])
      const apart = await startOrcaServer('apart', 0.5)
      const places = several('all', [{ port: busy.port }, { port: idle.port }]).replace(
        'spec: {',
        'spec: {appProtocols: [kubernetes.io/h2c], ',
      )
      const settings = (outOfBand: string): string =>
        onRoute(
          `loadBalancer: {type: BackendUtilization, backendUtilization: {blackoutPeriod: 0s, weightUpdatePeriod: 100ms, outOfBand: {${outOfBand}}}}`,
        )
      const answerer = async (): Promise<string> => String((await world.ask()).headers['x-backend'])
      try {
        await world.write(places, routeTo('all'), settings('reportingPeriod: 1s, authority: load.example.com'))
        expect(said(world)).toEqual(GOOD)
        await eventually(async () => {
          const found = await Promise.all(Array.from({ length: 60 }, answerer))
          expect(found.filter((name) => name === 'busy').length).toBeLessThan(15)
          expect(found).toContain('busy')
        }, 30_000)
        expect(idle.asked[0]).toContain('load.example.com')
        await world.write(places, routeTo('all'), settings(`port: ${apart.port}`))
        await eventually(async () => {
          await answerer()
          expect(apart.asked.length).toBeGreaterThan(0)
        }, 30_000)
      } finally {
        await Promise.all([busy, idle, apart].map((server) => server.close()))
      }
    },
    120_000,
  )
})
