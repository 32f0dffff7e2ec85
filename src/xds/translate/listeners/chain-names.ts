/** The filter chains of Envoy that a chain of ours becomes: one, or for a while one per packing of its route table. */
import type { Chain } from '../../../ir/port.js'
import type { TablePacking } from '../packing.js'

/** The packing of a route table. */
export type PackingOf = (routeTable: string) => TablePacking

/** Names of filter chains, unique within the port: no name in the IR ends like that of a chain with scopes. */
export interface ChainNames {
  readonly all: readonly ChainName[]
  readonly ofNewConnections: string
}

/** A filter chain, and how it gets its routes. */
export interface ChainName {
  readonly name: string
  readonly packing: TablePacking['newConnections']
}

/** The filter chains of a chain. */
export function chainNames(chain: Chain, packingOf: PackingOf): ChainNames {
  if (chain.kind === 'stream') return { all: [{ name: chain.name, packing: 'rds' }], ofNewConnections: chain.name }
  const { rds, scopes, newConnections } = packingOf(chain.routeTable)
  const names = { rds: chain.name, scoped: `${chain.name}/scoped` }
  const all = [
    ...(rds ? [{ name: names.rds, packing: 'rds' } as const] : []),
    ...(scopes ? [{ name: names.scoped, packing: 'scoped' } as const] : []),
  ]
  return { all, ofNewConnections: names[newConnections] }
}

/** The filter chain of clients that may not connect to a chain with an authorization. */
export function deniedChainName({ name }: Chain): string {
  return `${name}/denied`
}
