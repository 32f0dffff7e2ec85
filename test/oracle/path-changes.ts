/** How filters change the path, and where redirects lead. Source: Gateway API v1.7, `HTTPPathModifier` and `HTTPRequestRedirectFilter`. */
import { elements, pathOf } from './matching.js'
import type { Listener, Match, PathModifier, RedirectFilter, Request } from './objects.js'

const PORTS = { http: 80, https: 443 } as const

/** The header `location`. */
export function locationOf(redirect: RedirectFilter, match: Match, listener: Listener, host: string, { path, query }: Request): string {
  const scheme = redirect.scheme ?? (listener.protocol === 'HTTPS' ? 'https' : 'http')
  const port = redirect.port ?? (redirect.scheme === undefined ? listener.port : PORTS[redirect.scheme])
  const shown = port === PORTS[scheme] ? '' : `:${port}`
  const to = redirect.path === undefined ? path : modified(redirect.path, match, path)
  return `${scheme}://${redirect.hostname ?? host}${shown}${withQuery(to, query)}`
}

/** A path as requests have it. */
export function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`
}

/** The table of `HTTPPathModifier.replacePrefixMatch`. */
export function modified(modifier: PathModifier, match: Match, path: string): string {
  if (modifier.type === 'ReplaceFullPath') return modifier.replaceFullPath
  const rest = path.split('/').slice(1 + elements(pathOf(match).value).length)
  return `/${[...elements(modifier.replacePrefixMatch), ...rest].join('/')}`
}
