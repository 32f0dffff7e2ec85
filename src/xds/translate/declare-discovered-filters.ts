/** Configuration of filters by groups, as a part of the graph: what the routes of a group name, each once. */
import type { Collection, Graph } from '../../incremental/index.js'
import type { JwtRequirement } from '../../ir/authentication.js'
import type { EncodedResource } from '../resource.js'
import type { IrCollections } from './collections.js'
import type { RouteCollections } from './declare-routes.js'
import { encodeJwtFilter } from './discovered-filters.js'
import { sameResource } from './encoded.js'
import { CHAIN_EXTENSIONS } from './http-filters/index.js'
import { parseResourceKey, resourceKey } from './resource-key.js'

/** A requirement that the routes of a group name. */
interface RequirementUse {
  readonly group: string
  readonly requirement: string
}

/** Neither names of route tables nor of requirements have a bar. */
const BETWEEN = '|'

/** Declares the configuration of filters, by `resourceKey`: every group has one of each, under the same names. */
export function declareDiscoveredFilters(
  graph: Graph,
  ir: Pick<IrCollections, 'ports' | 'jwtRequirements'>,
  { virtualHostBytes, frames }: RouteCollections,
): Collection<EncodedResource> {
  const words = graph.index(virtualHostBytes, 'token requirements of virtual hosts', ({ routeTable, jwtRequirements }) =>
    jwtRequirements.map((requirement) => `${routeTable}${BETWEEN}${requirement}`),
  )
  const uses = graph.collection<RequirementUse>('token requirements of route tables', {
    keys: words,
    compute: (view, word) => {
      const [routeTable = '', requirement = ''] = word.split(BETWEEN)
      const group = view.get(frames, routeTable)?.group
      return group === undefined ? undefined : { group, requirement }
    },
  })
  const usesByGroup = graph.index(uses, 'token requirements by group', ({ group }) => [group])
  const groups = graph.index(ir.ports, 'groups with extensions', ({ group, chains }) =>
    chains.some(({ kind }) => kind === 'http') ? CHAIN_EXTENSIONS.map((reference) => resourceKey(group, reference)) : [],
  )
  return graph.collection<EncodedResource>('extensions', {
    keys: groups,
    compute: (view, key) => {
      const group = parseResourceKey(key)?.group
      if (group === undefined) return undefined
      const names = new Set(view.list(usesByGroup, group).map(({ requirement }) => requirement))
      return encodeJwtFilter(requirementsOf((name) => view.get(ir.jwtRequirements, name), names))
    },
    equal: sameResource,
  })
}

function requirementsOf(get: (name: string) => JwtRequirement | undefined, names: ReadonlySet<string>): readonly JwtRequirement[] {
  return [...names].sort().flatMap((name) => get(name) ?? [])
}
