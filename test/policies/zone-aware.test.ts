/** BackendTrafficPolicy and Services: endpoints in the zone of the Envoy. */
import { describe, expect, it } from '@jest/globals'
import { httpRoute } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { GOOD, onRoute, routeTo, said, several, spread } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'

const world = featureWorld(['near', 'far', 'farther'], undefined, () => ({ zone: 'east' }))
const endpoints = (near = 'east') =>
  several('all', [
    { port: world.backend('near').port, more: `zone: ${near}` },
    { port: world.backend('far').port, more: 'zone: west' },
    { port: world.backend('farther').port, more: 'zone: south' },
  ])

/** Who answers 60 requests. */
async function answers(preferLocal: string, near?: string, type = 'RoundRobin'): Promise<Readonly<Record<string, number>>> {
  await world.write(endpoints(near), routeTo('all'), onRoute(`loadBalancer: {type: ${type}, zoneAware: {preferLocal: {${preferLocal}}}}`))
  expect(said(world)).toEqual(GOOD)
  return spread(world, 60)
}
const ALL = { near: expect.any(Number), far: expect.any(Number), farther: expect.any(Number) }

policyField(
  ['BackendTrafficPolicy loadBalancer.zoneAware.preferLocal.{force.minEndpointsInZoneThreshold,minEndpointsThreshold}'],
  'requests stay in the zone of the Envoy, as long as there are enough endpoints',
  async () => {
    await world.write(endpoints(), routeTo('all'), onRoute('loadBalancer: {type: RoundRobin}'))
    expect(await spread(world, 60)).toEqual(ALL)
    for (const type of ['RoundRobin', 'LeastRequest', 'Random']) {
      expect([type, await answers('force: {}, minEndpointsThreshold: 1', 'east', type)]).toEqual([type, { near: 60 }])
    }
    expect(await answers('force: {minEndpointsInZoneThreshold: 1}, minEndpointsThreshold: 3')).toEqual({ near: 60 })
    // Too few in the zone, none there, and too few in all.
    expect(await answers('force: {minEndpointsInZoneThreshold: 2}, minEndpointsThreshold: 1')).toEqual(ALL)
    expect(await answers('force: {}, minEndpointsThreshold: 1', 'north')).toEqual(ALL)
    expect(await answers('force: {}, minEndpointsThreshold: 4')).toEqual(ALL)
    expect(await answers('force: {}')).toEqual(ALL)
  },
  90_000,
)

policyField(['BackendTrafficPolicy loadBalancer.zoneAware.preferLocal.percentageEnabled'], 'for a share of the requests', async () => {
  expect(await answers('force: {}, minEndpointsThreshold: 1, percentageEnabled: 0')).toEqual(ALL)
  // Of the other half, a third: 40 are expected.
  const some = await answers('force: {}, minEndpointsThreshold: 1, percentageEnabled: 50')
  expect(some).toEqual(ALL)
  expect(some.near).toBeGreaterThan(25)
})

it('beside endpoints that requests name', async () => {
  const both = 'endpointOverride: {extractFrom: [{header: x-endpoint}]}, zoneAware: {preferLocal: {force: {}, minEndpointsThreshold: 1}}'
  await world.write(endpoints(), routeTo('all'), onRoute(`loadBalancer: {type: RoundRobin, ${both}}`))
  expect(await spread(world, 20)).toEqual({ near: 20 })
  expect(await world.answerer({ headers: { 'x-endpoint': `127.0.0.1:${world.backend('far').port}` } })).toBe('far')
}, 30_000)

it.each([
  { what: 'without force', balancer: 'type: RoundRobin, zoneAware: {preferLocal: {}}' },
  {
    what: 'with weights of zones',
    balancer: 'type: RoundRobin, zoneAware: {preferLocal: {force: {}}, weightedZones: [{zone: east, weight: 1}]}',
  },
  { what: 'with a hash', balancer: 'type: ConsistentHash, consistentHash: {type: SourceIP}, zoneAware: {preferLocal: {force: {}}}' },
])('$what it cannot be done', async ({ balancer }) => {
  await world.write(endpoints(), routeTo('all'), onRoute(`loadBalancer: {${balancer}}`))
  expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
  expect(await spread(world, 60)).toEqual(ALL)
})

describe('a Service that says which endpoints clients go to first', () => {
  /** The Service `pods`, with a slice for each backend; slices are one zone each, `near` is in the first. */
  const pods = (trafficDistribution: string, zones: readonly string[] = ['east', 'west', 'south']): string => {
    const slices = ['near', 'far', 'farther'].map(
      (name, at) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: pods-${name}, labels: {kubernetes.io/service-name: pods}}
addressType: IPv4
ports: [{name: web, port: ${world.backend(name).port}}]
endpoints: [{addresses: [127.0.0.1], zone: ${zones[at]}}]
`,
    )
    const spec = `{ports: [{name: web, port: 80}], trafficDistribution: ${trafficDistribution}}`
    return [`\n{apiVersion: v1, kind: Service, metadata: {name: pods}, spec: ${spec}}\n`, ...slices].join('---')
  }
  const answersOf = async (...documents: readonly string[]): Promise<Readonly<Record<string, number>>> => {
    await world.write(...documents, httpRoute('r', '[{backendRefs: [{name: pods, port: 80}]}]'))
    return spread(world, 60)
  }

  it.each(['PreferSameZone', 'PreferClose', 'PreferSameNode'])('%s: to those in its zone, to all where it has none', async (preferred) => {
    expect(await answersOf(pods(preferred))).toEqual({ near: 60 })
    expect(await answersOf(pods(preferred, ['north', 'west', 'south']))).toEqual(ALL)
  })

  it('to all where it says nothing that we know', async () => {
    expect(await answersOf(pods('Somehow'))).toEqual(ALL)
  })

  it('policies that speak of zones, or cannot look at them, go first; others leave it', async () => {
    expect(await answersOf(pods('PreferSameZone'), onRoute('loadBalancer: {type: Random}'))).toEqual({ near: 60 })
    const off = 'loadBalancer: {type: Random, zoneAware: {preferLocal: {force: {}, percentageEnabled: 0}}}'
    expect(await answersOf(pods('PreferSameZone'), onRoute(off))).toEqual(ALL)
    const weighted = 'loadBalancer: {type: RoundRobin, zoneAware: {weightedZones: [{zone: east, weight: 0}]}}'
    const others = await answersOf(pods('PreferSameZone'), onRoute(weighted))
    expect(others).toEqual({ far: expect.any(Number), farther: expect.any(Number) })
    const hashed = 'loadBalancer: {type: ConsistentHash, consistentHash: {type: Header, header: x-user}}'
    await answersOf(pods('PreferSameZone'), onRoute(hashed))
    const users = Array.from({ length: 30 }, (_, user) => world.answerer({ headers: { 'x-user': `${user}` } }))
    expect(new Set(await Promise.all(users))).toEqual(new Set(['near', 'far', 'farther']))
  }, 30_000)
})
