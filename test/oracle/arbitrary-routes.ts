/** Arbitrary routes that the API server takes. */
import fc from 'fast-check'
import { grpcRule, httpRule } from './arbitrary-rules.js'
import type { ParentRef, Route } from './objects.js'
import { optional, some } from './some.js'

const HOSTNAMES = ['a.test', 'b.a.test', 'c.a.test', '*.a.test', '*.b.a.test', '*.test', 'x.b.a.test', 'other.example'] as const

const GATEWAY = { name: 'gw', namespace: 'default' } as const
const SET: ParentRef = { kind: 'ListenerSet', name: 'more', namespace: 'team' }

const parentRefs = fc.constantFrom<readonly ParentRef[]>(
  [GATEWAY],
  [GATEWAY],
  [GATEWAY, SET],
  [{ ...GATEWAY, port: 80 }],
  [{ ...GATEWAY, sectionName: 'any' }],
  [
    { ...GATEWAY, sectionName: 'wild' },
    { ...GATEWAY, sectionName: 'other' },
  ],
  [SET, { ...GATEWAY, sectionName: 'tls-any' }],
  [{ ...GATEWAY, port: 443 }],
)

/** A route without a name. */
export const route: fc.Arbitrary<Route> = fc.constantFrom<Route['kind']>('HTTPRoute', 'HTTPRoute', 'HTTPRoute', 'GRPCRoute').chain((kind) =>
  fc
    .record({
      kind: fc.constant(kind),
      namespace: fc.constantFrom('default', 'default', 'default', 'team'),
      name: fc.constant(''),
      created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
      parentRefs,
      hostnames: optional(fc.uniqueArray(fc.constantFrom(...HOSTNAMES), { minLength: 1, maxLength: 3 }), 1),
      rules: fc.array(kind === 'HTTPRoute' ? httpRule : grpcRule, { minLength: 1, maxLength: 4 }),
    })
    .map((fields) => some<Route>(fields)),
)
