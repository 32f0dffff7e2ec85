/** Whether Gateways and ListenerSets are accepted and programmed: the part of their statuses that others depend on. */
import type { Collection, Graph, View } from '../../incremental/index.js'
import type { ObjectKey } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import { deliveryProblem, NO_PROXY } from '../delivery-problem.js'
import type { Inputs } from '../inputs.js'
import { listenerKey } from '../listeners/listener-key.js'
import type { OurListenerSet } from '../listeners/listener-sets.js'
import type { ListenerState } from '../listeners/listener-states.js'
import { listenersNotValid, validity } from '../listeners/listener-verdicts.js'
import { addressProblem } from './gateway-addresses.js'
import type { OurGateway } from './gateways.js'

/** What is said of a Gateway or a ListenerSet as a whole. */
export interface Verdict {
  /** The Gateway: itself, or the parent of a ListenerSet. */
  readonly gateway: ObjectKey
  /** Why it is not accepted. */
  readonly accepted: Problem | undefined
  /** Present although it is accepted: some of its listeners are not valid. */
  readonly partly: Problem | undefined
  /** Why it is not programmed. */
  readonly programmed: Problem | undefined
  /** Why what is valid of it does not serve yet. */
  readonly delivery: Problem | undefined
}

/** Declares the verdicts over Gateways, by their key. */
export function declareGatewayVerdicts(
  graph: Graph,
  inputs: Inputs,
  gateways: Collection<OurGateway>,
  states: Collection<ListenerState>,
): Collection<Verdict> {
  return graph.collection<Verdict>('gateway verdicts', {
    report: true,
    keys: gateways,
    compute: (view, key) => {
      const gateway = view.get(gateways, key)
      if (gateway === undefined) return undefined
      const listeners = listenerStatesOf(view, states, gateway)
      const { accepted, partly } = acceptance(gateway.problem, listeners)
      const delivery = deliveryProblem(view, inputs, gateway.object)
      const addresses = view.get(inputs.addresses, key)
      const absence = delivery === NO_PROXY ? addresses?.absence : undefined
      const invalid = accepted && { reason: 'Invalid', message: accepted.message }
      return {
        gateway: gateway.key,
        accepted,
        partly,
        programmed: invalid ?? addressProblem(gateway.spec.addresses ?? [], addresses) ?? absence ?? delivery,
        delivery,
      }
    },
  })
}

/** Declares the verdicts over ListenerSets, by their key. */
export function declareListenerSetVerdicts(
  graph: Graph,
  inputs: Inputs,
  sets: Collection<OurListenerSet>,
  states: Collection<ListenerState>,
  gatewayVerdicts: Collection<Verdict>,
): Collection<Verdict> {
  return graph.collection<Verdict>('listener set verdicts', {
    report: true,
    keys: sets,
    compute: (view, key) => {
      const set = view.get(sets, key)
      if (set === undefined) return undefined
      const parent = view.get(gatewayVerdicts, set.gateway)
      const { accepted, partly } = acceptance(setProblem(set, parent), listenerStatesOf(view, states, set))
      const delivery = deliveryProblem(view, inputs, set.object)
      const parentProblem = parent?.programmed && {
        reason: 'ParentNotProgrammed',
        message: `The Gateway is not programmed: ${parent.programmed.message}`,
      }
      return { gateway: set.gateway, accepted, partly, programmed: accepted ?? parentProblem ?? delivery, delivery }
    },
  })
}

/** The states of the listeners of one object, in its order. */
export function listenerStatesOf(
  view: View,
  states: Collection<ListenerState>,
  parent: OurGateway | OurListenerSet,
): readonly ListenerState[] {
  return parent.spec.listeners.flatMap((listener) => view.get(states, listenerKey(parent.object, listener.name)) ?? [])
}

function acceptance(problem: Problem | undefined, listeners: readonly ListenerState[]): Pick<Verdict, 'accepted' | 'partly'> {
  if (problem !== undefined) return { accepted: problem, partly: undefined }
  switch (validity(listeners)) {
    case 'all':
      return { accepted: undefined, partly: undefined }
    case 'some':
      return { accepted: undefined, partly: listenersNotValid(listeners) }
    case 'none':
      return { accepted: listenersNotValid(listeners), partly: undefined }
  }
}

function setProblem(set: OurListenerSet, parent: Verdict | undefined): Problem | undefined {
  if (!set.allowed) {
    const message = `The Gateway "${set.gateway}" does not let ListenerSets of this namespace attach: its spec.allowedListeners decides.`
    return { reason: 'NotAllowed', message }
  }
  // A Gateway whose own listeners are all invalid still carries the listeners of others.
  if (parent?.accepted === undefined || parent.accepted.reason === 'ListenersNotValid') return undefined
  return { reason: 'ParentNotAccepted', message: `The Gateway "${set.gateway}" is not accepted: ${parent.accepted.message}` }
}
