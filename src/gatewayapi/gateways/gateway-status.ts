/** Status of Gateways. Source: Gateway API v1.7, `GatewayConditionType`. */

import { GATEWAY_SERVES, holds, holdsUnless, type Problem } from '../conditions.js'
import type { GatewayAddresses } from '../inputs.js'
import { allowsInsecureFallback } from '../listeners/frontend-validation.js'
import type { Condition } from '../model.js'
import type { GatewayStatus, ListenerStatus } from '../object-status.js'
import type { BackendClientCertificate } from './backend-client-certificates.js'
import { addressesAssigned } from './gateway-addresses.js'
import type { Verdict } from './gateway-verdicts.js'
import type { OurGateway } from './gateways.js'

/** What the status of a Gateway is made of. */
export interface GatewayFacts {
  readonly verdict: Verdict
  readonly addresses: GatewayAddresses | undefined
  readonly clientCertificate: BackendClientCertificate | undefined
  /** What of the telemetry that its configuration asks for is not in use, and why. */
  readonly telemetry: Problem | undefined
  readonly listeners: readonly ListenerStatus[]
  readonly attachedListenerSets: number
}

/** The status of a Gateway. */
export function gatewayStatus(gateway: OurGateway, facts: GatewayFacts): GatewayStatus {
  return {
    shape: 'gateway',
    object: gateway.object,
    conditions: conditions(gateway, facts),
    addresses: facts.addresses?.assigned ?? [],
    listeners: facts.listeners,
    attachedListenerSets: facts.attachedListenerSets,
  }
}

function conditions({ object, spec }: OurGateway, facts: GatewayFacts): readonly Condition[] {
  const { verdict, addresses } = facts
  const { generation } = object
  const accepted = { reason: 'Accepted', message: 'The Gateway is valid.' }
  return [
    holdsUnless('Accepted', verdict.accepted, verdict.partly ?? accepted, generation),
    holdsUnless(
      'Programmed',
      verdict.programmed,
      { reason: 'Programmed', message: [GATEWAY_SERVES, addresses?.shortage ?? []].flat().join(' ') },
      generation,
    ),
    holdsUnless('ResolvedRefs', referenceProblem(facts), { reason: 'ResolvedRefs', message: 'Every reference is resolved.' }, generation),
    ...addressesAssigned(spec.addresses ?? [], addresses?.assigned ?? [], generation),
    ...(allowsInsecureFallback(spec.tls?.frontend)
      ? [holds('InsecureFrontendValidationMode', 'ConfigurationChanged', INSECURE_MESSAGE, generation)]
      : []),
    ...(spec.defaultScope === 'All'
      ? [holds('DefaultGateway', 'DefaultGateway', 'Routes that ask for default Gateways attach; the scope is All.', generation)]
      : []),
  ]
}

const INSECURE_MESSAGE = 'AllowInsecureFallback lets clients in whose certificate is missing or not valid: backends must not rely on it.'

function referenceProblem({ clientCertificate, telemetry, listeners }: GatewayFacts): Problem | undefined {
  if (clientCertificate?.problem !== undefined) return clientCertificate.problem
  const unresolved = listeners.filter((listener) =>
    listener.conditions.some(({ type, status }) => type === 'ResolvedRefs' && status === 'False'),
  )
  if (unresolved.length === 0) return telemetry
  const names = unresolved.map((listener) => `"${listener.name}"`).join(', ')
  return { reason: 'ListenersNotResolved', message: `References of listeners are not resolved: ${names}. Their own conditions say why.` }
}
