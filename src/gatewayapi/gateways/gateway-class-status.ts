/** Status of GatewayClasses. Source: Gateway API v1.7, `GatewayClassConditionType`. */
import type { Problem } from '../conditions.js'
import { holdsUnless } from '../conditions.js'
import type { GatewayClassStatus } from '../object-status.js'
import type { OurClass } from './gateway-classes.js'

/**
 * The status of a class of ours.
 *
 * @param definitionsProblem what is wrong with the installed definitions of Gateway API
 * @param holders of a class that is being deleted, `namespace/name` of the Gateways that use it: it stays until they are gone. Undefined for any other
 */
export function gatewayClassStatus(
  { object, problem }: OurClass,
  supportedFeatures: readonly string[],
  definitionsProblem: string | undefined,
  holders: readonly string[] | undefined,
): GatewayClassStatus {
  const { generation } = object
  const unsupported: Problem | undefined =
    definitionsProblem === undefined ? undefined : { reason: 'UnsupportedVersion', message: definitionsProblem }
  const accepted = holdsUnless(
    'Accepted',
    problem ?? unsupported,
    { reason: 'Accepted', message: 'Gateways of this class are served.' },
    generation,
  )
  return {
    shape: 'gatewayClass',
    object,
    conditions: [
      // What is served is served meanwhile. The specification has no condition for a class that goes.
      holders === undefined ? accepted : { ...accepted, message: `${accepted.message} ${deletion(holders)}` },
      holdsUnless(
        'SupportedVersion',
        unsupported,
        { reason: 'SupportedVersion', message: 'The installed version of Gateway API is supported.' },
        generation,
      ),
    ],
    supportedFeatures,
  }
}

/** So many Gateways are named. */
const NAMED = 3

function deletion(holders: readonly string[]): string {
  if (holders.length === 0) return 'It is being deleted.'
  const more = holders.length > NAMED ? ` and ${holders.length - NAMED} more` : ''
  return `It is being deleted, and stays until the Gateways that use it are gone: ${holders.slice(0, NAMED).join(', ')}${more}.`
}
