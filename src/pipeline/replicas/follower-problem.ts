/** What those see who ask a replica that does not lead: it knows of its own proxies, and the leader of all. */
import type { Problem } from '../../admin/sources.js'
import { parseHolder } from './identity.js'

/**
 * Nothing on the leader, and while nobody is known to lead.
 *
 * @param replica the name of this one
 * @param holder what the Lease says; the empty string: nobody leads
 * @param namespace that of the replicas
 */
export function followerProblem(replica: string, holder: string, namespace: string): readonly Problem[] {
  const leader = parseHolder(holder).name
  if (leader === '' || leader === replica) return []
  const command = `kubectl exec --namespace ${namespace} ${leader} -- node /app/dist/gatewayctl.mjs status`
  const message = `What is said of proxies, as in Programmed, is about those connected to this replica. The leader knows all: ${command}`
  return [{ severity: 'warning', where: `replica ${replica}`, message, isGeneral: true }]
}
