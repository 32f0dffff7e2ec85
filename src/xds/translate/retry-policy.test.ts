import { describe, expect, it } from '@jest/globals'
import type { Retry } from '../../ir/forward.js'
import { DEFAULT_RETRY_POLICY, retryPolicy } from './retry-policy.js'

const retry = (more: Partial<Retry>): Retry => ({ attempts: 1, statusCodes: [], connectionErrors: true, ...more })

describe('retryPolicy', () => {
  it('leaves routes without wishes to the virtual host', () => {
    expect(retryPolicy(undefined, 0)).toBeUndefined()
    expect(DEFAULT_RETRY_POLICY).toMatchObject({ retryOn: 'connect-failure,refused-stream', numRetries: { value: 2 } })
  })

  it.each([
    {
      rule: 'codes are tried again',
      want: { retryOn: 'connect-failure,refused-stream,retriable-status-codes', retriableStatusCodes: [500] },
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
