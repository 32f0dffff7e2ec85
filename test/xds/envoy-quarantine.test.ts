/**
 * A rejection that no validation foresaw, from the object to the proxy and back: the whole pipeline, a real Envoy, hundreds of routes in one table.
 * What is spoiled on the way is in `support/spoiling.ts`: whatever comes from a route with a response header `x-version: spoiled-<how>`.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { ObjectStatus } from '../../src/gatewayapi/object-status.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { backend, gateway, httpRoute, ref } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { patience } from '../support/patience.js'
import { brief, type Standalone, startTestStandalone } from '../support/standalone.js'
import { SPOILS, spoil } from './support/spoiling.js'

const ROUTES = process.env.LONG === '1' ? 500 : 150
const TARGET = Math.floor(ROUTES / 2)
const TIMEOUT_MS = 120_000
const REJECTED = 'headgate.dev/Delivered=False/Rejected'
const DELIVERED = 'headgate.dev/Delivered=True/Delivered'

/** With the second one every route stands in a table and in a scope, and proxies reject these one after the other. */
const PACKINGS: Readonly<Record<string, RoutePacking>> = { 'a table': 'rds', 'a table and scopes': { scopedAbove: ROUTES } }

describe.each(Object.entries(PACKINGS))('a rejection that no validation foresaw, of routes in %s', (where, routePacking) => {
  let headgate: Standalone
  let one: TestBackend

  beforeAll(async () => {
    one = await startBackend('one')
    headgate = await startTestStandalone({ routePacking })
    spoil(headgate.running.controlPlane)
    await headgate.write('base', [gateway('gw'), backend(one)].join('---'))
  }, TIMEOUT_MS)

  afterEach(async () => {
    await headgate.write('routes', routes('v0'))
  }, TIMEOUT_MS)

  afterAll(async () => {
    await headgate?.stop()
    await one?.close()
  }, TIMEOUT_MS)

  const routeOf = (name: string, version: string, more = '') =>
    httpRoute(
      name,
      `[{filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-version, value: ${version}}]}}${more}], backendRefs: [{${ref('one')}}]}]`,
      `parentRefs: [{name: gw}]\n  hostnames: [${name}.test]`,
    )
  const routes = (version: string, target: string = version, more = '') =>
    Array.from({ length: ROUTES }, (_, index) =>
      index === TARGET ? routeOf(`r${index}`, target, more) : routeOf(`r${index}`, version),
    ).join('---')
  const answer = async (index: number) => {
    const { status, headers } = await headgate.send('default/gw', 80, { host: `r${index}.test` })
    return `${status} ${headers['x-version'] ?? ''}`.trim()
  }
  const delivered = (index: number) => {
    const status: ObjectStatus = headgate.status(`HTTPRoute/default/r${index}`)
    if (status.shape !== 'route') throw new Error('a route has the status of a route')
    const found = status.parents.flatMap((parent) => parent.conditions).filter(({ type }) => type === 'headgate.dev/Delivered')
    return { brief: brief(found)[0], message: found[0]?.message }
  }
  const tableResponses = () => headgate.running.controlPlane.server.counters.responses.get(TYPE_URL.routeConfiguration) ?? 0
  /** What is rejected stands in a scope, too, which is rejected for itself. */
  const knownRejections = () =>
    headgate.running.controlPlane.server.rejected.list().filter(({ typeUrl }) => typeUrl === TYPE_URL.routeConfiguration).length

  /** Every other route comes to this version. */
  async function expectOthersAt(version: string): Promise<void> {
    for (let index = 0; index < ROUTES; index++) {
      if (index !== TARGET) await eventually(async () => expect(await answer(index)).toBe(`200 ${version}`), 10_000)
    }
    for (const index of [0, TARGET - 1, TARGET + 1, ROUTES - 1]) await eventually(() => expect(delivered(index).brief).toBe(DELIVERED))
  }

  /** Milliseconds from the first rejection until the target is named, and until an untouched route has its new version. */
  async function timeToName(change: () => Promise<void>): Promise<number> {
    let rejectedAt = Number.POSITIVE_INFINITY
    const stop = headgate.running.controlPlane.server.tracker.onDelivery(({ kind }) => {
      if (kind === 'rejection') rejectedAt = Math.min(rejectedAt, performance.now())
    })
    const named = eventually(() => expect(delivered(TARGET).brief).toBe(REJECTED), 30_000).then(() => performance.now())
    await change()
    const namedAt = await named
    stop()
    return namedAt - rejectedAt
  }

  it.each(Object.entries(SPOILS))(
    '%s: the culprit among many is named with the words of Envoy within a second, and goes on as it was',
    async (how, { words }) => {
      await headgate.write('routes', routes('v1'))
      expect(await timeToName(() => headgate.write('routes', routes('v1', `spoiled-${how}`)))).toBeLessThan(patience(1_000))
      expect(delivered(TARGET).message?.replace('Envoy refused it: ', '')).toMatch(words)
      expect(await answer(TARGET)).toBe('200 v1')
      await headgate.write('routes', routes('v2', 'v3'))
      await eventually(async () => expect(await answer(TARGET)).toBe('200 v3'))
      await eventually(() => expect(delivered(TARGET).brief).toBe(DELIVERED))
    },
    TIMEOUT_MS,
  )

  it.each(Object.entries(SPOILS).filter(([, { tells }]) => tells))(
    '%s: all change at once and one is rejected: the others arrive with the next response, and it alone is named',
    async (how, { words }) => {
      await headgate.write('routes', routes('v1'))
      const [responses, rejections] = [tableResponses(), knownRejections()]
      const tookMs = await timeToName(() => headgate.write('routes', routes('v2', `spoiled-${how}`)))
      await expectOthersAt('v2')
      process.stderr.write(`${ROUTES} routes changed, ${how}: named ${Math.round(tookMs)} ms after the rejection\n`)
      // The whole, which is rejected; then the same without the one. A scope may be rejected before the table is sent.
      const took = { responses: tableResponses() - responses, rejections: knownRejections() - rejections }
      if (where === 'a table') expect(took).toEqual({ responses: 2, rejections: 1 })
      else
        expect([
          { responses: 2, rejections: 1 },
          { responses: 1, rejections: 0 },
        ]).toContainEqual(took)
      expect(delivered(TARGET).message?.replace('Envoy refused it: ', '')).toMatch(words)
      expect(await answer(TARGET)).toBe('200 v1')
      expect(headgate.running.controlPlane.translation.inputs.quarantines.size).toBe(1)
    },
    TIMEOUT_MS,
  )

  it.each(Object.entries(SPOILS).filter(([, { tells }]) => !tells))(
    '%s: all change at once and Envoy does not say which one is bad: it is found by halves, and the others arrive',
    async (how, { words }) => {
      await headgate.write('routes', routes('v1'))
      const responses = tableResponses()
      await headgate.write('routes', routes('v2', `spoiled-${how}`))
      await eventually(() => expect(delivered(TARGET).brief).toBe(REJECTED), 30_000)
      await expectOthersAt('v2')
      // Each half costs a response, and another one where it was rejected.
      expect(tableResponses() - responses).toBeLessThanOrEqual(4 + 2 * Math.ceil(Math.log2(ROUTES)))
      expect(delivered(TARGET).message?.replace('Envoy refused it: ', '')).toMatch(words)
      expect(await answer(TARGET)).toBe('200 v1')
      await eventually(() => expect(headgate.running.controlPlane.translation.inputs.quarantines.size).toBe(1))
    },
    TIMEOUT_MS,
  )

  it(
    'a new route that is rejected answers 500, and nothing else notices',
    async () => {
      await headgate.write('routes', routes('v1'))
      await headgate.write('new', routeOf('new', 'spoiled-regex'))
      expect((await headgate.send('default/gw', 80, { host: 'new.test' })).status).toBe(500)
      for (const index of [0, TARGET, ROUTES - 1]) expect(await answer(index)).toBe('200 v1')
      await headgate.remove('new')
    },
    TIMEOUT_MS,
  )

  it.each(Object.keys(SPOILS))(
    '%s: an update that tightens security and is rejected answers 500, never its old open version',
    async (how) => {
      await headgate.write('routes', routes('v1'))
      const closing = `, {type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {${ref('one')}}, http: {path: auth}}}`
      await headgate.write('routes', routes('v2', `spoiled-${how}`, closing))
      await eventually(async () => expect(await answer(TARGET)).toBe('500'))
      await eventually(() => expect(delivered(TARGET).brief).toBe(REJECTED))
      await expectOthersAt('v2')
      expect(await answer(TARGET)).toBe('500')
    },
    TIMEOUT_MS,
  )

  it(
    'what was rejected is sent to no other proxy: the table that a new one gets is accepted at once',
    async () => {
      await headgate.write('routes', routes('v1'))
      await timeToName(() => headgate.write('routes', routes('v1', 'spoiled-regex')))
      const { server, snapshots } = headgate.running.controlPlane
      const before = server.rejected.list().length
      const tables = [...snapshots.resources('local', TYPE_URL.routeConfiguration).values()]
      expect(tables.map((table) => server.rejected.has(table))).toEqual(tables.map(() => false))
      await expectOthersAt('v1')
      expect(server.rejected.list()).toHaveLength(before)
    },
    TIMEOUT_MS,
  )
})
