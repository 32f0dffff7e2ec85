import { describe, expect, it } from '@jest/globals'
import type { Retry } from '../../../ir/forward.js'
import { allTriesMs, DEFAULT_RETRY_POLICY, hedgePolicy, retryPolicy } from './retry-policy.js'

const retry = (more: Partial<Retry>): Retry => ({ attempts: 1, statusCodes: [], connectionErrors: true, ...more })

describe('retryPolicy', () => {
  it('leaves routes without wishes to the virtual host', () => {
    expect(retryPolicy(undefined, 0)).toBeUndefined()
    expect(DEFAULT_RETRY_POLICY).toMatchObject({ retryOn: 'connect-failure,refused-stream', numRetries: { value: 2 } })
  })

  it.each([
    {
      rule: 'codes are tried again',
      want: { retryOn: 'connect-failure,refused-stream,unavailable,retriable-status-codes', retriableStatusCodes: [500] },
      retry: retry({ statusCodes: [500] }),
    },
    {
      rule: 'for gRPC 503 is UNAVAILABLE',
      want: { retryOn: 'unavailable,retriable-status-codes' },
      retry: retry({ statusCodes: [503], connectionErrors: false }),
    },
    { rule: 'attempts come on top of the first', want: { numRetries: { value: 7 } }, retry: retry({ attempts: 7 }) },
    {
      rule: 'backoff begins with its base',
      want: { retryBackOff: { baseInterval: { seconds: 0, nanos: 5e8 }, maxInterval: { seconds: 2, nanos: 0 } } },
      retry: retry({ backoffBaseMs: 500, backoffMaxMs: 2000 }),
    },
    {
      rule: 'nobody waits where no connection was had',
      want: { retryBackOff: { baseInterval: { seconds: 0, nanos: 1e6 } } },
      retry: retry({}),
    },
    {
      rule: 'a backoff never shrinks, which Envoy refuses',
      want: { retryBackOff: { maxInterval: { seconds: 1, nanos: 0 } } },
      retry: retry({ backoffBaseMs: 1000, backoffMaxMs: 10 }),
    },
  ])('$rule', ({ retry, want }) => {
    expect(retryPolicy(retry, 0)).toMatchObject(want)
  })

  it.each([
    { rule: 'no attempts switch off what the virtual host says', retry: retry({ attempts: 0, statusCodes: [500] }) },
    { rule: 'nothing to retry on switches it off as well', retry: retry({ connectionErrors: false }) },
  ])('$rule', ({ retry }) => {
    expect(retryPolicy(retry, 0)).toEqual({ numRetries: { value: 0 } })
  })

  it('holds the time of one try, with or without retries', () => {
    const perTryTimeout = { seconds: 0, nanos: 1e8 }
    expect(retryPolicy(undefined, 100)).toEqual({ ...DEFAULT_RETRY_POLICY, perTryTimeout })
    expect(retryPolicy(retry({ attempts: 0 }), 100)).toEqual({ numRetries: { value: 0 }, perTryTimeout })
  })
})

describe('a try that takes too long', () => {
  it.each([
    {
      rule: 'is followed by the next where the route asks for retries',
      retry: retry({}),
      perTryMs: 100,
      want: { hedgeOnPerTryTimeout: true },
    },
    { rule: 'is the last where it asks for none', retry: retry({ attempts: 0 }), perTryMs: 100, want: undefined },
    { rule: 'is the last where it asks for nothing', retry: undefined, perTryMs: 100, want: undefined },
    { rule: 'never is without a limit', retry: retry({}), perTryMs: 0, want: undefined },
  ])('$rule', ({ retry, perTryMs, want }) => {
    expect(hedgePolicy(retry, perTryMs)).toEqual(want)
  })

  it.each([
    { rule: 'one try', retry: retry({ attempts: 0 }), want: 1000 },
    { rule: 'the default', retry: undefined, want: 3000 + 1 + 2 },
    { rule: 'the rest of a backend that answers', retry: retry({ attempts: 2, statusCodes: [503] }), want: 3000 + 25 + 50 },
    { rule: 'waits that double', retry: retry({ attempts: 3, backoffBaseMs: 100 }), want: 4000 + 100 + 200 + 400 },
    { rule: 'waits up to their bound', retry: retry({ attempts: 3, backoffBaseMs: 100, backoffMaxMs: 150 }), want: 4000 + 100 + 150 + 150 },
  ])('together with all others ends in time: $rule', ({ retry, want }) => {
    expect(allTriesMs(retry, 1000)).toBe(want)
  })

  it('takes no longer together than Envoy can count', () => {
    const longestMs = 4 * 99_999 * 3_600_000
    expect(allTriesMs(retry({ attempts: 100 }), longestMs)).toBeLessThan(2 ** 63 / 1e6)
  })

  it.each([2_147_483_647, Number.MAX_SAFE_INTEGER])(
    'is as soon known for %s tries, which the schema of routes lets through',
    (attempts) => {
      expect(allTriesMs(retry({ attempts }), 1)).toBeGreaterThan(11 * 2_147_483_000)
      expect(retryPolicy(retry({ attempts }), 1)?.numRetries?.value).toBeLessThan(2 ** 32)
    },
  )
})
