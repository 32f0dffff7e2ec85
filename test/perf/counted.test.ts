import { beforeAll, describe, expect, it } from '@jest/globals'
import type { KubeObject } from '../../src/provider/provider.js'
import { DEFAULT_ROUTE_PACKING, type RoutePacking } from '../../src/xds/translate/packing.js'
import { createAuthority, type PemPair } from '../support/certificates.js'
import { type Counted, countedPlane } from './counted.js'
import { certificateObject, endpointsObject, policyObject, routeObject, serviceObject } from './objects.js'

const FEW = 500
const MANY = 5_000
/** Names of routes and Services are this much longer among many, a few times each. */
const LONGER_NAMES = 40

let certificates: readonly PemPair[]
beforeAll(async () => {
  const authority = await createAuthority()
  // The second one is good for longer: the status of the listener says so.
  const ends = [30, 60].map((days) => new Date(Date.now() + days * 86_400_000))
  certificates = await Promise.all(ends.map((validTo) => authority.issue({ dns: ['*.secure.example.com'], validTo })))
}, 60_000)

/** Each kind of change once, among this many routes. */
async function costs(routes: number, packing: RoutePacking): Promise<Readonly<Record<string, Counted>>> {
  const [first, second] = certificates
  if (first === undefined || second === undefined) throw new Error('no certificates')
  const plane = await countedPlane(routes, packing, first)
  const steps: readonly (readonly [string, KubeObject, 'gone'?])[] = [
    ['edited route', routeObject(routes - 7, 2)],
    ['route that means the same', routeObject(routes - 7, 2)],
    ['endpoint that moved', endpointsObject(routes - 7, 2)],
    ['renewed certificate', certificateObject(second, 2)],
    ['first policy in its namespace', policyObject(routes - 7)],
    ['new Service', serviceObject(routes)],
    ['new route', routeObject(routes)],
    ['route that goes', routeObject(routes), 'gone'],
  ]
  const counted: Record<string, Counted> = {}
  for (const [what, object, gone] of steps) counted[what] = await plane.change(object, gone)
  return counted
}

const NOTHING: Counted = { fragments: 0, encodes: 0, resources: 0, bytes: 0, statuses: 0 }

describe('the cost of a change', () => {
  it(`is the same among ${FEW} and among ${MANY} routes, and is this`, async () => {
    const few = await costs(FEW, 'scoped')
    const many = await costs(MANY, DEFAULT_ROUTE_PACKING)
    // Collections may be added: what matters is that none runs for every route.
    const limits: Readonly<Record<string, Counted>> = {
      'edited route': { fragments: 12, encodes: 2, resources: 1, bytes: 4_000, statuses: 1 },
      'route that means the same': NOTHING,
      'endpoint that moved': { fragments: 6, encodes: 1, resources: 1, bytes: 60, statuses: 0 },
      'renewed certificate': { fragments: 15, encodes: 1, resources: 1, bytes: 1_000, statuses: 1 },
      'first policy in its namespace': { fragments: 35, encodes: 4, resources: 5, bytes: 4_500, statuses: 1 },
      'new Service': NOTHING,
      'new route': { fragments: 28, encodes: 4, resources: 3, bytes: 4_500, statuses: 2 },
      'route that goes': { fragments: 5, encodes: 0, resources: 3, bytes: 0, statuses: 2 },
    }
    for (const [what, limit] of Object.entries(limits)) {
      const [a, b] = [few[what], many[what]]
      if (a === undefined || b === undefined) throw new Error(`nothing was counted for a ${what}`)
      for (const part of ['fragments', 'encodes', 'resources', 'bytes', 'statuses'] as const) {
        expect([what, part, b[part] <= limit[part]]).toEqual([what, part, true])
        const tolerance = part === 'bytes' ? LONGER_NAMES : part === 'fragments' ? 1 : 0
        expect([what, part, Math.abs(b[part] - a[part]) <= tolerance]).toEqual([what, part, true])
      }
    }
  }, 300_000)
})
