/**
 * Who a rule is about, as Envoy says it. What denies takes every way to write a thing, what allows takes one; what is excepted from a rule is
 * read the other way round.
 */
import type { envoy } from '../../../gen/envoy/types.js'
import type { AuthorizationRule, PathMatch, TokenMatch } from '../../../ir/route.js'
import { ANYBODY, allOf, anyOf, inRanges } from '../rbac.js'
import { anyBut, inAnyEncoding, quote } from '../regex.js'
import { JWT_METADATA, SCOPE_CLAIMS } from './jwt-authn.js'

type Principal = envoy.config.rbac.v3.Principal
type ValueMatcher = envoy.type.matcher.v3.ValueMatcher

/** Whoever a rule is about, without its condition. */
export function principal(rule: AuthorizationRule): Principal {
  const { methods, clients, headers, paths, notPaths = [], queryParams = [], token } = rule
  const isDeny = rule.action === 'deny'
  return allOf([
    ...(methods.length === 0
      ? []
      : [anyOf(methods.map((method) => ({ header: { name: ':method', stringMatch: { exact: method, ignoreCase: isDeny } } })))]),
    ...(clients.length === 0 ? [] : [inRanges(clients)]),
    ...headers.map(({ name, values }) => (isDeny ? oneIsAmong(name, values) : onlyIsAmong(name, values))),
    ...(paths === undefined ? [] : [anyOf(paths.map((path) => pathIs(path, isDeny)))]),
    ...notPaths.map((path) => ({ notId: pathIs(path, !isDeny) })),
    ...queryParams.map(({ name, values }) => (isDeny ? queryHas(name, values) : queryHasOnly(name, values))),
    ...(token === undefined ? [] : [tokenIs(token, isDeny)]),
  ])
}

/** Some value of a header, in a line of its own or between commas: whoever adds more must not get around a rule that denies. */
function oneIsAmong(name: string, values: readonly string[]): Principal {
  const words = values.map(quote).join('|')
  return header(name, { safeRegex: { regex: `(?:[^,]*,)*\\s*(?:${words})\\s*(?:,.*)?` } })
}

/** The only value of a header. Envoy compares each line of equal headers for itself, so one good line among bad ones would do. */
function onlyIsAmong(name: string, values: readonly string[]): Principal {
  const good = anyOf(values.map((value) => header(name, { exact: value })))
  return allOf([good, { notId: header(name, { safeRegex: { regex: anyBut(values) } }) }])
}

function header(name: string, stringMatch: envoy.type.matcher.v3.StringMatcher): Principal {
  return { header: { name, stringMatch } }
}

/** Segments such as `..;` are nothing special to a proxy, and lead upwards in some servers. */
const HIDDEN_DOTS = '(?is).*/(?:\\.|%2e){1,2}(?:;|%3b).*'

/** @param isWide true takes other cases of letters, other ways to escape, path parameters and a slash at the end as well */
function pathIs(path: PathMatch, isWide: boolean): Principal {
  const urlPath = (regex: string): Principal => ({ urlPath: { path: { safeRegex: { regex } } } })
  if (!isWide) return allOf([urlPath(narrow(path)), { notId: urlPath(HIDDEN_DOTS) }])
  return urlPath(`(?is)${wide(path)}`)
}

function narrow({ kind, value }: PathMatch): string {
  switch (kind) {
    case 'exact':
      return quote(value)
    case 'prefix':
      return value === '/' ? '(?s)/.*' : `(?s)${quote(value)}(?:/.*)?`
    case 'regex':
      return value
  }
}

function wide({ kind, value }: PathMatch): string {
  switch (kind) {
    case 'exact':
      return `${inAnyEncoding(value)}/?(?:(?:;|%3b).*)?`
    case 'prefix':
      return value === '/' ? '.*' : `${inAnyEncoding(value)}(?:(?:/|;|%2f|%3b).*)?`
    case 'regex':
      return `(?:${value})`
  }
}

/** A query parameter with one of the values, however it is written and wherever it stands. */
function queryHas(name: string, values: readonly string[]): Principal {
  return query(`(?:.*[&;])?${inAnyEncoding(name)}=(?:${values.map(inAnyEncoding).join('|')})(?:[&;].*)?`)
}

/** A query parameter once, written plainly, with one of the values. */
function queryHasOnly(name: string, values: readonly string[]): Principal {
  const written = values.map((value) => encodeURIComponent(value))
  const good = query(`(?:.*&)?${quote(encodeURIComponent(name))}=(?:${written.map(quote).join('|')})(?:&.*)?`)
  const again = query(`(?:.*[&;])?${inAnyEncoding(name)}(?:=[^&;]*)?[&;](?:.*[&;])?${inAnyEncoding(name)}(?:[=&;].*)?`)
  return allOf([good, { notId: again }])
}

/** Something about the query, whose case of letters counts. */
function query(regex: string): Principal {
  return header(':path', { safeRegex: { regex: `(?s)[^?]*\\?${regex}` } })
}

function tokenIs({ provider, claims, scopes }: TokenMatch, isDeny: boolean): Principal {
  // Nobody can be told apart by tokens that are not asked for: what allows allows nobody, what denies denies everybody.
  if (provider === undefined) return isDeny ? ANYBODY : { notId: ANYBODY }
  const is = (path: readonly string[], value: ValueMatcher): Principal => ({
    // Of the request, which is where the filter of tokens puts claims; the other source is the route.
    sourcedMetadata: { metadataMatcher: { filter: JWT_METADATA, path: [provider, ...path].map((key) => ({ key })), value } },
  })
  const among = (path: readonly string[], value: string): Principal => is(path, { listMatch: { oneOf: { stringMatch: { exact: value } } } })
  return allOf([
    ...claims.map(({ path, isList, values }) =>
      anyOf(
        values.flatMap((value) => [
          ...(isList && !isDeny ? [] : single(value).map((matcher) => is(path, matcher))),
          ...(isList || isDeny ? [among(path, value)] : []),
        ]),
      ),
    ),
    ...scopes.map((scope) => anyOf(SCOPE_CLAIMS.map((claim) => among([claim], scope)))),
  ])
}

/** A claim that is text, and what the text may stand for. */
function single(value: string): readonly ValueMatcher[] {
  const number = /^-?[0-9]+(?:\.[0-9]+)?$/.test(value) ? Number(value) : undefined
  return [
    { stringMatch: { exact: value } },
    ...(value === 'true' || value === 'false' ? [{ boolMatch: value === 'true' }] : []),
    ...(number === undefined ? [] : [{ doubleMatch: { exact: number } }]),
  ]
}
