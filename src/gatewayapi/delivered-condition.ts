/** Whether proxies have taken the configuration of an object. */
import { fails, holds } from './conditions.js'
import type { Delivery, Quarantine } from './inputs.js'
import type { Condition } from './model.js'

/** The type of the condition; it says nothing about the specification, so it is ours. */
export const DELIVERED = 'headgate.dev/Delivered'

/** True when every connected proxy has acknowledged this generation, False with the words of the proxy that refused it. Undefined: nobody knows. */
export function deliveredCondition(
  delivery: Delivery | undefined,
  quarantine: Quarantine | undefined,
  generation: number,
): Condition | undefined {
  if (quarantine?.generation === generation && quarantine.state === 'rejected') return refused(quarantine.message, generation)
  if (delivery === undefined) return undefined
  switch (delivery.state) {
    case 'delivered':
      return delivery.acknowledgedGeneration >= generation
        ? holds(DELIVERED, 'Delivered', 'All connected proxies use this generation.', generation)
        : undefined
    case 'rejected':
      return refused(delivery.message ?? '', generation)
    case 'withheld':
      return fails(DELIVERED, { reason: 'Withheld', message: `Proxies do not get it: ${delivery.message ?? ''}` }, generation)
    case 'pending':
    case 'noProxy':
      return undefined
  }
}

function refused(message: string, generation: number): Condition {
  return fails(DELIVERED, { reason: 'Rejected', message: `Envoy refused it: ${message}` }, generation)
}
