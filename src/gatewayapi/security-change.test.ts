import { describe, expect, it } from '@jest/globals'
import { isEquallySecure } from './security-change.js'

const object = (kind: string, spec: unknown) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'a', namespace: 'b', generation: 1, creationTimestamp: '' },
  spec,
})
const auth = { type: 'ExternalAuth', externalAuth: { protocol: 'HTTP', backendRef: { name: 'auth' } } }
const rule = (path: string, ...filters: readonly unknown[]) => ({ matches: [{ path: { value: path } }], filters })

describe('isEquallySecure', () => {
  it.each([
    { change: 'another path', kind: 'HTTPRoute', older: { rules: [rule('/a')] }, newer: { rules: [rule('/b')] }, want: true },
    {
      change: 'authorization is added',
      kind: 'HTTPRoute',
      older: { rules: [rule('/a')] },
      newer: { rules: [rule('/a', auth)] },
      want: false,
    },
    {
      change: 'authorization is removed',
      kind: 'HTTPRoute',
      older: { rules: [rule('/a', auth)] },
      newer: { rules: [rule('/a')] },
      want: false,
    },
    {
      change: 'authorization stays',
      kind: 'HTTPRoute',
      older: { rules: [rule('/a', auth)] },
      newer: { rules: [rule('/b', auth)] },
      want: true,
    },
    {
      change: 'authorization moves to another rule',
      kind: 'HTTPRoute',
      older: { rules: [rule('/a', auth), rule('/b')] },
      newer: { rules: [rule('/a'), rule('/b', auth)] },
      want: false,
    },
    {
      change: 'client certificates are asked for',
      kind: 'Gateway',
      older: { listeners: [{ name: 'a', tls: { mode: 'Terminate' } }] },
      newer: { listeners: [{ name: 'a', tls: { mode: 'Terminate', frontendValidation: {} } }] },
      want: false,
    },
    {
      change: 'a listener without TLS gets another port',
      kind: 'Gateway',
      older: { listeners: [{ port: 80 }] },
      newer: { listeners: [{ port: 81 }] },
      want: true,
    },
    {
      change: 'another authority for a backend',
      kind: 'BackendTLSPolicy',
      older: { validation: { hostname: 'a' } },
      newer: { validation: { hostname: 'b' } },
      want: false,
    },
    { change: 'no spec at all', kind: 'ConfigMap', older: undefined, newer: undefined, want: true },
  ])('$change: $want', ({ kind, older, newer, want }) => {
    expect(isEquallySecure(object(kind, older), object(kind, newer))).toBe(want)
  })
})
