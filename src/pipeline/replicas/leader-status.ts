/** What the leader says of objects, asked from another replica: the leader alone knows how far all proxies are. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js'
import type { StatusReport } from '../../admin/sources.js'
import type { LeaseElector } from '../../k8s/lease-elector.js'
import { type Asked, askReplica, onlyReplicas } from './ask.js'
import { parseHolder } from './identity.js'
import type { Sight } from './service.js'

/** Answers other replicas. */
export function statusServer(replica: string, status: () => StatusReport): UntypedServiceImplementation {
  return { Status: onlyReplicas((): Sight => ({ replica, json: JSON.stringify(status()) })) }
}

/**
 * Asks the leader. Undefined where that is this replica, where nobody leads, and where the leader does not say how it is reached.
 *
 * @param self the name of this replica
 * @throws what keeps the leader from answering
 */
export async function askLeader(
  self: string,
  { holder, vacancy }: Pick<LeaseElector, 'holder' | 'vacancy'>,
  how: Omit<Asked, 'address'>,
): Promise<StatusReport | undefined> {
  const { name, address } = parseHolder(holder)
  if (vacancy !== undefined || name === self || address === undefined) return undefined
  const { json } = await askReplica<Sight>('Status', {}, { ...how, address })
  return JSON.parse(json) as StatusReport
}
