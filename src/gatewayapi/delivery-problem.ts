/** Whether the configuration made from an object serves: what its proxies have said. */
import type { View } from '../incremental/index.js'
import type { ObjectVersion } from '../util/object-ref.js'
import type { Problem } from './conditions.js'
import type { Delivery, Inputs, Quarantine } from './inputs.js'

/** Nobody is there who could serve. */
export const NO_PROXY: Problem = { reason: 'Pending', message: 'No proxy is connected yet.' }

/** Why the present generation of an object does not serve yet; undefined once every connected proxy has it. */
export function deliveryProblem(view: View, inputs: Inputs, object: ObjectVersion): Problem | undefined {
  const key = `${object.kind}/${object.namespace}/${object.name}`
  const quarantine = view.get(inputs.quarantines, key)
  if (quarantine?.generation === object.generation) return heldBack(quarantine)
  return problemOf(view.get(inputs.deliveries, key), object.generation)
}

function problemOf(delivery: Delivery | undefined, generation: number): Problem | undefined {
  if (delivery?.state === 'rejected') return refused(delivery.message)
  if (delivery?.state === 'withheld') return { reason: 'Pending', message: `Proxies do not get it: ${delivery.message ?? ''}` }
  // Proxies that join, leave or restart take nothing back: what was acknowledged once stays programmed.
  if (delivery !== undefined && delivery.acknowledgedGeneration >= generation) return undefined
  if (delivery === undefined || delivery.state === 'noProxy') return NO_PROXY
  return { reason: 'Pending', message: 'The proxies have not acknowledged the configuration yet.' }
}

function heldBack({ state, message }: Quarantine): Problem {
  if (state === 'rejected') return refused(message)
  return { reason: 'Pending', message: `Held back while the object that Envoy refuses is being found among several: ${message}` }
}

function refused(message: string | undefined): Problem {
  const hint = message?.includes(": cannot bind '") ? `. ${NOT_THE_GATEWAY}` : ''
  return { reason: 'Invalid', message: `Envoy refused the configuration${message === undefined ? '.' : `: ${message}${hint}`}` }
}

/** Envoy names the address, and neither whose fault it is nor what becomes of it. */
const NOT_THE_GATEWAY =
  'The machine of a proxy does not let it have this address: what is new of the object waits for it everywhere. In a cluster it is tried again each minute.'
