/** What the first translation computes. */
import { ServerCredentials } from '@grpc/grpc-js'
import { expect, it } from '@jest/globals'
import { change, endpointsObject, gatewayObjects, routeObject, serviceObject } from '../../test/perf/objects.js'
import { createAuthority } from '../../test/support/certificates.js'
import { resourceVersions } from '../../test/support/resource-versions.js'
import { CONTROLLER_NAME } from '../gatewayapi/context.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { LOCAL_GROUP, LocalPlacements } from '../infra/host/local-placements.js'
import type { Change } from '../provider/provider.js'
import { allowEveryone } from '../xds/server/authentication.js'
import { createControlPlane } from './control-plane.js'

const ROUTES = 300

/** A control plane without anything, with what it computed, told and published. */
function coldStart(routesAtOnce?: number) {
  const computed = new Map<string, number>()
  const statuses = new Map<string, ObjectStatus | undefined>()
  /** How many resources came at once. */
  const published: number[] = []
  const tellings: number[] = []
  const { pipeline, snapshots } = createControlPlane({
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new LocalPlacements(0, true),
    authenticator: allowEveryone(LOCAL_GROUP),
    credentials: ServerCredentials.createInsecure(),
    ...(routesAtOnce === undefined ? {} : { routesAtOnce }),
    onStatuses: (changes) => {
      tellings.push(changes.size)
      for (const [key, status] of changes) statuses.set(key, status)
    },
    onRound: (report) => {
      for (const [name, count] of report.computed) computed.set(name, (computed.get(name) ?? 0) + count)
    },
  })
  snapshots.onApplied((_group, changes) => published.push(changes.length))
  return { pipeline, snapshots, computed, statuses, published, tellings }
}

async function objects(count: number = ROUTES): Promise<readonly Change[]> {
  const pair = await (await createAuthority()).issue({ dns: ['*.secure.example.com'] })
  const routes = Array.from({ length: count }, (_, at) => [routeObject(at), serviceObject(at), endpointsObject(at)])
  return [...gatewayObjects(pair), ...routes.flat()].map(change)
}

function content({ snapshots }: ReturnType<typeof coldStart>): readonly string[] {
  return resourceVersions(snapshots, LOCAL_GROUP)
}

it('makes each status once, when it is known how far things have come', async () => {
  const { pipeline, computed, statuses, tellings } = coldStart()
  pipeline.changes(await objects())
  pipeline.complete()
  await pipeline.idle()
  expect(tellings).toHaveLength(1)
  expect(computed.get('route statuses')).toBe(ROUTES)
  expect(computed.get('gateway verdicts')).toBe(1)
  // One for each route, for the Gateway and for its class.
  expect(computed.get('statuses')).toBe(ROUTES + 2)
  expect(statuses.size).toBe(ROUTES + 2)
}, 30_000)

it('tells of many statuses turn by turn, and as they are then', async () => {
  const { pipeline, statuses, tellings } = coldStart()
  pipeline.changes(await objects(1_200))
  pipeline.complete()
  const first = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (tellings.length === 0) return
      clearInterval(timer)
      resolve()
    }, 0)
  })
  await first
  // Gone, and perhaps told of already: then it is told of again.
  pipeline.changes([{ ...change(routeObject(1_199)), object: undefined }])
  await pipeline.idle()
  expect(Math.max(...tellings)).toBeLessThanOrEqual(500)
  expect(tellings.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(1_202)
  expect([...statuses].filter(([, status]) => status !== undefined)).toHaveLength(1_201)
}, 60_000)

it('publishes what it began with in portions of routes, each resource once, and ends with what it makes of all of them at once', async () => {
  const all = await objects()
  const [whole, portions] = [coldStart(ROUTES), coldStart(60)]
  for (const { pipeline } of [whole, portions]) {
    pipeline.changes(all)
    pipeline.complete()
    await pipeline.idle()
  }
  expect(content(portions)).toEqual(content(whole))
  expect(portions.statuses).toEqual(whole.statuses)
  expect(whole.published).toHaveLength(1)
  expect(portions.published).toHaveLength(ROUTES / 60)
  expect(portions.snapshots.isComplete).toBe(true)
  // A virtual host, a cluster and endpoints for each route, and what there is once.
  expect(Math.max(...portions.published)).toBeLessThan(3 * 60 + 20)
  // What portions cost: fragments that are there once run once for each of them, and nothing else runs twice.
  const total = ({ computed }: ReturnType<typeof coldStart>): number => [...computed.values()].reduce((sum, count) => sum + count, 0)
  expect(total(portions) - total(whole)).toBeLessThan(150)
}, 60_000)

it('translates the newest version of routes that change while they wait for their turn', async () => {
  const started = coldStart(60)
  const { pipeline, snapshots, statuses } = started
  const all = await objects()
  pipeline.changes(all)
  pipeline.complete()
  await new Promise<void>((resolve) => {
    const stop = snapshots.onApplied(() => {
      stop()
      resolve()
    })
  })
  const last = change(routeObject(ROUTES - 1))
  pipeline.changes([change(routeObject(0, 7)), change(routeObject(ROUTES - 2, 7)), { ...last, object: undefined }])
  await pipeline.idle()
  expect(snapshots.isComplete).toBe(true)
  expect(statuses.size).toBe(ROUTES + 1)
  const afresh = coldStart(ROUTES)
  afresh.pipeline.changes([...all, change(routeObject(0, 7)), change(routeObject(ROUTES - 2, 7)), { ...last, object: undefined }])
  afresh.pipeline.complete()
  await afresh.pipeline.idle()
  expect(content(started)).toEqual(content(afresh))
}, 60_000)
