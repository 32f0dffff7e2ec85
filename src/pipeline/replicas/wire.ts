/** Between our own types and the messages of replica.proto. */

import type { RejectedVersion } from '../../xds/rejected-versions.js'
import { isServed } from '../../xds/server/push-order.js'
import type { GroupState, ObjectStates } from '../deliveries/group-states.js'
import type { ObjectDelivery, WireRejectedVersion } from './service.js'

const TO_WIRE = { noProxy: 'NO_PROXY', pending: 'PENDING', acknowledged: 'ACKNOWLEDGED' } as const
const FROM_WIRE: Readonly<Record<ObjectDelivery['groups'][number]['state'], GroupState>> = {
  NO_PROXY: 'noProxy',
  PENDING: 'pending',
  ACKNOWLEDGED: 'acknowledged',
}

/** Undefined states: the object is gone. */
export function toWire(object: string, states: ObjectStates | undefined): ObjectDelivery {
  if (states === undefined) return { object, generation: 0, groups: [] }
  return { object, generation: states.generation, groups: [...states.groups].map(([group, state]) => ({ group, state: TO_WIRE[state] })) }
}

/** The states of a message; undefined: the object is gone. */
export function fromWire({ generation, groups }: ObjectDelivery): ObjectStates | undefined {
  if (generation === 0) return undefined
  return { generation, groups: new Map(groups.map(({ group, state }) => [group, FROM_WIRE[state]])) }
}

/** Undefined for a type that we do not serve: a replica of another version may. */
export function rejectedFromWire({ typeUrl, by, ...rest }: WireRejectedVersion): RejectedVersion | undefined {
  return isServed(typeUrl) ? { typeUrl, ...rest, ...(by == null ? {} : { by }) } : undefined
}
