import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { GRPCRouteMatch, HTTPRouteMatch } from '../../gen/kinds.js'
import { covers, toHostname } from '../hostnames.js'
import { compareMatches, type OrderedMatch } from './match-order.js'
import { grpcMatch, httpMatch } from './request-matches.js'

const DEFAULTS = { hostname: undefined, creationTimestamp: '2026-01-01T00:00:00Z', routeName: 'ns/r', rule: 0, match: 0 }

const http = (match: Partial<HTTPRouteMatch>, more: Partial<OrderedMatch> = {}): OrderedMatch => ({
  ...DEFAULTS,
  specificity: httpMatch({ path: { type: 'PathPrefix', value: '/' }, ...match }).specificity,
  ...more,
})
const grpc = (match: GRPCRouteMatch): OrderedMatch => ({ ...DEFAULTS, specificity: grpcMatch(match).specificity })
const exact = (value: string): Partial<HTTPRouteMatch> => ({ path: { type: 'Exact', value } })
const prefix = (value: string): Partial<HTTPRouteMatch> => ({ path: { type: 'PathPrefix', value } })
const headers = (...names: string[]): Partial<HTTPRouteMatch> => ({ headers: names.map((name) => ({ type: 'Exact', name, value: 'v' })) })
const query = (...names: string[]): Partial<HTTPRouteMatch> => ({ queryParams: names.map((name) => ({ type: 'Exact', name, value: 'v' })) })

describe('compareMatches', () => {
  it.each([
    {
      rule: 'a more specific hostname before an exact path',
      first: http({}, { hostname: toHostname('a.com') }),
      second: http(exact('/a/b')),
    },
    {
      rule: 'an exact hostname before a wildcard',
      first: http({}, { hostname: toHostname('a.com') }),
      second: http({}, { hostname: toHostname('*.x.a.com') }),
    },
    { rule: 'an exact path before a longer prefix', first: http(exact('/a')), second: http(prefix('/a/b/c')) },
    {
      rule: 'a regular expression before a prefix',
      first: http({ path: { type: 'RegularExpression', value: '/.' } }),
      second: http(prefix('/a/b')),
    },
    { rule: 'the longer prefix', first: http(prefix('/a/b')), second: http(prefix('/a')) },
    { rule: 'a path before a method', first: http(prefix('/a')), second: http({ method: 'GET' }) },
    { rule: 'a method before headers', first: http({ method: 'GET' }), second: http(headers('a', 'b')) },
    { rule: 'more headers', first: http(headers('a', 'b')), second: http(headers('a')) },
    { rule: 'headers before query parameters', first: http(headers('a')), second: http(query('a', 'b')) },
    { rule: 'more query parameters', first: http(query('a', 'b')), second: http(query('a')) },
    { rule: 'the older route', first: http({}, { creationTimestamp: '2025-01-01T00:00:00Z', routeName: 'ns/z' }), second: http({}) },
    { rule: 'the first by namespace and name', first: http({}, { routeName: 'ns/a' }), second: http({}) },
    { rule: 'the first rule', first: http({}), second: http({}, { rule: 1 }) },
    { rule: 'the first match', first: http({}), second: http({}, { match: 1 }) },
    { rule: 'repeated header names count once', first: http(headers('b', 'c')), second: http(headers('a', 'A', 'a')) },
    {
      rule: 'gRPC: the longer service',
      first: grpc({ method: { type: 'Exact', service: 'a.bc' } }),
      second: grpc({ method: { type: 'Exact', service: 'a.b' } }),
    },
    {
      rule: 'gRPC: a service before a method, however long',
      first: grpc({ method: { type: 'Exact', service: 'a' } }),
      second: grpc({ method: { type: 'Exact', method: 'VeryLongMethod' } }),
    },
    {
      rule: 'gRPC: service and method before the service alone',
      first: grpc({ method: { type: 'Exact', service: 'a', method: 'm' } }),
      second: grpc({ method: { type: 'Exact', service: 'a' } }),
    },
    { rule: 'gRPC: a method before none', first: grpc({ method: { type: 'Exact', method: 'm' } }), second: grpc({}) },
    {
      rule: 'gRPC: more headers',
      first: grpc({ headers: [{ type: 'Exact', name: 'a', value: 'v' }] }),
      second: grpc({}),
    },
    {
      rule: 'gRPC: the longer expression of a service, whatever the methods',
      first: grpc({ method: { type: 'RegularExpression', service: 'shop.*' } }),
      second: grpc({ method: { type: 'RegularExpression', service: '.*', method: 'Add|Remove|List' } }),
    },
    { rule: 'gRPC: every call before HTTP: everything', first: grpc({}), second: http({}, { creationTimestamp: '2025-01-01T00:00:00Z' }) },
    {
      rule: 'gRPC: a service before HTTP: the same prefix',
      first: grpc({ method: { type: 'Exact', service: 'a.B' } }),
      second: http({ ...prefix('/a.B'), ...headers('a') }),
    },
    {
      rule: 'gRPC: a method before HTTP: the same path',
      first: grpc({ method: { type: 'Exact', service: 'a.B', method: 'M' } }),
      second: http({ ...exact('/a.B/M'), ...query('a') }),
    },
    { rule: 'HTTP: a path before gRPC: every call', first: http(prefix('/a.B')), second: grpc({}) },
  ])('prefers $rule', ({ first, second }) => {
    expect(Math.sign(compareMatches(first, second))).toBe(-1)
    expect(Math.sign(compareMatches(second, first))).toBe(1)
  })

  const hostname = fc
    .constantFrom(undefined, 'a.b.com', '*.b.com', '*.com')
    .map((name) => (name === undefined ? undefined : toHostname(name)))
  const match = fc.record({
    path: fc.record({ type: fc.constantFrom('Exact' as const, 'PathPrefix' as const), value: fc.constantFrom('/', '/a', '/a/b') }),
    headers: fc.subarray(['h1', 'h2']).map((names) => names.map((name) => ({ type: 'Exact' as const, name, value: 'v' }))),
    queryParams: fc.subarray(['q1', 'q2']).map((names) => names.map((name) => ({ type: 'Exact' as const, name, value: 'v' }))),
    method: fc.constantFrom('GET' as const, undefined),
  })
  const ordered = fc
    .record({
      hostname,
      match,
      creationTimestamp: fc.constantFrom('2025', '2026'),
      routeName: fc.constantFrom('n/a', 'n/b'),
      rule: fc.nat(2),
      at: fc.nat(2),
    })
    .map(({ match: { method, ...rest }, at, ...more }) => ({
      ...more,
      match: at,
      asked: { ...rest, ...(method === undefined ? {} : { method }) },
    }))
    .map((each) => ({ ...each, specificity: httpMatch(each.asked).specificity }))
  type Candidate = OrderedMatch & { readonly asked: HTTPRouteMatch }

  /** No two matches stand in the same place, so one of two always comes first. */
  const place = ({ creationTimestamp, routeName, rule, match: at }: Candidate) => [creationTimestamp, routeName, rule, at].join()

  /** The specification read aloud: of all that match, keep the best by one criterion after the other. */
  const naive = (matches: readonly Candidate[]): Candidate | undefined => {
    const criteria: ((each: Candidate) => number | string)[] = [
      ({ hostname: name }) => (name === undefined ? 0 : name.startsWith('*') ? name.length : 1000),
      ({ asked }) => Number(asked.path.type === 'Exact'),
      ({ asked }) => asked.path.value.length,
      ({ asked }) => Number(asked.method !== undefined),
      ({ asked }) => asked.headers?.length ?? 0,
      ({ asked }) => asked.queryParams?.length ?? 0,
    ]
    let left = [...matches]
    for (const criterion of criteria) {
      const best = left.map(criterion).sort((a, b) => Number(b) - Number(a))[0]
      left = left.filter((each) => criterion(each) === best)
    }
    for (const text of [(each: Candidate) => each.creationTimestamp, (each: Candidate) => each.routeName]) {
      const best = left.map(text).sort()[0]
      left = left.filter((each) => text(each) === best)
    }
    return left.sort((a, b) => a.rule - b.rule || a.match - b.match)[0]
  }

  it('serves a request as the specification says, whatever the order in which matches come', () => {
    fc.assert(
      fc.property(fc.uniqueArray(ordered, { minLength: 1, maxLength: 8, selector: place }), (matches) => {
        const host = toHostname('a.b.com')
        const candidates = matches.filter(({ hostname: name }) => name === undefined || covers(name, host))
        const [first] = [...candidates].sort(compareMatches)
        const [firstOfReversed] = [...candidates].reverse().sort(compareMatches)
        expect(first).toEqual(naive(candidates))
        expect(firstOfReversed).toEqual(first)
      }),
    )
  })
})

