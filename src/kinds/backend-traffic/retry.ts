/** When requests are tried again, as a BackendTrafficPolicy says it. */
import type { PolicyRetryBackOff as RetryBackOff } from '../../gen/kinds.js'
import { int32, list, object, oneOf, optional, required, rule, setOf } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { durationMilliseconds } from '../duration.js'
import { duration } from '../strings.js'

const RETRY_TRIGGERS = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
] as const

const backOff: ObjectSchema = object(
  'PolicyRetryBackOff',
  'The wait before a retry, which doubles from retry to retry.',
  {
    baseInterval: required(duration, 'The first wait, at most.'),
    maxInterval: optional(duration, 'The longest wait; ten times the base when left out.'),
  },
  {
    rules: [
      rule<RetryBackOff>(
        'backoff-base-not-above-max',
        '!has(self.maxInterval) || duration(self.baseInterval) <= duration(self.maxInterval)',
        'baseInterval must not be greater than maxInterval',
        (self) => self.maxInterval === undefined || durationMilliseconds(self.baseInterval) <= durationMilliseconds(self.maxInterval),
      ),
    ],
  },
)

/** When requests are tried again. */
export const retry: ObjectSchema = object('BackendRetry', 'When requests are tried again; not for Services.', {
  numRetries: optional(int32({ minimum: 0 }), 'Retries besides the first try; 2 when left out, 0 switches them off.'),
  numAttemptsPerPriority: optional(
    int32({ minimum: 1, maximum: 100 }),
    'After so many tries in one priority of endpoints the next priority is tried, whether the first is healthy or not.',
  ),
  retryOn: optional(
    object('BackendRetryOn', 'What is tried again; what cannot have reached a backend when left out.', {
      triggers: optional(
        setOf(oneOf(RETRY_TRIGGERS, { name: 'RetryTrigger' }), { maxItems: RETRY_TRIGGERS.length }),
        'Events, in the words of Envoy.',
      ),
      httpStatusCodes: optional(list(int32({ minimum: 100, maximum: 599 }), { maxItems: 64 }), 'Answers.'),
    }),
    'What is tried again.',
  ),
  perRetry: optional(
    object('BackendPerRetry', 'What holds for a single try.', {
      timeout: optional(duration, 'How long it may take.'),
      idleTimeout: optional(duration, 'How long nothing may come from the backend.'),
      backOff: optional(backOff, 'The wait before a retry.'),
    }),
    'What holds for a single try.',
  ),
})
