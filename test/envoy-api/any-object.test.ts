/**
 * The real Envoy accepts what becomes of any objects that the schemas let through: what it refuses is held back, and nobody but Envoy says
 * why. `LONG=1 SEED=N npm test -- test/envoy-api/any-object` tries more of them.
 */
import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findEnvoy } from '../../envoy/find-envoy.js'
import type { JsonObject } from '../../src/schema/json.js'
import { declareXds } from '../../src/xds/translate/declare.js'
import { ANY_KINDS, anyObject } from '../support/any-object.js'
import { anyObjectWorld } from '../support/any-object-world.js'
import { createRouteWorld } from '../support/route-world.js'
import { validate } from './static-bootstrap.js'

/** Each costs a start of Envoy, about 100 ms on a quiet machine. */
const RUNS_OF_KIND = process.env.LONG === '1' ? 250 : 10
const SEED = Number(process.env.SEED ?? 7)

let envoy = ''
let objects: readonly string[] = []
beforeAll(async () => {
  envoy = (await findEnvoy()).path
  objects = await anyObjectWorld()
}, 300_000)

/** What Envoy has against the world with the object; the empty string when it accepts it. */
function verdict(object: JsonObject): Promise<string> {
  const { translation, apply, flush } = createRouteWorld(objects)
  const { resources } = declareXds(translation.graph, translation.gatewayApi)
  apply(JSON.stringify(object))
  flush()
  return validate(
    envoy,
    [...resources.entries()].map(([, resource]) => resource),
  )
}

describe.each(ANY_KINDS)('the real Envoy', (definition) => {
  it(`accepts what becomes of any ${definition.kind}`, async () => {
    let tried = 0
    await fc.assert(
      fc.asyncProperty(anyObject(definition), async (object) => {
        fc.pre(object !== undefined)
        tried++
        expect(await verdict(object)).toBe('')
      }),
      { numRuns: RUNS_OF_KIND, seed: SEED, maxSkipsPerRun: 1_000 },
    )
    expect(tried).toBeGreaterThan(0)
  }, 600_000)
})
