/**
 * Whatever an object was before, and whether it was there at all, nobody can tell by what proxies and statuses are told: any object of any
 * kind, put over another one and taken away, comes to what it comes to in a world that has nothing else. `LONG=1 SEED=N` tries more of them.
 */
import { beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ANY_KINDS, anyObject } from '../../../test/support/any-object.js'
import { anyObjectWorld } from '../../../test/support/any-object-world.js'
import { createRouteWorld } from '../../../test/support/route-world.js'
import type { JsonObject } from '../../schema/json.js'
import { declareXds } from './declare.js'

const RUNS_OF_KIND = process.env.LONG === '1' ? 200 : 4
const SEED = Number(process.env.SEED ?? 7)

let objects: readonly string[] = []
beforeAll(async () => {
  objects = await anyObjectWorld()
})

/** What is told in a world to which the objects were applied one after the other, and from which one was removed then. */
function toldAfter(applied: readonly JsonObject[], removed?: JsonObject): unknown {
  const world = createRouteWorld(objects)
  const { gatewayApi, graph } = world.translation
  const { resources } = declareXds(graph, gatewayApi)
  for (const object of applied) {
    world.apply(JSON.stringify(object))
    world.flush()
  }
  if (removed !== undefined) world.remove(String(removed.kind), 'infra', String((removed.metadata as JsonObject).name))
  world.flush()
  return {
    versions: Object.fromEntries([...resources.entries()].map(([key, { version }]) => [key, version])),
    statuses: Object.fromEntries([...gatewayApi.statuses.entries()].map(([key, status]) => [key, withoutGenerations(status)])),
  }
}

/** The second version of an object differs from the first by its number. */
function withoutGenerations(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, part: unknown) => (/generation$/i.test(key) ? undefined : part)))
}

describe.each(ANY_KINDS)('what is told of any $kind', (definition) => {
  it('does not depend on what was there before', () => {
    const some = anyObject(definition).filter((object) => object !== undefined)
    fc.assert(
      fc.property(some, some, (before, object) => {
        expect(toldAfter([before, object])).toEqual(toldAfter([object]))
      }),
      { numRuns: RUNS_OF_KIND, seed: SEED },
    )
  }, 600_000)

  it('is gone with it', () => {
    fc.assert(
      fc.property(anyObject(definition), (object) => {
        fc.pre(object !== undefined)
        expect(toldAfter([object], object)).toEqual(toldAfter([], object))
      }),
      { numRuns: RUNS_OF_KIND, seed: SEED },
    )
  }, 600_000)
})
