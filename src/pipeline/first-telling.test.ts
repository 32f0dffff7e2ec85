/** What whoever reads, makes and writes is told at the start. */
import { ServerCredentials } from '@grpc/grpc-js'
import { expect, it } from '@jest/globals'
import { change, gatewayObjects } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'
import { CONTROLLER_NAME } from '../gatewayapi/context.js'
import { LOCAL_GROUP, LocalPlacements } from '../infra/host/local-placements.js'
import { allowEveryone } from '../xds/server/authentication.js'
import { type ControlPlaneOptions, createControlPlane } from './control-plane.js'

function started(more: Partial<ControlPlaneOptions>) {
  return createControlPlane({
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new LocalPlacements(0, true),
    authenticator: allowEveryone(LOCAL_GROUP),
    credentials: ServerCredentials.createInsecure(),
    ...more,
  })
}

it('is once that there is nothing, where there is nothing: what was made and written for what is gone can be taken away', async () => {
  const told: string[] = []
  const { pipeline } = started({
    onInfra: (changes) => told.push(`${changes.size} fleets`),
    onStatuses: (changes) => told.push(`${changes.size} statuses`),
  })
  pipeline.complete()
  await pipeline.idle()
  expect(told).toEqual(['0 statuses', '0 fleets'])
  pipeline.touched()
  await pipeline.idle()
  expect(told).toHaveLength(2)
})

it('is that nothing has been published yet, so that what is referred to is waited for', async () => {
  const asked: boolean[] = []
  const { pipeline, snapshots } = started({
    references: {
      kinds: ['Secret'],
      want: async (_wanted, isFirst) => {
        asked.push(isFirst)
        expect(snapshots.isComplete).toBe(!isFirst)
      },
    },
  })
  const objects = gatewayObjects(await (await createAuthority()).issue({ dns: ['*.secure.example.com'] }))
  pipeline.changes(objects.map(change).filter(({ kind }) => kind !== 'Secret'))
  pipeline.complete()
  await pipeline.idle()
  expect(asked).toEqual([true])
  const [gateway] = objects.filter(({ kind }) => kind === 'Gateway')
  if (gateway === undefined) throw new Error('no Gateway')
  const renamed = JSON.parse(JSON.stringify(gateway).replace('"name":"certificate"', '"name":"another"')) as typeof gateway
  pipeline.changes([change({ ...renamed, metadata: { ...renamed.metadata, generation: 2 } })])
  await pipeline.idle()
  expect(asked).toEqual([true, false])
})
