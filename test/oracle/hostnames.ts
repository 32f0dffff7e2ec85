/** Hostnames as Gateway API v1.7 has them: `Hostname`, `Listener.hostname` and `HTTPRouteSpec.hostnames`. */

/** Whether a hostname of a listener or of a route is about a name, or about all names that another hostname is about. */
export function covers(hostname: string | undefined, name: string): boolean {
  if (hostname === undefined) return true
  return hostname.startsWith('*.') ? name.endsWith(hostname.slice(1)) && name.length >= hostname.length : hostname === name
}

/** Characters of a name that is no wildcard, then characters of any; who names none comes last. */
export function compareHostnames(a = '', b = ''): number {
  const whole = (name: string): number => (name.startsWith('*') ? 0 : name.length)
  return whole(b) - whole(a) || b.length - a.length
}

/** In their order. */
export function mostSpecificFirst<T extends { readonly hostname?: string }>(all: readonly T[]): readonly T[] {
  return all.toSorted((a, b) => compareHostnames(a.hostname, b.hostname))
}
