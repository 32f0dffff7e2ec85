import { expect, it } from '@jest/globals'
import { DEFAULT_ROUTE_PACKING } from '../../src/xds/translate/packing.js'
import { createAuthority } from '../support/certificates.js'
import { type Counted, type CountedPlane, planeOf } from './counted.js'
import { endpointsObject, gatewayObjects, listenerSetObject, serviceObject, setRouteObject } from './objects.js'

const FEW = 60
const MANY = 600

/** Fragments that run for every listener of the port, look something up in what its port says, and end there. */
const LOOKS: readonly string[] = ['placed chains', 'listener overlaps']

/** What one more set among so many costs, and what all of them take. */
interface Cost {
  readonly counted: Counted
  readonly fragments: number
  readonly bytes: Readonly<Record<string, number>>
}

async function costOfOneMore(sets: number, pair: Parameters<typeof gatewayObjects>[0]): Promise<Cost> {
  const all = Array.from({ length: sets }, (_, i) => [listenerSetObject(i), setRouteObject(i)]).flat()
  const plane: CountedPlane = await planeOf([...gatewayObjects(pair), serviceObject(0), endpointsObject(0), ...all], DEFAULT_ROUTE_PACKING)
  const bytes = plane.bytes()
  const counted = await plane.change(listenerSetObject(sets))
  const looks = LOOKS.reduce((sum, name) => sum + (plane.computed().get(name) ?? 0), 0)
  return { counted, fragments: counted.fragments - looks, bytes }
}

it(`a ListenerSet with HTTPS costs the same among ${FEW} and among ${MANY}, but for the bytes of the listener that they share`, async () => {
  const pair = await (await createAuthority()).issue({ dns: ['*.sets.example.com', '*.secure.example.com'] })
  const few = await costOfOneMore(FEW, pair)
  const many = await costOfOneMore(MANY, pair)
  // One chain, the listener that it belongs to, its route table and the hosts in it: its own, and two of its certificate.
  for (const { counted, fragments } of [few, many]) {
    expect(counted).toMatchObject({ resources: 2, statuses: 2 })
    expect(counted.encodes).toBeLessThanOrEqual(7)
    expect(fragments).toBeLessThanOrEqual(45)
  }
  expect(many.fragments).toBe(few.fragments)
  // Nothing is there for each pair of sets.
  for (const [type, bytes] of Object.entries(many.bytes)) {
    expect([type, bytes <= (few.bytes[type] ?? 0) * ((MANY / FEW) * 1.1)]).toEqual([type, true])
  }
}, 300_000)
