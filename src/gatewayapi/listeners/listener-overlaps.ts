/**
 * TLS listeners of one port whose hosts or certificates overlap: a client may then reuse a connection of one for the host of the other, which
 * we answer with 421.
 *
 * Source: Gateway API v1.7, listener condition `OverlappingTLSConfig`.
 */
import type { Collection, Graph } from '../../incremental/index.js'
import type { Hostname } from '../../ir/hostname.js'
import { toHostname, wildcardsOver } from '../hostnames.js'
import type { ListenerKey } from '../model.js'
import type { ListenerState } from './listener-states.js'
import { terminatesTls } from './listener-tls.js'

/** A reason of `OverlappingTLSConfig`. */
export type OverlapReason = 'OverlappingHostnames' | 'OverlappingCertificates'

/** By `ListenerKey`: listeners that overlap with another one. */
export type ListenerOverlaps = Collection<OverlapReason>

/** Declares the overlaps of listeners. */
export function declareListenerOverlaps(graph: Graph, states: Collection<ListenerState>): ListenerOverlaps {
  const byPort = graph.index(states, 'TLS listeners by port', ({ declared, conflict }) =>
    declared.allowed && conflict === undefined && terminatesTls(declared) ? [declared.portWord] : [],
  )
  const ofPorts = graph.collection<ReadonlyMap<ListenerKey, OverlapReason>>('overlaps of ports', {
    report: true,
    keys: byPort,
    compute: (view, word) => findOverlaps(view.list(byPort, word)),
  })
  // One by one, so that a listener that comes to a port with thousands touches the statuses of those that it overlaps with.
  return graph.collection<OverlapReason>('listener overlaps', {
    report: true,
    keys: states,
    compute: (view, key) => {
      const state = view.get(states, key)
      return state && view.get(ofPorts, state.declared.portWord)?.get(state.declared.key)
    },
  })
}

/** The listeners that overlap with another one. Where both reasons hold, certificates are named. */
function findOverlaps(states: readonly ListenerState[]): ReadonlyMap<ListenerKey, OverlapReason> {
  const hosts = overlapping(states, ({ declared }) => [declared.hostname])
  const certificates = overlapping(states, ({ certificateNames }) => certificateNames.map(toHostname))
  const overlaps = new Map<ListenerKey, OverlapReason>()
  for (const key of hosts) overlaps.set(key, 'OverlappingHostnames')
  for (const key of certificates) overlaps.set(key, 'OverlappingCertificates')
  return overlaps
}

/** The listeners one of whose names is, covers, or is covered by a name of another listener. Undefined covers every name. */
function overlapping(
  states: readonly ListenerState[],
  namesOf: (state: ListenerState) => readonly (Hostname | undefined)[],
): ReadonlySet<ListenerKey> {
  const holders = new Map<Hostname | undefined, Set<ListenerKey>>()
  for (const state of states) {
    for (const name of namesOf(state)) holders.set(name, (holders.get(name) ?? new Set()).add(state.declared.key))
  }
  const overlapping = new Set<ReadonlySet<ListenerKey>>()
  for (const [name, own] of holders) {
    const covering = name === undefined ? [name] : [name, ...wildcardsOver(name), undefined]
    const all = covering.flatMap((other) => holders.get(other) ?? [])
    const [first] = own
    if (all.some((each) => each.size > 1 || (first !== undefined && !each.has(first)))) for (const each of all) overlapping.add(each)
  }
  return new Set([...overlapping].flatMap((each) => [...each]))
}
