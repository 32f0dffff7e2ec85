/** What is told of another installation that has the same controllerName. */
import type { Problem } from '../../admin/sources.js'
import type { Rival } from '../../infra/kubernetes/class-claims.js'
import type { StatusEvent } from '../../status/status-events.js'

const ADVICE = 'Give one of them a controllerName and a GatewayClass of its own, or remove it.'

/**
 * The Event below the class that both serve.
 *
 * @param own this installation, `namespace/name`
 */
export function rivalEvent({ installation, leads }: Rival, own: string): StatusEvent {
  const [leader, other] = leads ? [installation, own] : [own, installation]
  return {
    type: 'Warning',
    reason: 'SecondInstallation',
    note: `The installation ${leader} serves this class. ${other} has the same controllerName: it stands aside and writes nothing. ${ADVICE}`,
  }
}

/**
 * What those see who ask the installation that stands aside.
 *
 * @param leader the other installation, `namespace/name`
 */
export function rivalProblem(leader: string): Problem {
  const message = `This installation stands aside and writes nothing: ${leader} has the same controllerName. ${ADVICE}`
  return { severity: 'error', where: 'controllerName', message, isGeneral: true }
}
