/** What those see who ask a replica that does not lead, while nobody leads above all. */
import type { Problem } from '../../admin/sources.js'
import type { LeaseElector } from '../../k8s/lease-elector.js'
import { parseHolder } from './identity.js'

/**
 * A follower knows of its own proxies, and the leader of all. Nothing on the leader, and while one is about to be found.
 *
 * @param replica the name of this one
 * @param namespace that of the replicas
 */
export function leadershipProblem(
  replica: string,
  { holder, vacancy }: Pick<LeaseElector, 'holder' | 'vacancy'>,
  namespace: string,
): readonly Problem[] {
  if (vacancy !== undefined) {
    const message = `No replica leads: no status is written, and no Envoy is made or changed. This one could not: ${vacancy}`
    return [{ severity: 'error', where: `replica ${replica}`, message, isGeneral: true }]
  }
  const leader = parseHolder(holder).name
  if (leader === '' || leader === replica) return []
  const command = `kubectl exec --namespace ${namespace} ${leader} -- node /app/dist/gatewayctl.mjs status`
  const message = `What is said of proxies, as in Programmed, is about those connected to this replica. The leader knows all: ${command}`
  return [{ severity: 'warning', where: `replica ${replica}`, message, isGeneral: true }]
}
