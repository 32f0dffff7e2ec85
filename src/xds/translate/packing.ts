/**
 * How the virtual hosts of a route table come to Envoy.
 *
 * `rds`: all of them in one RouteConfiguration. Envoy and we pay for the whole table whenever one host changes.
 * `scoped`: each exact host as a ScopedRouteConfiguration of its own, so that a change costs one host, however many there are. Requests
 * cost a little more: see docs/performance.md.
 * `scopedAbove`: scopes for tables with more exact hosts than that, and both below: connections that a listener drains when its table
 * passes the number go on with what they had, so the way back has to leave the scopes.
 */
export type RoutePacking = 'rds' | 'scoped' | { readonly scopedAbove: number }

/** True for a table whose listener uses scopes. `exactHosts` counts them, and is asked only where the number matters. */
export function isScoped(packing: RoutePacking, exactHosts: () => number): boolean {
  return typeof packing === 'string' ? packing === 'scoped' : exactHosts() > packing.scopedAbove
}

/** True for a domain that names one host. */
export function isExact(domain: string): boolean {
  return !domain.startsWith('*')
}
