/** How far one object is on the proxies of several groups, and of several replicas of the control plane. */
import type { Delivery } from '../../gatewayapi/inputs.js'

/** Where one group of proxies is with one object. */
export type GroupState = 'noProxy' | 'pending' | 'acknowledged'

/** Where the groups that serve an object are with one of its generations. */
export interface ObjectStates {
  readonly generation: number
  /** By group. */
  readonly groups: ReadonlyMap<string, GroupState>
}

/**
 * The state of an object over all replicas: every group that serves it must have a proxy somewhere, and no proxy of any replica may be
 * behind.
 *
 * @param own what this replica says; its groups are those that count
 * @param others what other replicas say, perhaps about an older generation
 */
export function combineStates(own: ObjectStates, others: Iterable<ObjectStates>): Exclude<Delivery['state'], 'rejected' | 'withheld'> {
  const replicas = [own, ...others]
  const groups = [...own.groups.keys()].map((group) => overReplicas(group, own.generation, replicas))
  if (groups.length === 0 || groups.includes('noProxy')) return 'noProxy'
  return groups.includes('pending') ? 'pending' : 'delivered'
}

function overReplicas(group: string, generation: number, replicas: readonly ObjectStates[]): GroupState {
  const states = replicas.map((replica) => {
    const state = replica.groups.get(group) ?? 'noProxy'
    // A replica that has not seen this generation yet cannot have sent it.
    return state === 'acknowledged' && replica.generation < generation ? 'pending' : state
  })
  const connected = states.filter((state) => state !== 'noProxy')
  if (connected.length === 0) return 'noProxy'
  return connected.includes('pending') ? 'pending' : 'acknowledged'
}
