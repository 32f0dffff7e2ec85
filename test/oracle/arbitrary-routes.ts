/** Arbitrary HTTPRoutes that the API server takes, and requests that come near to them. */
import fc from 'fast-check'
import type { Filter, HeaderFilter, Listener, Match, PathModifier, RedirectFilter, Ref, Request, Route, Rule } from './http-objects.js'

/** Backends that are there. */
export const BACKENDS = ['one', 'two', 'three'] as const
/** Backends that only get copies. */
export const MIRRORS = ['copy-one', 'copy-two'] as const

/** The listeners of the Gateway. */
export const LISTENERS: readonly Listener[] = [
  { name: 'any', port: 80 },
  { name: 'wild', port: 80, hostname: '*.a.test' },
  { name: 'exact', port: 80, hostname: 'b.a.test' },
  { name: 'other', port: 8080 },
]

/** Headers that are looked at on the way to a backend, and on the way back: of all others Node keeps one value, or adds some. */
export const HEADERS = ['x-a', 'x-b', 'x-c', 'accept', 'via'] as const

/** How long rules wait that do not wait for ever, and how long slow backends take. */
export const PATIENCE = '1s'
export const DELAY_MS = 2500

const ref = (name: string): Ref => ({ group: 'headgate.dev', kind: 'Backend', name })
const optional = <T>(arbitrary: fc.Arbitrary<T>, freq = 2): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined, freq })

/** Leaves out what is undefined, as JSON does. */
function some<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

const names = (count: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.constantFrom('x-a', 'X-A', 'x-b', 'X-C', 'Accept', 'via'), {
    selector: (name) => name.toLowerCase(),
    maxLength: count,
  })

const value = fc.constantFrom('1', '2', 'a b', 'a,b', '100%', '%REQ(:path)%', '%%', '$1', '\\1', '"q"')

/** Nothing says in which order one filter sets, adds and removes: so each name is in one of its lists only. */
const headerFilter: fc.Arbitrary<HeaderFilter> = names(4)
  .chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc.array(fc.tuple(fc.constantFrom('set', 'add', 'remove'), value), { minLength: all.length, maxLength: all.length }),
    ),
  )
  .map(([all, how]) => {
    const of = (wanted: string) => all.flatMap((name, at) => (how[at]?.[0] === wanted ? [{ name, value: how[at]?.[1] ?? '' }] : []))
    const [set, add, remove] = [of('set'), of('add'), of('remove').map(({ name }) => name)]
    return some<HeaderFilter>({
      set: set.length === 0 ? undefined : set,
      add: add.length === 0 ? undefined : add,
      remove: remove.length === 0 ? undefined : remove,
    })
  })

const fullPath: fc.Arbitrary<PathModifier> = fc
  .constantFrom('/', '/full', '/full/', '/f/g', '/f%20g', '/f$1', '/f&g')
  .map((replaceFullPath) => ({ type: 'ReplaceFullPath', replaceFullPath }))
const prefixPath: fc.Arbitrary<PathModifier> = fc
  .constantFrom('', '/', '/p', '/p/', '/p/q', '/p$1')
  .map((replacePrefixMatch) => ({ type: 'ReplacePrefixMatch', replacePrefixMatch }))

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
interface Shape {
  readonly matches: fc.Arbitrary<readonly Match[] | undefined>
  readonly modifier: fc.Arbitrary<PathModifier>
}

const SHAPES: readonly Shape[] = [
  { matches: fc.tuple(matchOf(prefix)), modifier: fc.oneof(prefixPath, fullPath) },
  { matches: optional(fc.array(matchOf(optional(path, 9)), { maxLength: 3 }), 6), modifier: fullPath },
]

const rewrite = (modifier: fc.Arbitrary<PathModifier>): fc.Arbitrary<Filter> =>
  fc
    .record({ hostname: optional(fc.constantFrom('new.test', 'b.a.test')), path: optional(modifier) })
    .filter(({ hostname, path: changed }) => hostname !== undefined || changed !== undefined)
    .map((fields) => ({ type: 'URLRewrite', urlRewrite: some(fields) }))

const requestHeaders = headerFilter.map((requestHeaderModifier): Filter => ({ type: 'RequestHeaderModifier', requestHeaderModifier }))
const responseHeaders = headerFilter.map((responseHeaderModifier): Filter => ({ type: 'ResponseHeaderModifier', responseHeaderModifier }))
const mirror = fc.record({ to: fc.constantFrom(...MIRRORS, 'missing'), percent: fc.constantFrom(undefined, 0, 100) }).map(
  ({ to, percent }): Filter => ({
    type: 'RequestMirror',
    requestMirror: { backendRef: ref(to), ...(percent === undefined ? {} : { percent }) },
  }),
)

/** Filters in any order, each type once; copies may be several. */
function filtersOf(...kinds: readonly fc.Arbitrary<Filter>[]): fc.Arbitrary<readonly Filter[] | undefined> {
  const all = fc.tuple(...kinds.map((kind) => optional(kind))).map((each) => each.flatMap((filter) => filter ?? []))
  return all
    .chain((filters) => fc.shuffledSubarray(filters, { minLength: filters.length }))
    .map((filters) => (filters.length === 0 ? undefined : filters))
}

