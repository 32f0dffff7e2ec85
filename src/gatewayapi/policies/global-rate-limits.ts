/** Limits that all Envoys count together, in the rate limit service. */
import type { BackendTrafficPolicy } from '../../gen/kinds.js'
import type { Problem } from '../conditions.js'

/** What is wrong with a policy where there is no rate limit service. */
export function serviceProblem(policy: BackendTrafficPolicy | undefined): Problem | undefined {
  const wanted = [policy?.spec.rateLimit, policy?.spec.overrides?.rateLimit].some((limit) => limit?.type === 'Global')
  if (!wanted) return undefined
  return { reason: 'UnsupportedValue', message: 'rateLimit.type: Global needs a rate limit service, and none is configured.' }
}
