/** Filters that the API server takes. */
import fc from 'fast-check'
import type { CorsFilter, Filter, HeaderFilter, PathModifier, RedirectFilter, Ref } from './objects.js'
import { optional, rarely, some } from './some.js'
import { toBackend, toService } from './surroundings.js'

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

/** Replaces the whole path. */
export const fullPath: fc.Arbitrary<PathModifier> = fc
  .constantFrom('/', '/full', '/full/', '/f/g', '/f%20g', '/f$1', '/f&g', '/f\\1')
  .map((replaceFullPath) => ({ type: 'ReplaceFullPath', replaceFullPath }))
/** Replaces a prefix. */
export const prefixPath: fc.Arbitrary<PathModifier> = fc
  .constantFrom('', '/', '/p', '/p/', '/p/q', '/p$1')
  .map((replacePrefixMatch) => ({ type: 'ReplacePrefixMatch', replacePrefixMatch }))

/** URLRewrite. */
export const rewrite = (modifier: fc.Arbitrary<PathModifier>): fc.Arbitrary<Filter> =>
  fc
    .record({ hostname: optional(fc.constantFrom('new.test', 'b.a.test')), path: optional(modifier) })
    .filter(({ hostname, path: changed }) => hostname !== undefined || changed !== undefined)
    .map((fields) => ({ type: 'URLRewrite', urlRewrite: some(fields) }))

/** RequestHeaderModifier. */
export const requestHeaders: fc.Arbitrary<Filter> = headerFilter.map(
  (requestHeaderModifier): Filter => ({ type: 'RequestHeaderModifier', requestHeaderModifier }),
)
/** ResponseHeaderModifier. */
export const responseHeaders: fc.Arbitrary<Filter> = headerFilter.map(
  (responseHeaderModifier): Filter => ({ type: 'ResponseHeaderModifier', responseHeaderModifier }),
)
/** Where copies go: to what is there, to what may be referred to from elsewhere, and to nothing. `calls`: to what speaks HTTP/2. */
const COPIES: Readonly<Record<'requests' | 'calls', readonly Ref[]>> = {
  requests: [toBackend('copy-one'), toBackend('copy-two'), toService('copies'), toBackend('missing')],
  calls: [toBackend('copy-two'), toService('copies'), toBackend('missing')],
}

/** Copies of requests, or of calls. */
export function mirror(of: 'requests' | 'calls'): fc.Arbitrary<Filter> {
  return fc.record({ backendRef: fc.constantFrom<Ref>(...COPIES[of]), percent: fc.constantFrom(undefined, 0, 100) }).map(
    ({ backendRef, percent }): Filter => ({
      type: 'RequestMirror',
      requestMirror: { backendRef, ...(percent === undefined ? {} : { percent }) },
    }),
  )
}

/** A filter that nobody here knows. */
const unknown: fc.Arbitrary<Filter> = fc.constant({
  type: 'ExtensionRef',
  extensionRef: { group: 'example.com', kind: 'Thing', name: 'x' },
})

/** Filters in any order, each type once; copies may be several. Few lists have one that nobody knows. */
export function filtersOf(...kinds: readonly fc.Arbitrary<Filter | undefined>[]): fc.Arbitrary<readonly Filter[] | undefined> {
  const all = fc.tuple(...kinds.map((kind) => optional(kind)), rarely(unknown)).map((each) => each.flatMap((filter) => filter ?? []))
  return all
    .chain((filters) => fc.shuffledSubarray(filters, { minLength: filters.length }))
    .map((filters) => (filters.length === 0 ? undefined : filters))
}

/** RequestRedirect. */
export const redirect = (modifier: fc.Arbitrary<PathModifier>): fc.Arbitrary<Filter> =>
  fc
    .record({
      scheme: optional(fc.constantFrom('http', 'https')),
      hostname: optional(fc.constantFrom('new.test', 'a.test')),
      port: optional(fc.constantFrom(80, 443, 8080, 8443)),
      path: optional(modifier),
      statusCode: optional(fc.constantFrom(301, 302, 303, 307, 308), 4),
    })
    .map((fields): Filter => ({ type: 'RequestRedirect', requestRedirect: some<RedirectFilter>(fields as RedirectFilter) }))

const list = <T extends string>(...all: readonly T[]): fc.Arbitrary<readonly string[] | undefined> =>
  optional(fc.oneof({ weight: 3, arbitrary: fc.subarray([...all], { minLength: 1 }) }, { weight: 1, arbitrary: fc.constant(['*']) }), 4)

/** CORS. */
export const cors: fc.Arbitrary<Filter> = fc
  .record({
    allowOrigins: list('https://app.test', 'http://app.test:8080', 'https://*.app.test', 'https://other.test:443'),
    allowCredentials: optional(fc.boolean()),
    allowMethods: list('PUT', 'DELETE', 'GET'),
    allowHeaders: list('x-a', 'X-B'),
    exposeHeaders: list('x-a', 'x-c'),
    maxAge: optional(fc.constantFrom(1, 600)),
  })
  .map((fields): Filter => ({ type: 'CORS', cors: some<CorsFilter>(fields) }))