const redirect = (modifier: fc.Arbitrary<PathModifier>): fc.Arbitrary<Filter> =>
  fc
    .record({
      scheme: optional(fc.constantFrom('http', 'https')),
      hostname: optional(fc.constantFrom('new.test', 'a.test')),
      port: optional(fc.constantFrom(80, 443, 8080, 8443)),
      path: optional(modifier),
      statusCode: optional(fc.constantFrom(301, 302, 303, 307, 308), 9),
    })
    .map((fields): Filter => ({ type: 'RequestRedirect', requestRedirect: some<RedirectFilter>(fields as RedirectFilter) }))

function forwarding({ matches, modifier }: Shape): fc.Arbitrary<Rule> {
  const backend = fc.record({
    to: fc.constantFrom(...BACKENDS, ...BACKENDS, 'missing'),
    weight: fc.constantFrom(undefined, 1, 1, 3, 0),
    filters: optional(filtersOf(requestHeaders, responseHeaders, rewrite(modifier)), 4),
  })
  const waiting = fc.constantFrom<Pick<Rule, 'timeouts' | 'retry'>>(
    {},
    {},
    {},
    { timeouts: { request: PATIENCE } },
    { timeouts: { backendRequest: PATIENCE } },
    { timeouts: { request: '0s' } },
    { retry: { attempts: 2, codes: [503], backoff: '10ms' } },
    { retry: { attempts: 1, codes: [500, 502], backoff: '10ms' } },
  )
  return fc
    .record({
      matches,
      filters: filtersOf(requestHeaders, responseHeaders, rewrite(modifier), mirror, mirror),
      backendRefs: fc.array(
        backend.map(({ to, weight, filters }) => ({
          ...ref(to),
          ...(weight === undefined ? {} : { weight }),
          ...(filters === undefined ? {} : { filters }),
        })),
        { maxLength: 3 },
      ),
      waiting,
    })
    .map(({ waiting: waits, ...fields }) => some<Rule>({ ...fields, timeouts: waits.timeouts, retry: waits.retry }))
}

const redirecting = ({ matches, modifier }: Shape): fc.Arbitrary<Rule> =>
  fc
    .record({ matches, filters: filtersOf(requestHeaders).chain((others) => redirect(modifier).map((one) => [...(others ?? []), one])) })
    .map((fields) => some<Rule>(fields))

const rule = fc.oneof(
  { weight: 3, arbitrary: fc.oneof(...SHAPES.map(forwarding)) },
  { weight: 1, arbitrary: fc.oneof(...SHAPES.map(redirecting)) },
)

const HOSTNAMES = ['a.test', 'b.a.test', '*.a.test', '*.b.a.test', '*.test', 'x.b.a.test', 'other.example'] as const

const route = fc.record({
  created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
  parentRefs: fc.constantFrom<Route['parentRefs']>(
    [{ name: 'gw' }],
    [{ name: 'gw' }],
    [{ name: 'gw', port: 80 }],
    [{ name: 'gw', sectionName: 'any' }],
    [
      { name: 'gw', sectionName: 'wild' },
      { name: 'gw', sectionName: 'other' },
    ],
  ),
  hostnames: optional(fc.uniqueArray(fc.constantFrom(...HOSTNAMES), { minLength: 1, maxLength: 3 }), 1),
  rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
})

/** Some routes of the Gateway `gw`. */
export const routes: fc.Arbitrary<readonly Route[]> = fc
  .array(route, { minLength: 1, maxLength: 5 })
  // Names are in no order with ages.
  .map((all) => all.map((each, at) => some<Route>({ ...each, name: `r${(at * 3) % 7}` })))

/** A request: its query holds what backends shall do, and who it is. */
export const request: fc.Arbitrary<Request> = fc
  .record({
    port: fc.constantFrom(80, 80, 80, 8080),
    host: fc.constantFrom(
      'a.test',
      'A.test',
      'b.a.test',
      'b.a.test:8080',
      'x.b.a.test',
      'c.a.test',
      'c.a.test:80',
      'd.test',
      'other.example',
      'e.example',
    ),
    method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'PUT'),
    isHttp2: fc.boolean(),
    path: fc.constantFrom('/', '/a', '/a', '/a/', '/a/b', '/a/b/', '/a/b/c', '/ab', '/b', '/a.b', '/axb', '/a%20b', '/a%20b/c'),
    headers: fc.constantFrom<Request['headers']>(
      {},
      { 'x-a': '1' },
      { 'x-a': '1', 'x-b': '7', 'x-c': 'a b' },
      { 'x-a': '2', 'x-b': '7' },
      { 'x-c': 'a b', accept: 'text/html' },
      { 'x-b': 'no', via: '1.1 me' },
    ),
    own: fc.constantFrom('', '', '', 'q=1', 'Q=1', 'r=xyz&q=1', 's=a%20b', 's=a+b', 'r=no'),
    answers: fc.constantFrom('', '', 'header=x-a:9', 'header=x-b:8&header=x-c:7'),
    trouble: fc.oneof(
      { weight: 20, arbitrary: fc.constant('') },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          'failFirst=1&status=503',
          'failFirst=2&status=503',
          'failFirst=3&status=503',
          'failFirst=1&status=500',
          'status=404',
        ),
      },
      { weight: 1, arbitrary: fc.constant(`delayMs=${DELAY_MS}`) },
    ),
  })
  .map(({ own, answers, trouble, ...fields }) => ({ ...fields, query: [own, answers, trouble].filter((each) => each !== '').join('&') }))
