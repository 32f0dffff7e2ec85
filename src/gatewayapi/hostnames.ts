/**
 * Hostnames of listeners and routes, and what they have in common.
 *
 * Source: Gateway API v1.7, `Hostname`, `Listener.hostname` and `HTTPRouteSpec.hostnames`.
 */

import type { Hostname } from '../ir/hostname.js'
import { compareText } from '../util/compare-text.js'
import { exactly } from '../util/exactly.js'
import type { ServedHost } from './model.js'

/** What a route serves on a listener. `all` means every host; an empty list means that the route does not attach. */
export type Intersection = 'all' | readonly ServedHost[]

/** A host as requests name it or as objects write it, in the form in which hosts are compared: lower case, without a trailing dot. */
export function toHostname(name: string): Hostname {
  return name.toLowerCase().replace(/\.$/, '') as Hostname
}

/**
 * The hostnames under which a route is reachable through a listener, most specific first.
 *
 * @param listener the listener's hostname; undefined accepts every host
 * @param route the route's hostnames; an empty list accepts every host
 */
export function intersectHostnames(listener: Hostname | undefined, route: readonly Hostname[]): Intersection {
  if (route.length === 0) return listener === undefined ? 'all' : [{ host: listener, original: undefined }]
  const served = route.flatMap((original) => {
    const host = listener === undefined ? original : narrower(listener, original)
    return host === undefined ? [] : [{ host, original }]
  })
  return exactly(served.sort((a, b) => compareSpecificity(a.host, b.host) || compareSpecificity(a.original, b.original)))
}

/** True if `pattern` covers `name`: equal, or a wildcard over one or more of its leading labels. */
export function covers(pattern: Hostname, name: Hostname): boolean {
  if (pattern === name) return true
  // `*.example.com` covers `a.example.com` and `*.a.example.com`, but never `example.com` itself.
  return isWildcard(pattern) && name.endsWith(pattern.slice(1))
}

/**
 * Exact names before wildcards, then more labels first, then alphabetical: the order in which a request must be tried.
 *
 * @param a undefined stands for every host and comes last
 */
export function compareSpecificity(a: Hostname | undefined, b: Hostname | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  return Number(isWildcard(a)) - Number(isWildcard(b)) || labels(b) - labels(a) || compareText(a, b)
}

/** The wildcards that cover a name besides itself, most specific first: for `a.b.com` they are `*.b.com` and `*.com`. */
export function wildcardsOver(name: Hostname): readonly Hostname[] {
  const [, ...rest] = (isWildcard(name) ? name.slice(2) : name).split('.')
  return rest.map((_, at) => `*.${rest.slice(at).join('.')}` as Hostname)
}

function narrower(a: Hostname, b: Hostname): Hostname | undefined {
  if (covers(a, b)) return b
  if (covers(b, a)) return a
  return undefined
}

const isWildcard = (name: Hostname): boolean => name.startsWith('*.')

const labels = (name: Hostname): number => name.split('.').length
