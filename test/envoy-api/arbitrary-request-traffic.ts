/** Arbitrary settings for what happens to requests on their way. */
import fc from 'fast-check'
import type { RateLimitPart, RequestTraffic } from '../../src/ir/request-traffic.js'

const count = fc.integer({ min: 1, max: 1_000 })
const time = fc.integer({ min: 1, max: 60_000 })
const path = fc.constantFrom('/', '/login', '/a.b/(c)')
const share = fc.record({ numerator: fc.nat(100), denominator: fc.constantFrom(100, 1000) })
const rateLimitMatch = fc.oneof(
  fc.constant({ kind: 'distinct' as const }),
  fc.record({ kind: fc.constantFrom('exact', 'regex'), value: fc.constantFrom('a', 'a+'), invert: fc.boolean() }),
)
const rateLimitPart: fc.Arbitrary<RateLimitPart> = fc.oneof(
  fc.record({ kind: fc.constantFrom('header', 'queryParameter'), name: fc.constantFrom('x-user', 'q'), match: rateLimitMatch }),
  fc.record({ kind: fc.constant('methods' as const), methods: fc.constantFrom(['GET'], ['PUT', 'POST']), invert: fc.boolean() }),
  fc.record({ kind: fc.constant('path' as const), match: fc.constantFrom('exact', 'prefix'), value: path, invert: fc.boolean() }),
  fc.record({
    kind: fc.constant('address' as const),
    range: fc.constantFrom({ address: '10.0.0.0', bits: 8 }, { address: '::', bits: 0 }),
    isDistinct: fc.boolean(),
    invert: fc.boolean(),
  }),
  fc.constant({ kind: 'claim' as const, provider: 'p', path: ['a', 'b'] }),
)
const cost = fc.oneof(fc.record({ number: fc.nat(10) }), fc.constant({ format: '%BYTES_RECEIVED%' }))
/** Everything that policies do to requests on their way. */
export const arbitraryRequestTraffic: fc.Arbitrary<RequestTraffic> = fc.record(
  {
    fault: fc.record(
      {
        delay: fc.record({ ms: time, share }),
        abort: fc.record({ status: fc.constantFrom({ http: 503 }, { grpc: 14 }), share }),
      },
      { requiredKeys: [] },
    ),
    compression: fc.uniqueArray(
      fc.record({
        algorithm: fc.constantFrom('brotli', 'gzip', 'zstd'),
        level: fc.constantFrom('fastest', 'balanced', 'smallest'),
        minBytes: fc.integer({ min: 30, max: 10_000 }),
        contentTypes: fc.constantFrom([], ['text/plain']),
      }),
      { minLength: 1, selector: ({ algorithm }) => algorithm },
    ),
    decompression: fc.uniqueArray(
      fc.record({ algorithm: fc.constantFrom('brotli', 'gzip', 'zstd'), requests: fc.boolean(), responses: fc.boolean() }),
      { minLength: 1, selector: ({ algorithm }) => algorithm },
    ),
    overrides: fc.array(
      fc.record({
        statuses: fc.constantFrom([{ from: 404, to: 404 }], [{ from: 450, to: 599 }]),
        headers: fc.constantFrom([], [{ name: 'x-a', kind: 'regex' as const, value: 'a+' }]),
        source: fc.constantFrom('any', 'local', 'backend'),
        answer: fc.oneof(
          fc.record({
            kind: fc.constant('answer' as const),
            statusCode: fc.constantFrom(200, 503),
            body: fc.constant('100%'),
            set: fc.constantFrom([], [{ name: 'x-a', value: '50%' }]),
            add: fc.constantFrom([]),
          }),
          fc.record({ kind: fc.constant('redirect' as const), statusCode: fc.constantFrom(302, 307), path: fc.constant('/100%') }),
        ),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    admission: fc.record(
      {
        windowSeconds: fc.integer({ min: 1, max: 100 }),
        minSuccessPercent: fc.integer({ min: 1, max: 100 }),
        aggression: fc.integer({ min: 1, max: 10 }),
        minRequestsPerSecond: fc.nat(10),
        maxRejectionPercent: fc.nat(100),
        goodStatuses: fc.constantFrom([200], [404, 599]),
        goodGrpcStatuses: fc.constantFrom([0], [0, 16]),
      },
      { requiredKeys: [] },
    ),
    rateLimit: fc.record({
      kind: fc.constantFrom('local', 'global'),
      policy: fc.constant('default/p'),
      scope: fc.constant('HTTPRoute/default/r/0'),
      rules: fc.array(
        fc.record(
          {
            parts: fc.array(rateLimitPart, { maxLength: 3 }),
            requests: fc.nat(5),
            unit: fc.constantFrom('second', 'minute', 'hour', 'day', 'week', 'month', 'year'),
            requestCost: cost,
            isShared: fc.boolean(),
            isShadow: fc.boolean(),
            isEarly: fc.constant(true as const),
          },
          { requiredKeys: ['parts', 'requests', 'unit', 'isShared', 'isShadow'] },
        ),
        { minLength: 1, maxLength: 3 },
      ),
      headers: fc.boolean(),
      failOpen: fc.boolean(),
    }),
    bandwidth: fc.record(
      { requestKibPerSecond: count, responseKibPerSecond: count, trailerPrefix: fc.constantFrom('', 'x-a') },
      { requiredKeys: [] },
    ),
    maxBufferedBytes: count,
    statName: fc.constant('checkout'),
  },
  { requiredKeys: [] },
)
