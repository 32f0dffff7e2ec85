/** What Envoys refuse because they cannot bind an address on their machine is not refused for good. */
import { ServerCredentials } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { change, gatewayObjects } from '../../../test/perf/objects.js'
import { createAuthority } from '../../../test/support/certificates.js'
import { eventually } from '../../../test/support/eventually.js'
import { FakeClock } from '../../../test/support/fake-clock.js'
import { CONTROLLER_NAME } from '../../gatewayapi/context.js'
import { PodPlacements } from '../../infra/kubernetes/pod-placements.js'
import { RejectedVersions } from '../../xds/rejected-versions.js'
import { TYPE_URL } from '../../xds/resource.js'
import { allowEveryone } from '../../xds/server/authentication.js'
import { createControlPlane } from '../control-plane.js'
import { retryBinds } from './bind-retries.js'

const GROUP = 'bench/gw'
const BY = { group: GROUP, image: 'envoy' }

describe('an address that cannot be bound', () => {
  let clock: FakeClock
  let stop: AbortController
  let running: Promise<void>
  let rejected: RejectedVersions
  let plane: ReturnType<typeof createControlPlane>

  const listeners = () => [...plane.snapshots.resources(GROUP, TYPE_URL.listener).values()]
  const held = (): readonly string[] => [...plane.translation.inputs.quarantines.entries()].map(([object]) => object)
  /** An Envoy refuses the first listener that it was not known to refuse. */
  const refuse = async (why: string): Promise<void> => {
    const [listener] = listeners().filter((each) => !rejected.has(each, BY))
    if (listener === undefined) throw new Error('nothing to refuse')
    const message = `Error adding/updating listener(s) ${listener.name}: ${why}`
    const suspects = listener.origins.filter(({ kind }) => kind === 'Gateway')
    const entry = { ...listener, message, suspects, at: clock.wallTime().toISOString(), by: BY }
    if (rejected.add(entry)) plane.pipeline.rejected(entry, GROUP)
    await plane.pipeline.idle()
  }
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 10_000) {
      await clock.advance(10_000)
      await plane.pipeline.idle()
    }
  }

  beforeEach(async () => {
    clock = new FakeClock()
    stop = new AbortController()
    rejected = new RejectedVersions()
    plane = createControlPlane({
      rejected,
      imageOf: () => BY.image,
      context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
      placements: new PodPlacements(),
      authenticator: allowEveryone(GROUP),
      credentials: ServerCredentials.createInsecure(),
    })
    plane.pipeline.changes(gatewayObjects(await (await createAuthority()).issue({ dns: ['a.secure.example.com'] })).map(change))
    plane.pipeline.complete()
    await plane.pipeline.idle()
    running = retryBinds({ clock, rejected, pipeline: plane.pipeline }, stop.signal)
  })

  afterEach(async () => {
    stop.abort()
    await running
  })

  it('is tried again after a minute, by all who get it, as often as it is needed', async () => {
    const before = listeners().map(({ version }) => version)
    for (const why of ['Address already in use', 'Permission denied', 'Address already in use']) {
      await refuse(`cannot bind '0.0.0.0:10080': ${why}`)
      expect(held()).toEqual(['Gateway/bench/gw'])
      await pass(50_000)
      expect(held()).toEqual(['Gateway/bench/gw'])
      await pass(20_000)
      await eventually(() => expect(held()).toEqual([]))
      expect(listeners().map(({ version }) => version)).toEqual(before)
      expect(listeners().filter((each) => rejected.has(each, BY))).toEqual([])
    }
  })

  it('is said of a Gateway that others serve, as long as it lasts', async () => {
    const state = () => plane.translation.inputs.deliveries.get('Gateway/bench/gw')?.state
    plane.pipeline.progress(GROUP, { acknowledgedRevision: plane.snapshots.revision(GROUP), connectedProxies: 1 })
    await plane.pipeline.idle()
    expect(state()).toBe('delivered')
    // One more Envoy, on another node.
    for (let round = 0; round < 2; round++) {
      await refuse("cannot bind '0.0.0.0:10080': Address already in use")
      expect([held(), state()]).toEqual([[], 'rejected'])
      await pass(60_000)
      expect(rejected.list()).toEqual([])
      expect(state()).toBe('rejected')
    }
    await pass(20_000)
    expect(state()).toBe('delivered')
  })

  it('is another matter than what is wrong for good', async () => {
    await refuse('no filter chains specified')
    await pass(300_000)
    expect(held()).toEqual(['Gateway/bench/gw'])
    expect(rejected.list()).toHaveLength(1)
  })
})
