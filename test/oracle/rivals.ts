/**
 * Routes that all match one request, and are alike in everything that decides between them up to some point: of arbitrary routes two hardly ever
 * differ in nothing but, say, how many headers they ask for.
 */
import fc from 'fast-check'
import { DELAY_MS } from './arbitrary-requests.js'
import { PATIENCE } from './arbitrary-rules.js'
import { isCall, type Match, type Request, type Route, type Rule, type ValueMatch } from './objects.js'
import { some } from './some.js'
import { BACKENDS, toBackend } from './surroundings.js'

/** Rivals, and the request that all of them match. */
export interface Contest {
  readonly request: Request
  /** On the Gateway `gw`; their names are for the caller to choose. */
  readonly routes: readonly Route[]
}

/** What decides between matches, the most important first; behind them come names, and positions in a route. */
const CRITERIA = ['hostname', 'kindOfPath', 'lengthOfPath', 'method', 'headers', 'queryParams', 'created'] as const
type Criterion = (typeof CRITERIA)[number]

/** How a match is about the request, in numbers: which of the possibilities below it takes, or how many of them. */
type Choice = Readonly<Record<Criterion, number>>

const PLAIN = { headers: { 'x-a': '1', 'x-b': '7', 'x-c': 'a b' }, query: 'q=1&r=xyz&s=a%20b' }
const CALL = { headers: { ...PLAIN.headers, 'content-type': 'application/grpc', te: 'trailers' }, query: '' }
const PATH = '/a/b'

// What a match may ask of them.
const HEADERS: readonly ValueMatch[] = [
  { name: 'X-A', value: '1' },
  { name: 'x-b', type: 'RegularExpression', value: '[0-9]+' },
  { name: 'x-c', value: 'a b' },
]
const PARAMETERS: readonly ValueMatch[] = [
  { name: 'q', value: '1' },
  { name: 'r', type: 'RegularExpression', value: 'x.*' },
  { name: 's', value: 'a b' },
]
const PATHS: readonly (readonly Match['path'][])[] = [
  [{ type: 'Exact', value: PATH }],
  [PATH, '/a/.', '/a.+', '/.*'].map((value) => ({ type: 'RegularExpression', value })),
  [PATH, '/a', '/a/', '/'].map((value) => ({ type: 'PathPrefix', value })),
]
const CALLS: readonly (readonly Match['call'][])[] = [
  [{ service: 'a', method: 'b' }],
  [{ service: 'a', method: '.' }, { service: 'a|x' }, { service: '.*', method: 'b|c' }, { method: '[a-c]' }].map((each) => ({
    type: 'RegularExpression',
    ...each,
  })),
  [{ service: 'a' }, { type: 'Exact', service: 'a' }, { method: 'b' }, undefined],
]
const DATES = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-01T23:59:59Z'] as const
/** A host that hardly any other route is about, and one whose listener is about nothing else. */
const HOSTS = [
  ['p.q.test', '*.q.test', '*.test', undefined],
  ['b.a.test', '*.a.test', '*.test', undefined],
] as const

/** Rivals of an arbitrary request. */
export const contest: fc.Arbitrary<Contest> = fc
  .record({
    hosts: fc.constantFrom(...HOSTS),
    call: fc.boolean(),
    method: fc.constantFrom('GET', 'POST'),
    isHttp2: fc.boolean(),
    // Hardly any other slow request comes to a rule that does not wait.
    slow: fc.constantFrom('', '', '', `&delayMs=${DELAY_MS}`),
  })
  .chain(({ hosts, call, method, isHttp2, slow }) => {
    const place = { port: 80, host: hosts[0], path: PATH }
    const request: Request = call
      ? { ...place, ...CALL, method: 'POST', isHttp2: true }
      : { ...place, ...PLAIN, query: PLAIN.query + slow, method, isHttp2 }
    return fc.record({ request: fc.constant(request), routes: rivals(request, hosts) })
  })

