import { expect, it } from '@jest/globals'
import { KINDS } from '../../kinds/index.js'
import { meantKind } from './meant-kind.js'

const GATEWAY_API = 'gateway.networking.k8s.io'

it.each([
  { group: GATEWAY_API, word: 'HttpRoute', want: 'HTTPRoute' },
  { group: GATEWAY_API, word: 'httproutes', want: 'HTTPRoute' },
  { group: GATEWAY_API, word: 'HTTPRoutes', want: 'HTTPRoute' },
  { group: GATEWAY_API, word: 'HTPRoute', want: 'HTTPRoute' },
  { group: GATEWAY_API, word: 'Gatway', want: 'Gateway' },
  { group: GATEWAY_API, word: 'GatewayClasses', want: 'GatewayClass' },
  { group: 'headgate.dev', word: 'SecurtiyPolicy', want: 'SecurityPolicy' },
  { group: 'headgate.dev', word: 'SecurityPolicies', want: 'SecurityPolicy' },
  { group: '', word: 'secret', want: 'Secret' },
  // One or the other.
  { group: GATEWAY_API, word: 'TLPRoute', want: undefined },
  // A kind of Gateway API v1.2, two letters from BackendTLSPolicy.
  { group: GATEWAY_API, word: 'BackendLBPolicy', want: undefined },
  { group: '', word: 'ServiceAccount', want: undefined },
  { group: 'networking.istio.io', word: 'Gateway', want: undefined },
  { group: 'apps', word: 'Deployment', want: undefined },
])('$word of "$group" is $want', ({ group, word, want }) => {
  expect(meantKind(KINDS, group, word)?.kind).toBe(want)
})

it('no kind is taken for another', () => {
  for (const { group, kind, plural } of KINDS)
    expect([kind, plural].map((word) => meantKind(KINDS, group, word)?.kind)).toEqual([kind, kind])
})
