/**
 * A rejection that no validation foresaw, from the object to the proxy and back: the whole pipeline, a real Envoy, hundreds of routes in one table.
 *
 * The translation makes nothing that Envoy rejects, so the test spoils what leaves it, whatever comes from a route that asks for it:
 * a response header `x-version: spoiled-<how>`.
 */

import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { ObjectStatus } from '../../src/gatewayapi/object-status.js'
import type { envoy } from '../../src/gen/envoy/types.js'
import type { ControlPlane } from '../../src/pipeline/control-plane.js'
import { decode, encode } from '../../src/xds/message.js'
import { type EncodedResource, TYPE_URL } from '../../src/xds/resource.js'
import { backend, gateway, httpRoute, ref } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { patience } from '../support/patience.js'
import { brief, type Standalone, startTestStandalone } from '../support/standalone.js'

const ROUTES = process.env.LONG === '1' ? 500 : 150
const TARGET = Math.floor(ROUTES / 2)
const TIMEOUT_MS = 120_000
type RouteTable = envoy.config.route.v3.RouteConfiguration
type VirtualHost = envoy.config.route.v3.VirtualHost

/** How a virtual host is spoiled, and what Envoy says to that. */
const SPOILS: Readonly<Record<string, { readonly words: RegExp; spoil(host: VirtualHost): VirtualHost }>> = {
  regex: {
    words: /missing \)/,
    spoil: (host) => ({
      ...host,
      routes: [{ match: { safeRegex: { regex: '(' } }, directResponse: { status: 200 } }, ...(host.routes ?? [])],
    }),
  },
  domain: { words: /domain/, spoil: (host) => ({ ...host, domains: [...(host.domains ?? []), 'r0.test'] }) },
  filter: {
    words: /unknown/,
    spoil: (host) => ({
      ...host,
      typedPerFilterConfig: { unknown: { type_url: 'type.googleapis.com/no.such.Message', value: Buffer.alloc(0) } },
    }),
  },
}

function spoiled(resource: EncodedResource): EncodedResource {
  if (resource.typeUrl !== TYPE_URL.routeConfiguration || !resource.value.includes('spoiled-')) return resource
  const table: RouteTable = decode('envoy.config.route.v3.RouteConfiguration', resource.value)
  const virtualHosts = (table.virtualHosts ?? []).map((host) => {
    const how = /spoiled-(\w+)/.exec(encode('envoy.config.route.v3.VirtualHost', host).toString('latin1'))?.[1]
    return SPOILS[how ?? '']?.spoil(host) ?? host
  })
  const value = encode('envoy.config.route.v3.RouteConfiguration', { ...table, virtualHosts })
  return { ...resource, value, version: createHash('sha256').update(value).digest('base64url').slice(0, 22) }
}

/** Spoils what leaves the translation. */
function spoil({ translation }: ControlPlane): void {
  const { resources } = translation.xds
  const takeChanges = resources.takeChanges.bind(resources)
  resources.takeChanges = () =>
    new Map([...takeChanges()].map(([key, resource]) => [key, resource === undefined ? undefined : spoiled(resource)]))
}

describe('a rejection that no validation foresaw', () => {
  let headgate: Standalone
  let one: TestBackend

  beforeAll(async () => {
    one = await startBackend('one')
    headgate = await startTestStandalone()
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

  const routeOf = (index: number, version: string) =>
    httpRoute(
      `r${index}`,
      `[{filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-version, value: ${version}}]}}], backendRefs: [{${ref('one')}}]}]`,
      `parentRefs: [{name: gw}]\n  hostnames: [r${index}.test]`,
    )
  const routes = (version: string, target: string = version) =>
    Array.from({ length: ROUTES }, (_, index) => routeOf(index, index === TARGET ? target : version)).join('---')
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

  /** Every other route comes to this version. */
  async function expectOthersAt(version: string): Promise<void> {
    for (let index = 0; index < ROUTES; index++) {
      if (index !== TARGET) await eventually(async () => expect(await answer(index)).toBe(`200 ${version}`), 10_000)
    }
    for (const index of [0, TARGET - 1, TARGET + 1, ROUTES - 1]) {
      await eventually(() => expect(delivered(index).brief).toBe('headgate.dev/Delivered=True/Delivered'))
    }
  }

  /** Milliseconds from the first rejection until the target is named. */
  async function timeToName(change: () => Promise<void>): Promise<number> {
    let rejectedAt = Number.POSITIVE_INFINITY
    const stop = headgate.running.controlPlane.server.tracker.onDelivery(({ kind }) => {
      if (kind === 'rejection') rejectedAt = Math.min(rejectedAt, performance.now())
    })
    const named = eventually(() => expect(delivered(TARGET).brief).toBe('headgate.dev/Delivered=False/Rejected'), 30_000).then(() =>
      performance.now(),
    )
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
      expect(delivered(TARGET).message).toMatch(words)
      expect(await answer(TARGET)).toBe('200 v1')
      await headgate.write('routes', routes('v2', `spoiled-${how}`))
      await expectOthersAt('v2')
      expect(await answer(TARGET)).toBe('200 v1')
      await headgate.write('routes', routes('v2', 'v3'))
      await eventually(async () => expect(await answer(TARGET)).toBe('200 v3'))
      await eventually(() => expect(delivered(TARGET).brief).toBe('headgate.dev/Delivered=True/Delivered'))
    },
    TIMEOUT_MS,
  )

  it(
    'all change at once and one of them is rejected: the others arrive, and it alone is named',
    async () => {
      await headgate.write('routes', routes('v1'))
      await headgate.write('routes', routes('v2', 'spoiled-regex'))
      await expectOthersAt('v2')
      await eventually(() =>
        expect(delivered(TARGET)).toMatchObject({
          brief: 'headgate.dev/Delivered=False/Rejected',
          message: expect.stringMatching(/missing \)/),
        }),
      )
      expect(await answer(TARGET)).toBe('200 v1')
    },
    TIMEOUT_MS,
  )

  it(
    'a new route that is rejected answers 500, and nothing else notices',
    async () => {
      await headgate.write('routes', routes('v1'))
      await headgate.write(
        'new',
        httpRoute(
          'new',
          `[{filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-version, value: spoiled-regex}]}}], backendRefs: [{${ref('one')}}]}]`,
          'parentRefs: [{name: gw}]\n  hostnames: [new.test]',
        ),
      )
      expect((await headgate.send('default/gw', 80, { host: 'new.test' })).status).toBe(500)
      for (const index of [0, TARGET, ROUTES - 1]) expect(await answer(index)).toBe('200 v1')
      await headgate.remove('new')
    },
    TIMEOUT_MS,
  )

  it(
    'an update that tightens security and is rejected answers 500, never its old open version',
    async () => {
      await headgate.write('routes', routes('v1'))
      const filters = `[{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-version, value: spoiled-regex}]}}, {type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {${ref('one')}}, http: {path: auth}}}]`
      const closed = httpRoute(
        `r${TARGET}`,
        `[{filters: ${filters}, backendRefs: [{${ref('one')}}]}]`,
        `parentRefs: [{name: gw}]\n  hostnames: [r${TARGET}.test]`,
      )
      await headgate.write(
        'routes',
        [...Array.from({ length: ROUTES }, (_, index) => (index === TARGET ? closed : routeOf(index, 'v1')))].join('---'),
      )
      await eventually(async () => expect(await answer(TARGET)).toBe('500'))
      await eventually(() => expect(delivered(TARGET).brief).toBe('headgate.dev/Delivered=False/Rejected'))
      await expectOthersAt('v1')
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