describe('matches', () => {
  it.each([
    { of: '/foo/', want: '/foo' },
    { of: '/foo', want: '/foo' },
    { of: '/', want: '/' },
    { of: '/%7Euser%2eof/', want: '/~user.of' },
  ])('the prefix $of is $want', ({ of, want }) => {
    expect(httpMatch({ path: { type: 'PathPrefix', value: of } }).match.path).toEqual({ kind: 'prefix', value: want })
  })

  it('compares header names without case and query parameters with it; of equal names the first counts', () => {
    const header = (name: string, value: string) => ({ type: 'Exact' as const, name, value })
    const { match } = httpMatch({
      path: { type: 'Exact', value: '/' },
      headers: [header('X-A', '1'), header('x-a', '2')],
      queryParams: [header('A', '1'), header('a', '2')],
    })
    expect(match.headers).toEqual([{ name: 'x-a', kind: 'exact', value: '1' }])
    expect(match.queryParams.map((each) => each.name)).toEqual(['A', 'a'])
  })

  it.each([
    { rule: 'every call', method: undefined, want: { kind: 'prefix', value: '/' } },
    {
      rule: 'a method of a service',
      method: { type: 'Exact' as const, service: 'a.B', method: 'M' },
      want: { kind: 'exact', value: '/a.B/M' },
    },
    { rule: 'a service', method: { type: 'Exact' as const, service: 'a.B' }, want: { kind: 'prefix', value: '/a.B' } },
    {
      rule: 'a service with a dot before it',
      method: { type: 'Exact' as const, service: '.a.B' },
      want: { kind: 'prefix', value: '/a.B' },
    },
    { rule: 'a method of any service', method: { type: 'Exact' as const, method: 'M' }, want: { kind: 'regex', value: '/[^/]+/M' } },
    {
      rule: 'expressions with alternatives stay apart',
      method: { type: 'RegularExpression' as const, service: 'a|b', method: 'M.*' },
      want: { kind: 'regex', value: '/(?:a|b)/(?:M.*)' },
    },
    {
      rule: 'an empty expression of a service is about all',
      method: { type: 'RegularExpression' as const, service: '', method: 'M' },
      want: { kind: 'regex', value: '/(?:[^/]+)/(?:M)' },
    },
    {
      rule: 'an empty expression of a method is about all',
      method: { type: 'RegularExpression' as const, service: 'a', method: '' },
      want: { kind: 'regex', value: '/(?:a)/(?:[^/]+)' },
    },
  ])('gRPC: $rule', ({ method, want }) => {
    expect(grpcMatch(method === undefined ? {} : { method }).match.path).toEqual(want)
  })
})
