/** XBackendTrafficPolicy. Source: Gateway API v1.7.0, `apisx/v1alpha1/xbackendtrafficpolicy_types.go` (experimental). */
import { integer, listBy, object, optional, required, rule, withRules } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'
import { durationMilliseconds } from './duration.js'
import { localPolicyTargetReference, policyStatus } from './policy.js'
import { sessionPersistence } from './session-persistence.js'
import { duration } from './strings.js'

const HOUR_MILLISECONDS = 3_600_000

const budget: ObjectSchema = object('BudgetDetails', 'How many retries there may be beside first tries.', {
  percent: optional(integer({ minimum: 0, maximum: 100 }), 'Share of all requests that may be retries, in percent.', { default: 20 }),
  interval: optional(
    withRules(
      duration,
      rule<string>(
        'budget-interval-bounds',
        "!(duration(self) < duration('1s') || duration(self) > duration('1h'))",
        'interval cannot be greater than one hour or less than one second',
        (self) => durationMilliseconds(self) >= 1_000 && durationMilliseconds(self) <= HOUR_MILLISECONDS,
      ),
    ),
    'Over which time requests are counted.',
    { default: '10s' },
  ),
})

const requestRate: ObjectSchema = object('RequestRate', 'A number of requests in a time.', {
  count: optional(integer({ minimum: 1, maximum: 1_000_000 }), 'How many requests.'),
  interval: optional(
    withRules(
      duration,
      rule<string>(
        'rate-interval-bounds',
        "!(duration(self) == duration('0s') || duration(self) > duration('1h'))",
        'interval cannot be greater than one hour',
        (self) => durationMilliseconds(self) > 0 && durationMilliseconds(self) <= HOUR_MILLISECONDS,
      ),
    ),
    'In which time.',
  ),
})

const retryConstraint: ObjectSchema = object('RetryConstraint', 'How many retries a backend has to bear.', {
  budget: optional(budget, 'How many retries there may be beside first tries.', { default: { percent: 20, interval: '10s' } }),
  minRetryRate: optional(requestRate, 'Retries that are always allowed.', { default: { count: 10, interval: '1s' } }),
})

const spec: ObjectSchema = object('XBackendTrafficPolicySpec', 'How requests to backends are treated.', {
  targetRefs: required(listBy(['group', 'kind', 'name'], localPolicyTargetReference, { minItems: 1, maxItems: 16 }), 'The backends.'),
  retryConstraint: optional(retryConstraint, 'How many retries a backend has to bear.'),
  sessionPersistence: optional(sessionPersistence, 'Keeps the requests of one session on one endpoint.'),
})

/** XBackendTrafficPolicy: how requests to backends are treated. */
export const xBackendTrafficPolicy: KindDefinition = {
  kind: 'XBackendTrafficPolicy',
  group: 'gateway.networking.x-k8s.io',
  versions: ['v1alpha1'],
  plural: 'xbackendtrafficpolicies',
  shortNames: ['xbtrafficpolicy'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: false,
  policy: 'Direct',
  schema: object('XBackendTrafficPolicy', 'How requests to backends are treated: retry budgets and sticky sessions.', {
    spec: required(spec, 'How requests to backends are treated.'),
    status: optional(policyStatus, 'What controllers say of it.'),
  }),
}
