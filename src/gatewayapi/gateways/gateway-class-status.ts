/** Status of GatewayClasses. Source: Gateway API v1.7, `GatewayClassConditionType`. */
import type { Problem } from '../conditions.js'
import { holdsUnless } from '../conditions.js'
import type { GatewayClassStatus } from '../object-status.js'
import type { OurClass } from './gateway-classes.js'

/**
 * The status of a class of ours.
 *
 * @param definitionsProblem what is wrong with the installed definitions of Gateway API
 */
export function gatewayClassStatus(
  { object, problem }: OurClass,
  supportedFeatures: readonly string[],
  definitionsProblem: string | undefined,
): GatewayClassStatus {
  const { generation } = object
  const unsupported: Problem | undefined =
    definitionsProblem === undefined ? undefined : { reason: 'UnsupportedVersion', message: definitionsProblem }
  return {
    shape: 'gatewayClass',
    object,
    conditions: [
      holdsUnless('Accepted', problem ?? unsupported, { reason: 'Accepted', message: 'Gateways of this class are served.' }, generation),
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
