/** Matches that the API server takes, about the requests of `arbitrary-requests.ts`. */
import fc from 'fast-check'
import { fullPath, prefixPath } from './arbitrary-filters.js'
import type { Match, PathModifier } from './objects.js'
import { optional, some } from './some.js'

const headerMatch = fc.constantFrom<NonNullable<Match['headers']>[number]>(
  { name: 'X-A', value: '1' },
  { name: 'x-a', value: '2' },
  { name: 'x-b', type: 'RegularExpression', value: '[0-9]+' },
  { name: 'x-c', value: 'a b' },
  { name: 'Host', value: 'c.a.test' },
)
const parameterMatch = fc.constantFrom<NonNullable<Match['queryParams']>[number]>(
  { name: 'q', value: '1' },
  { name: 'Q', value: '1' },
  { name: 'r', type: 'RegularExpression', value: 'x.*' },
  { name: 's', value: 'a b' },
)
// Matches that are alike but for what decides between them are rare enough.
const prefix = fc
  .constantFrom('/', '/a', '/a', '/a', '/a/b', '/ab', '/a.b', '/a%20b')
  .map((of) => ({ type: 'PathPrefix', value: of }) as const)
const path = fc.oneof(
  { weight: 4, arbitrary: prefix },
  { weight: 2, arbitrary: fc.constantFrom('/', '/a', '/a/', '/a/b', '/a.b').map((of) => ({ type: 'Exact', value: of }) as const) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/a.*', '/[ab]', '/a/.+', '/.*').map((of) => ({ type: 'RegularExpression', value: of }) as const),
  },
)

function matchOf(of: fc.Arbitrary<Match['path']>): fc.Arbitrary<Match> {
  const list = <T extends { readonly name: string }>(item: fc.Arbitrary<T>) =>
    optional(fc.uniqueArray(item, { selector: ({ name }) => name.toLowerCase(), minLength: 1, maxLength: 2 }), 1)
  return fc
    .record({
      path: of,
      method: optional(fc.constantFrom('GET', 'POST', 'HEAD'), 1),
      headers: list(headerMatch),
      queryParams: list(parameterMatch),
    })
    .map((fields) => some<Match>(fields))
}

/** What says how the path changes: for one match of a prefix, and for all others. */
export interface Shape {
  readonly matches: fc.Arbitrary<readonly Match[] | undefined>
  readonly modifier: fc.Arbitrary<PathModifier>
}

/** All of them. */
export const SHAPES: readonly Shape[] = [
  { matches: fc.tuple(matchOf(prefix)), modifier: fc.oneof(prefixPath, fullPath) },
  { matches: optional(fc.array(matchOf(optional(path, 9)), { maxLength: 3 }), 6), modifier: fullPath },
]

/** Matches of GRPCRoutes. */
export const calls: fc.Arbitrary<readonly Match[] | undefined> = optional(
  fc.array(
    fc
      .record({
        call: optional(
          fc.constantFrom<NonNullable<Match['call']>>(
            { service: 'a', method: 'b' },
            { type: 'Exact', service: 'a' },
            { service: 'x.Y' },
            { method: 'b' },
            { type: 'RegularExpression', service: '[ax].*' },
            { type: 'RegularExpression', method: '[bc]' },
            { type: 'RegularExpression', service: 'a|x[.]Y', method: 'b' },
          ),
          4,
        ),
        headers: optional(fc.uniqueArray(headerMatch, { selector: ({ name }) => name.toLowerCase(), minLength: 1, maxLength: 2 }), 1),
      })
      .map((fields) => some<Match>(fields)),
    { maxLength: 3 },
  ),
  6,
)
