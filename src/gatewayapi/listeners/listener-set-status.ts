/** Status of ListenerSets. Source: Gateway API v1.7, `ListenerSetConditionType`. */
import { holdsUnless } from '../conditions.js'
import type { Verdict } from '../gateways/gateway-verdicts.js'
import type { ListenerSetStatus, ListenerStatus } from '../object-status.js'
import type { OurListenerSet } from './listener-sets.js'

/** The status of a ListenerSet. One that may not attach says nothing of its listeners. */
export function listenerSetStatus(
  { object, allowed }: OurListenerSet,
  verdict: Verdict,
  listeners: readonly ListenerStatus[],
): ListenerSetStatus {
  const { generation } = object
  const accepted = { reason: 'Accepted', message: 'The ListenerSet is attached to its Gateway.' }
  return {
    shape: 'listenerSet',
    object,
    conditions: [
      holdsUnless('Accepted', verdict.accepted, verdict.partly ?? accepted, generation),
      holdsUnless(
        'Programmed',
        verdict.programmed,
        { reason: 'Programmed', message: 'Every connected proxy serves the ListenerSet.' },
        generation,
      ),
    ],
    listeners: allowed ? listeners : [],
  }
}
