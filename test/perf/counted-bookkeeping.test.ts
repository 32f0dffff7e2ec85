import { expect, it } from '@jest/globals'
import type { Bookkeeping } from '../../src/incremental/index.js'
import { createAuthority } from '../support/certificates.js'
import { countedPlane } from './counted.js'

/** What is kept for a route with a Service and an EndpointSlice of its own, in the middle of many. */
const FEW = 200
const MANY = 700

it('keeps so much for each route besides its values, and no more: what it reads together is read as one thing', async () => {
  const certificate = await (await createAuthority()).issue({ dns: ['*.secure.example.com'] })
  const [few, many] = await Promise.all(
    [FEW, MANY].map(async (routes) => (await countedPlane(routes, 'scoped', certificate)).bookkeeping()),
  )
  if (few === undefined || many === undefined) throw new Error('nothing was counted')
  const each = (part: keyof Bookkeeping): number => (many[part] - few[part]) / (MANY - FEW)
  expect(each('fragments')).toBeLessThanOrEqual(20)
  // One of them is for the status: whether other listeners have all hosts of the route.
  expect(each('reads')).toBeLessThanOrEqual(52)
  // The route and the Service, which no policy is about, and what policies say about the cluster.
  expect(each('withoutValue')).toBeLessThanOrEqual(3)
}, 120_000)
