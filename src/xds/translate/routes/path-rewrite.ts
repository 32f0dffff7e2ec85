/**
 * How a path is replaced, for rewrites and redirects alike.
 *
 * Source: Gateway API v1.7, `HTTPPathModifier`, with its table of prefix replacements: the result never holds `//`.
 */
import type { envoy } from '../../../gen/envoy/types.js'
import type { PathChange } from '../../../ir/path-change.js'
import type { PathMatch } from '../../../ir/route.js'
import { quote } from '../regex.js'
import { prefixOf } from './route-match.js'

/** A change of the path: a plain prefix, or a substitution over the path without its query. */
export type PathRewrite = { readonly prefixRewrite: string } | { readonly regexRewrite: envoy.type.matcher.v3.RegexMatchAndSubstitute }

/** The rewrite for requests that matched `path`; undefined when nothing changes. */
export function pathRewrite(change: PathChange, path: PathMatch): PathRewrite | undefined {
  switch (change.kind) {
    case 'fullPath':
      return regexRewrite('^.*$', literal(change.value))
    case 'regex':
      return regexRewrite(change.pattern, change.substitution)
    case 'prefix':
      return replacePrefix(path.kind === 'prefix' ? prefixOf(path.value) : '', prefixOf(change.value))
  }
}

/** Both without a slash at their end. */
function replacePrefix(matched: string, replacement: string): PathRewrite | undefined {
  if (matched === replacement) return undefined
  // `/a` to `/b`: what follows the match starts with a slash or is nothing.
  if (matched !== '' && replacement !== '') return { prefixRewrite: replacement }
  // `/` to `/b`: the slash that matched is the one in between.
  if (matched === '') return regexRewrite('^/', literal(`${replacement}/`))
  // `/a` to `/`: the slashes behind the match become one, and the path is never empty.
  return regexRewrite(`^${quote(matched)}/*`, '/')
}

function regexRewrite(regex: string, substitution: string): PathRewrite {
  return { regexRewrite: { pattern: { regex }, substitution } }
}

/** A substitution without references to groups. */
function literal(text: string): string {
  return text.replaceAll('\\', '\\\\')
}
