/** Status of one listener, of a Gateway or of a ListenerSet. Source: Gateway API v1.7, `ListenerConditionType`. */
import { fails, GATEWAY_GROUP, holds, holdsUnless, type Problem } from '../conditions.js'
import type { Condition } from '../model.js'
import type { ListenerStatus } from '../object-status.js'
import type { OverlapReason } from './listener-overlaps.js'
import { type ListenerState, summary } from './listener-states.js'

/** What the status of a listener depends on besides the listener. */
export interface ListenerFacts {
  readonly attachedRoutes: number
  readonly overlap: OverlapReason | undefined
  /** References of its filters that lead nowhere. */
  readonly filters: Problem | undefined
  /** Why the object that declares the listener is not programmed although it could be. */
  readonly delivery: Problem | undefined
}

/** The status of a listener. */
export function listenerStatus(state: ListenerState, facts: ListenerFacts): ListenerStatus {
  return {
    name: state.declared.spec.name,
    supportedKinds: state.supportedKinds.map((kind) => ({ group: GATEWAY_GROUP, kind })),
    attachedRoutes: facts.attachedRoutes,
    conditions: conditions(state, facts),
  }
}

function conditions(state: ListenerState, { overlap, filters, delivery }: ListenerFacts): readonly Condition[] {
  const { accepted, conflict } = state
  const references = summary([state.references, filters].filter((each) => each !== undefined))
  const { generation } = state.declared.parent
  return [
    holdsUnless('Accepted', accepted, { reason: 'Accepted', message: 'The listener is valid.' }, generation),
    conflict === undefined
      ? fails('Conflicted', { reason: 'NoConflicts', message: 'No other listener wants the same.' }, generation)
      : holds('Conflicted', conflict.reason, conflict.message, generation),
    holdsUnless('ResolvedRefs', references, { reason: 'ResolvedRefs', message: resolvedMessage(state) }, generation),
    holdsUnless(
      'Programmed',
      notServed(state) ?? delivery,
      { reason: 'Programmed', message: 'Every connected proxy serves the listener.' },
      generation,
    ),
    ...(overlap === undefined ? [] : [holds('OverlappingTLSConfig', overlap, OVERLAP_MESSAGES[overlap], generation)]),
  ]
}

const OVERLAP_MESSAGES: Readonly<Record<OverlapReason, string>> = {
  OverlappingHostnames:
    'The hostname overlaps with that of another TLS listener of the port: a request for its host over a connection to this listener gets 421.',
  OverlappingCertificates:
    'A certificate is also valid for hosts of another TLS listener of the port: a request for its host over a connection to this listener gets 421.',
}

function resolvedMessage({ validUntil }: ListenerState): string {
  const resolved = 'Every reference is resolved'
  return validUntil === undefined ? `${resolved}.` : `${resolved}; the first certificate expires at ${validUntil}.`
}

/** Reasons that every condition of a listener repeats. */
const REPEATED = ['HostnameConflict', 'ProtocolConflict', 'PortUnavailable', 'InvalidTLSConfig']

/** Why a listener serves nothing, whatever the proxies say. */
function notServed(state: ListenerState): Problem | undefined {
  const { accepted, references, declared, closed, serves } = state
  if (accepted !== undefined) return { reason: REPEATED.includes(accepted.reason) ? accepted.reason : 'Invalid', message: accepted.message }
  if (declared.refused !== undefined) return { reason: 'Invalid', message: `Envoy refused the configuration: ${declared.refused}` }
  if (closed !== undefined) return { reason: 'Invalid', message: closed.message }
  return serves ? undefined : { reason: 'Invalid', message: references?.message ?? 'The listener cannot be served.' }
}
