/** Rules of HTTPRoutes and GRPCRoutes that the API server takes. */
import fc from 'fast-check'
import { cors, filtersOf, fullPath, mirror, prefixPath, redirect, requestHeaders, responseHeaders, rewrite } from './arbitrary-filters.js'
import { calls, SHAPES, type Shape } from './arbitrary-matches.js'
import type { Filter, Ref, Rule, WeightedRef } from './objects.js'
import { optional, rarely, some } from './some.js'
import { toBackend, toService } from './surroundings.js'

/** How long rules wait that do not wait for ever. */
export const PATIENCE = '1s'

/** What rules refer to: what is there, what may be referred to from elsewhere, and nothing. `calls`: what speaks HTTP/2. */
const REFS: Readonly<Record<'requests' | 'calls', readonly Ref[]>> = {
  requests: [
    ...['one', 'two', 'three', 'one', 'two', 'missing'].map((name) => toBackend(name)),
    ...[toBackend('one', 'default'), toBackend('far', 'shop'), toService('web'), toService('web'), toService('web', 81)],
    ...[toService('idle'), toService('odd')],
  ],
  calls: [
    ...['two', 'three', 'two', 'three', 'missing'].map((name) => toBackend(name)),
    ...[toBackend('two', 'default'), toBackend('far', 'shop'), toService('calls'), toService('idle')],
  ],
}

function backends(of: 'requests' | 'calls', filters: fc.Arbitrary<readonly Filter[] | undefined>): fc.Arbitrary<readonly WeightedRef[]> {
  const backend = fc
    .record({
      ref: fc.constantFrom<Ref>(...REFS[of]),
      weight: fc.constantFrom(undefined, 1, 1, 3, 0),
      filters: optional(filters, 4),
    })
    .map(({ ref, ...fields }) => some<WeightedRef>({ ...ref, namespace: ref.namespace, port: ref.port, ...fields }))
  return fc.array(backend, { maxLength: 3 })
}

function forwarding({ matches, modifier }: Shape): fc.Arbitrary<Rule> {
  const waiting = fc.constantFrom<Pick<Rule, 'timeouts' | 'retry'>>(
    {},
    { timeouts: { request: PATIENCE } },
    { timeouts: { request: PATIENCE } },
    { timeouts: { backendRequest: PATIENCE } },
    { timeouts: { request: '0s' } },
    { retry: { attempts: 2, codes: [503], backoff: '10ms' } },
    { retry: { attempts: 1, codes: [500, 502], backoff: '10ms' } },
  )
  const copy = mirror('requests')
  return fc
    .record({
      matches,
      filters: filtersOf(requestHeaders, responseHeaders, rewrite(modifier), copy, copy, cors),
      // Of several backends none can have what only a rule can do.
      backendRefs: backends('requests', filtersOf(requestHeaders, responseHeaders, rewrite(modifier), rarely(copy, 6), rarely(cors, 6))),
      waiting,
    })
    .map(({ waiting: waits, ...fields }) => some<Rule>({ ...fields, timeouts: waits.timeouts, retry: waits.retry }))
}

const redirecting = ({ matches, modifier }: Shape): fc.Arbitrary<Rule> =>
  fc
    .record({
      matches,
      filters: filtersOf(requestHeaders, cors).chain((others) => redirect(modifier).map((one) => [...(others ?? []), one])),
    })
    .map((fields) => some<Rule>(fields))

/** Rules of HTTPRoutes. */
export const httpRule: fc.Arbitrary<Rule> = fc.oneof(
  { weight: 3, arbitrary: fc.oneof(...SHAPES.map(forwarding)) },
  { weight: 1, arbitrary: fc.oneof(...SHAPES.map(redirecting)) },
)

/** Rules that share all requests out. */
export const sharingRule: fc.Arbitrary<Rule> = fc
  .record({
    filters: optional(fc.tuple(requestHeaders), 3),
    backendRefs: fc
      .array(
        fc
          .record({
            ref: fc.constantFrom<Ref>(
              ...['one', 'two', 'three', 'one', 'two', 'three', 'missing'].map((name) => toBackend(name)),
              toService('idle'),
            ),
            weight: fc.constantFrom(undefined, 1, 2, 3, 5, 0),
            filters: optional(filtersOf(responseHeaders, rewrite(fc.oneof(prefixPath, fullPath))), 3),
          })
          .map(({ ref, ...fields }) => some<WeightedRef>({ ...ref, namespace: ref.namespace, port: ref.port, ...fields })),
        { minLength: 2, maxLength: 4 },
      )
      .filter((refs) => refs.some(({ weight }) => weight !== 0)),
    // Those who have no session yet are shared out.
    sessionPersistence: fc.constantFrom(undefined, undefined, { type: 'Cookie', cookie: { name: 'session' } } as const),
  })
  .map((fields) => some<Rule>(fields))

/** Rules of GRPCRoutes. */
export const grpcRule: fc.Arbitrary<Rule> = fc
  .record({
    matches: calls,
    filters: filtersOf(requestHeaders, responseHeaders, mirror('calls')),
    backendRefs: backends('calls', filtersOf(requestHeaders, responseHeaders, rarely(mirror('calls'), 6))),
  })
  .map((fields) => some<Rule>(fields))