/** Where they are alike they are all like one of them. */
function rivals(request: Request, hosts: readonly (string | undefined)[]): fc.Arbitrary<readonly Route[]> {
  return fc.record({ alike: fc.nat({ max: CRITERIA.length }), model: choice }).chain(({ alike, model }) => {
    const shared = Object.fromEntries(CRITERIA.slice(0, alike).map((each) => [each, model[each]]))
    return fc.array(rival(request, hosts, shared), { minLength: 2, maxLength: 4 })
  })
}

function rival(request: Request, hosts: readonly (string | undefined)[], shared: Partial<Choice>): fc.Arbitrary<Route> {
  const kinds: fc.Arbitrary<Route['kind']> = isCall(request)
    ? fc.constantFrom('GRPCRoute', 'GRPCRoute', 'GRPCRoute', 'HTTPRoute')
    : fc.constant('HTTPRoute')
  return kinds.chain((kind) =>
    fc
      .record({
        own: choice,
        // Other names that are about the host do not count.
        hasMore: fc.boolean(),
        namespace: fc.constantFrom('default', 'default', 'team'),
        rules: fc.array(rule(kind, request, shared), { minLength: 1, maxLength: 3 }),
      })
      .map(({ own, hasMore, ...fields }) => {
        const { hostname, created } = { ...own, ...shared }
        const names = hosts.slice(hostname, hasMore ? undefined : hostname + 1).filter((each) => each !== undefined)
        return {
          kind,
          name: '',
          ...fields,
          created: pick(DATES, created),
          parentRefs: [{ name: 'gw', namespace: 'default' }],
          ...(names.length === 0 ? {} : { hostnames: names.toReversed() }),
        }
      }),
  )
}

const choice: fc.Arbitrary<Choice> = fc.record({
  hostname: fc.nat({ max: 3 }),
  kindOfPath: fc.nat({ max: 2 }),
  lengthOfPath: fc.nat({ max: 3 }),
  method: fc.nat({ max: 1 }),
  headers: fc.nat({ max: 3 }),
  queryParams: fc.nat({ max: 3 }),
  created: fc.nat({ max: 2 }),
})

function rule(kind: Route['kind'], request: Request, shared: Partial<Choice>): fc.Arbitrary<Rule> {
  const names = BACKENDS.filter((each) => kind === 'HTTPRoute' || each.kind === 'h2c').map((each) => each.name)
  return fc
    .record({
      matches: fc.array(choice, { minLength: 1, maxLength: 2 }),
      backend: fc.constantFrom(...names),
      // Which rule it was can be seen.
      mark: fc.nat({ max: 999 }),
      timeouts: isCall(request) ? fc.constant(undefined) : fc.constantFrom(undefined, { request: PATIENCE }),
    })
    .map(({ matches, backend, mark, timeouts }) =>
      some<Rule>({
        matches: matches.map((own) => match(kind, request, { ...own, ...shared })),
        filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-a', value: String(mark) }] } }],
        backendRefs: [toBackend(backend, 'default')],
        timeouts,
      }),
    )
}

function match(kind: Route['kind'], { method, query }: Request, chosen: Choice): Match {
  const headers = chosen.headers === 0 ? {} : { headers: HEADERS.slice(0, chosen.headers) }
  const queryParams = chosen.queryParams === 0 || query === '' ? {} : { queryParams: PARAMETERS.slice(0, chosen.queryParams) }
  if (kind === 'GRPCRoute') {
    const call = pick(pick(CALLS, chosen.kindOfPath), chosen.lengthOfPath)
    return { ...(call === undefined ? {} : { call }), ...headers }
  }
  const path = pick(pick(PATHS, chosen.kindOfPath), chosen.lengthOfPath)
  return { ...(path === undefined ? {} : { path }), ...(chosen.method === 0 ? {} : { method }), ...headers, ...queryParams }
}

function pick<T>(all: readonly T[], at: number): T {
  return all[at % all.length] as T
}
