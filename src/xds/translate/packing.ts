/**
 * How the virtual hosts of a route table come to Envoy.
 *
 * `rds`: all of them in one RouteConfiguration. Envoy and we pay for the whole table whenever one host changes.
 * `scoped`: each exact host as a ScopedRouteConfiguration of its own, so that a change costs one host, however many there are. Requests
 * cost a little more, and those for wildcards a script: see docs/performance/route-packing.md.
 * `scopedAbove`: scopes for tables with more exact hosts than that.
 */
export type RoutePacking = 'rds' | 'scoped' | { readonly scopedAbove: number }

/** Scopes where a changed route among that many costs Envoy more than 15 ms by RDS; below, requests cost the least: docs/performance/route-packing.md. */
export const DEFAULT_ROUTE_PACKING: RoutePacking = { scopedAbove: 500 }

/** What exists of a route table, and what new connections use. */
export interface TablePacking {
  /** Its RouteConfiguration exists, and a filter chain that uses it. */
  readonly rds: boolean
  /** Its scopes exist, and a filter chain that uses them. */
  readonly scopes: boolean
  readonly newConnections: 'rds' | 'scoped'
}

const RDS: TablePacking = { rds: true, scopes: false, newConnections: 'rds' }
const SCOPED: TablePacking = { rds: false, scopes: true, newConnections: 'scoped' }
const BOTH_BELOW: TablePacking = { rds: true, scopes: true, newConnections: 'rds' }
const BOTH_ABOVE: TablePacking = { rds: true, scopes: true, newConnections: 'scoped' }

/**
 * The packing of one table. From a tenth of the limit to one and a half of it both exist: a table that passes the limit, in either
 * direction, changes nothing but which of two filter chains new connections get, and no connection that is open is drained. Small tables
 * have nothing but what they need.
 *
 * @param exactHosts counts them, and is asked only where the number matters
 */
export function tablePacking(packing: RoutePacking, exactHosts: () => number): TablePacking {
  if (packing === 'rds') return RDS
  if (packing === 'scoped') return SCOPED
  const share = exactHosts() / packing.scopedAbove
  // No host is above no limit.
  if (!(share > 0.1)) return RDS
  if (share > 1.5) return SCOPED
  return share > 1 ? BOTH_ABOVE : BOTH_BELOW
}
