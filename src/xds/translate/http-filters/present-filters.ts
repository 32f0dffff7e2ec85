/**
 * Filters that routes enable, present for all: one filter of Envoy stands for a run of them, so that one word switches all of them off.
 *
 * Source: envoy/extensions/filters/http/filter_chain/v3 (since Envoy 1.39). The filters of such a group have their own names, by which they
 * find their configuration in routes.
 */
import type { Any } from '../../message.js'
import { groupConfig } from './filter-group.js'
import type { HttpFilter } from './http-filter.js'

/** One filter that stands for several. */
export interface PresentFilterGroup {
  readonly name: string
  readonly config: Any
  /** The filter before which the group stands. */
  readonly first: HttpFilter
}

/** Runs of filters that are disabled in the chain. What arrives for the group of proxies cannot be part of one. */
export function presentFilterGroups(filters: readonly HttpFilter[]): readonly PresentFilterGroup[] {
  return runsOf(filters).map(({ first, members }, at) => ({
    name: `headgate.present.${at}`,
    config: groupConfig(members),
    first,
  }))
}

interface Run {
  readonly first: HttpFilter
  readonly members: (readonly [name: string, config: Any])[]
}

function runsOf(filters: readonly HttpFilter[]): readonly Run[] {
  const runs: Run[] = []
  let open: Run | undefined
  for (const filter of filters) {
    const { name, config, disabled } = filter
    if (!disabled || 'discovered' in config) {
      open = undefined
      continue
    }
    if (open === undefined) {
      open = { first: filter, members: [] }
      runs.push(open)
    }
    open.members.push([name, config])
  }
  return runs
}
