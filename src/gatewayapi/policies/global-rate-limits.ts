/** Limits that all Envoys count together, in the rate limit service. */
import type { BackendTrafficPolicy, BackendTrafficSettings } from '../../gen/kinds.js'
import type { Collection, Graph } from '../../incremental/index.js'
import type { RateLimitDomain } from '../../ir/request-traffic.js'
import type { Problem } from '../conditions.js'
import { originsOf } from '../origins.js'
import type { Policies } from './policies.js'
import { rateLimitRule } from './rate-limit.js'

/** Declares what the service is told, by the key of the policy. It depends on no route: what a route counts by comes with each question. */
export function declareRateLimitDomains(graph: Graph, policies: Policies<BackendTrafficSettings>): Collection<RateLimitDomain> {
  return graph.collection<RateLimitDomain>('rate limit domains', {
    keys: policies.all,
    compute: (view, key) => {
      const policy = view.get(policies.all, key)
      if (policy === undefined || policy.problem !== undefined) return undefined
      const limit = policy.overrides?.rateLimit ?? policy.settings.rateLimit
      if (limit?.type !== 'Global') return undefined
      return { policy: key, rules: limit.rules.map(rateLimitRule), origins: originsOf([policy.object]) }
    },
  })
}

/** What is wrong with a policy where there is no rate limit service. */
export function serviceProblem(policy: BackendTrafficPolicy | undefined): Problem | undefined {
  const wanted = [policy?.spec.rateLimit, policy?.spec.overrides?.rateLimit].some((limit) => limit?.type === 'Global')
  if (!wanted) return undefined
  return { reason: 'UnsupportedValue', message: 'rateLimit.type: Global needs a rate limit service, and none is configured.' }
}
