/**
 * What Envoy makes of a path before it looks for a route.
 *
 * Source: envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager (`normalize_path`, `merge_slashes`,
 * `path_with_escaped_slashes_action`); normalizing is that of Chromium's URLs, RFC 3986 §6.2.2.
 */
import { Enum } from '../gen/envoy/enums.js'
import type { envoy } from '../gen/envoy/types.js'
import { queryOf, withoutQuery } from './seen-request.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager

const ESCAPED_SLASHES =
  Enum['envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.PathWithEscapedSlashesAction']

/** The path that routes see, or what Envoy answers instead. */
export type NormalizedPath =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'redirect'; readonly path: string }
  | { readonly kind: 'refused'; readonly because: string }

/** @param path with its query, as it was sent */
export function normalizePath(manager: HttpConnectionManager, path: string): NormalizedPath {
  if (path.includes('#')) return { kind: 'refused', because: 'its path has a fragment (#)' }
  const query = queryOf(path)
  const action = manager.pathWithEscapedSlashesAction ?? ESCAPED_SLASHES.IMPLEMENTATION_SPECIFIC_DEFAULT
  const sent = withoutQuery(path)
  const unescaped = leavesEscapedSlashes(action) ? sent : sent.replace(/%2f/gi, '/').replace(/%5c/gi, '\\')
  if (unescaped !== sent && action === ESCAPED_SLASHES.REJECT_REQUEST) {
    return { kind: 'refused', because: 'its path has an escaped slash (%2F or %5C)' }
  }
  const canonical = manager.normalizePath?.value === true ? canonicalPath(unescaped) : unescaped
  if (canonical === undefined) return { kind: 'refused', because: 'its path has an escaped NUL (%00)' }
  const merged = manager.mergeSlashes === true ? canonical.replace(/\/{2,}/g, '/') : canonical
  const isRedirected = unescaped !== sent && action === ESCAPED_SLASHES.UNESCAPE_AND_REDIRECT
  return { kind: isRedirected ? 'redirect' : 'path', path: merged + query }
}

function leavesEscapedSlashes(action: number): boolean {
  return action === ESCAPED_SLASHES.IMPLEMENTATION_SPECIFIC_DEFAULT || action === ESCAPED_SLASHES.KEEP_UNCHANGED
}

/** Letters that are never escaped. */
const UNRESERVED = /[A-Za-z0-9_~-]/
/** Letters that are always escaped. */
const ESCAPED = /[^!-~]|["<>^`{|}]/

/**
 * `/a/..;x/b` is `/b`, as for servers that know parameters of segments; escaped dots keep theirs. Envoy 1.39.0 does not know them.
 * Source: CVE-2026-73511, `envoy.reloadable_features.strip_path_parameters_per_segment`.
 */
const DOTS_WITH_PARAMETERS = /(?<=\/)(\.\.?);[^/]*/g

/** Dots are resolved, backslashes are slashes, and what need not be escaped is not. Undefined for a path that holds NUL. */
function canonicalPath(path: string): string | undefined {
  const segments: string[] = []
  const parts = path.replace(DOTS_WITH_PARAMETERS, '$1').replaceAll('\\', '/').split('/').slice(1)
  for (const [at, part] of parts.entries()) {
    const segment = part.replace(/%2e/gi, '.')
    const isLast = at === parts.length - 1
    if (segment === '.') {
      if (isLast) segments.push('')
    } else if (segment === '..') {
      segments.pop()
      if (isLast) segments.push('')
    } else {
      const canonical = canonicalSegment(segment)
      if (canonical === undefined) return undefined
      segments.push(canonical)
    }
  }
  return `/${segments.join('/')}`
}

function canonicalSegment(segment: string): string | undefined {
  let result = ''
  for (let at = 0; at < segment.length; at++) {
    const letter = segment.charAt(at)
    const escaped = /^%[0-9a-f]{2}/i.exec(segment.slice(at, at + 3))?.[0]
    if (escaped !== undefined) {
      const code = Number.parseInt(escaped.slice(1), 16)
      if (code === 0) return undefined
      const of = String.fromCharCode(code)
      result += UNRESERVED.test(of) ? of : escaped
      at += 2
    } else if (ESCAPED.test(letter))
      result += [...Buffer.from(letter)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
    else result += letter
  }
  return result
}
