/** Routes and grants on the listeners of `surroundings.ts`, and requests. */
import fc from 'fast-check'
import { request } from './arbitrary-requests.js'
import { route } from './arbitrary-routes.js'
import type { Grant, Request, Route } from './objects.js'
import { contest } from './rivals.js'

/** What changes from one world to the next. */
export interface World {
  readonly routes: readonly Route[]
  readonly grants: readonly Grant[]
  readonly requests: readonly Request[]
}

const CONTESTS = 2

const grant: fc.Arbitrary<Grant> = fc.record({
  namespace: fc.constantFrom('shop', 'shop', 'team'),
  from: fc.record({ kind: fc.constantFrom<Route['kind']>('HTTPRoute', 'GRPCRoute'), namespace: fc.constantFrom('default', 'team') }),
  to: fc.constantFrom<Grant['to']>(
    { group: '', kind: 'Service' },
    { group: '', kind: 'Service', name: 'web' },
    { group: '', kind: 'Service', name: 'copies' },
    { group: 'headgate.dev', kind: 'Backend' },
  ),
})

/** @param count how many requests there are */
export function world(count: number): fc.Arbitrary<World> {
  const plain = count - 2 * CONTESTS
  return fc
    .record({
      routes: fc.array(route, { minLength: 1, maxLength: 6 }),
      contests: fc.array(contest, { minLength: CONTESTS, maxLength: CONTESTS }),
      grants: fc.array(grant, { maxLength: 4 }),
      requests: fc.noShrink(fc.array(request, { minLength: plain, maxLength: plain, size: 'max' })),
    })
    .map(({ routes, contests, grants, requests }) => ({
      // Names are in no order with ages.
      routes: [...routes, ...contests.flatMap((each) => each.routes)].map((each, at) => ({ ...each, name: `r${(at * 5) % 17}` })),
      grants,
      // Each of the two packings has half of the requests.
      requests: [...requests, ...contests.flatMap((each) => [each.request, each.request])],
    }))
}
