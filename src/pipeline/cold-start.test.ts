/** What the first translation computes. */
import { ServerCredentials } from '@grpc/grpc-js'
import { expect, it } from '@jest/globals'
import { change, endpointsObject, gatewayObjects, routeObject, serviceObject } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'
import { CONTROLLER_NAME } from '../gatewayapi/context.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { LOCAL_GROUP, LocalPlacements } from '../infra/host/local-placements.js'
import { allowEveryone } from '../xds/server/authentication.js'
import { createControlPlane } from './control-plane.js'

const ROUTES = 300

it('makes each status once, when it is known how far things have come', async () => {
  const computed = new Map<string, number>()
  const statuses = new Map<string, ObjectStatus | undefined>()
  let tellings = 0
  const { pipeline } = createControlPlane({
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new LocalPlacements(0, true),
    authenticator: allowEveryone(LOCAL_GROUP),
    credentials: ServerCredentials.createInsecure(),
    onStatuses: (changes) => {
      tellings++
      for (const [key, status] of changes) statuses.set(key, status)
    },
    onRound: (report) => {
      for (const [name, count] of report.computed) computed.set(name, (computed.get(name) ?? 0) + count)
    },
  })
  const pair = await (await createAuthority()).issue({ dns: ['*.secure.example.com'] })
  const routes = Array.from({ length: ROUTES }, (_, at) => [routeObject(at), serviceObject(at), endpointsObject(at)])
  pipeline.changes([...gatewayObjects(pair), ...routes.flat()].map(change))
  pipeline.complete()
  await pipeline.idle()
  expect(tellings).toBe(1)
  expect(computed.get('route statuses')).toBe(ROUTES)
  expect(computed.get('gateway verdicts')).toBe(1)
  // One for each route, for the Gateway and for its class.
  expect(computed.get('statuses')).toBe(ROUTES + 2)
  expect(statuses.size).toBe(ROUTES + 2)
}, 30_000)
