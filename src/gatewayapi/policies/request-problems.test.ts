import { describe, expect, it } from '@jest/globals'
import type { RateLimitSelector, RateLimitSpec } from '../../gen/kinds.js'
import { requestProblem } from './request-problems.js'

/** A limit whose rules have so many headers and parameters of which each value counts for itself. */
function distinct(type: RateLimitSpec['type'], headers: number, params: number, rules = 1): RateLimitSpec {
  const each = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `n${at}`, type: 'Distinct' as const, invert: false }))
  const selectors: RateLimitSelector[] = [
    { headers: [...each(headers), { name: 'plan', type: 'Exact', value: 'free', invert: false }] },
    { queryParams: each(params) },
  ]
  return { type, rules: Array.from({ length: rules }, () => ({ clientSelectors: selectors, limit: { requests: 1, unit: 'Hour' } })) }
}

describe('limits', () => {
  // The questions grow with the square of it: 128 of them in a rule were 6 MB for each match of a route.
  it.each([
    { headers: 4, params: 4, type: 'Global' as const, problem: undefined },
    {
      headers: 5,
      params: 4,
      type: 'Global' as const,
      problem: expect.stringMatching(/^rateLimit\.rules\[0\]\.clientSelectors: at most 8 /),
    },
    {
      headers: 5,
      params: 4,
      type: 'Local' as const,
      problem: expect.stringMatching(/^rateLimit\.rules\[0\]\.clientSelectors: at most 8 /),
    },
  ])('of type $type by $headers headers and $params parameters', ({ type, headers, params, problem }) => {
    expect(requestProblem({ rateLimit: distinct(type, headers, params) })).toEqual(problem)
  })
  it.each([
    { headers: 4, params: 4, rules: 8, problem: undefined },
    { headers: 1, params: 0, rules: 64, problem: undefined },
    { headers: 4, params: 4, rules: 9, problem: expect.stringMatching(/^rateLimit\.rules: at most 64 /) },
  ])('of $rules rules by $headers headers and $params parameters each', ({ headers, params, rules, problem }) => {
    expect(requestProblem({ rateLimit: distinct('Global', headers, params, rules) })).toEqual(problem)
  })
})

describe('formats', () => {
  const PLACES = {
    'rateLimit.rules[0].cost.request.format': (format: string) => limited({ request: { format } }),
    'rateLimit.rules[0].cost.response.format': (format: string) => limited({ response: { format } }),
    'telemetry.tracing.spanName': (format: string) => ({ telemetry: { tracing: { spanName: format } } }),
    'telemetry.tracing.upstreamSpanName': (format: string) => ({ telemetry: { tracing: { upstreamSpanName: format } } }),
    'telemetry.tracing.tags "t"': (format: string) => ({ telemetry: { tracing: { tags: [{ name: 't', value: format }] } } }),
  }
  const limited = (cost: NonNullable<RateLimitSpec['rules'][number]['cost']>) => ({
    rateLimit: { type: 'Global' as const, rules: [{ cost, limit: { requests: 1, unit: 'Hour' as const } }] },
  })

  it.each([
    '%ENVIRONMENT(HOME)%',
    '%FILE_CONTENT(/var/run/secrets/headgate/token)%',
    '%COALESCE({"operators": [{"command": "\\u0045NVIRONMENT", "param": "HOME"}]})%',
    '%NO_SUCH_OPERATOR%',
  ])('%s tells nobody what is the own of a proxy', (format) => {
    for (const [field, settings] of Object.entries(PLACES)) expect(requestProblem(settings(format))).toMatch(`${field}: `)
  })

  it('may tell about the request', () => {
    for (const settings of Object.values(PLACES)) expect(requestProblem(settings('%REQ(content-length)%'))).toBeUndefined()
  })
})
