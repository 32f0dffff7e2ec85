import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { objectKey } from '../../util/object-ref.js'
import { type BackendRef, backendKey, parseBackendKey } from './backend-key.js'
import { type ClusterIdentity, type ClusterUsage, clusterName, parseClusterName } from './cluster-names.js'

// Names of objects may be words that mean something elsewhere in a key.
const name = fc.constantFrom('app', 'a.b-c', 'grpc', 'tcp', 'udp', '8080', 'passthrough')
const backend = fc.oneof(
  fc.record({
    kind: fc.constantFrom('Service' as const, 'ServiceImport' as const),
    namespace: name,
    name,
    port: fc.integer({ min: 1, max: 65_535 }),
  }),
  fc.record({ kind: fc.constantFrom('Backend' as const, 'XBackend' as const), namespace: name, name, port: fc.constant(undefined) }),
)
const usage = fc.constantFrom<ClusterUsage>('http', 'grpc', 'tcp', 'passthrough', 'udp')
const identity = fc
  .record({
    backend,
    usage,
    gateway: fc.option(
      name.map((each) => objectKey('infra', each)),
      { nil: undefined },
    ),
    policies: fc.array(
      fc.array(
        fc.tuple(name, name).map(([namespace, each]) => objectKey(namespace, each)),
        { minLength: 1, maxLength: 2 },
      ),
      {
        maxLength: 3,
      },
    ),
  })
  .map((each): ClusterIdentity => ({ ...each, backend: { ...each.backend, transport: each.usage === 'udp' ? 'UDP' : 'TCP' } }))

describe('names of clusters', () => {
  it.each([
    { want: 'Service/ns/app/8080', usage: 'http' as const, gateway: undefined },
    { want: 'Service/ns/app/8080/grpc', usage: 'grpc' as const, gateway: undefined },
    { want: 'Service/ns/app/8080@infra/gw', usage: 'http' as const, gateway: objectKey('infra', 'gw') },
    { want: 'Service/ns/app/8080/tcp@infra/gw', usage: 'tcp' as const, gateway: objectKey('infra', 'gw') },
    {
      want: 'Service/ns/app/8080~infra/wide+infra/wide2~ns/narrow',
      usage: 'http' as const,
      gateway: undefined,
      policies: [[objectKey('infra', 'wide'), objectKey('infra', 'wide2')], [objectKey('ns', 'narrow')]],
    },
  ])('$want', ({ want, policies = [], ...rest }) => {
    const service: BackendRef = { kind: 'Service', namespace: 'ns', name: 'app', port: 8080, transport: 'TCP' }
    expect(clusterName({ backend: service, policies, ...rest })).toBe(want)
  })

  it('say everything that a cluster is made from', () => {
    fc.assert(
      fc.property(identity, (each) => {
        const { key, ...parsed } = parseClusterName(clusterName(each)) ?? { key: undefined }
        expect(parsed).toEqual(each)
        expect(key).toBe(backendKey(each.backend))
      }),
    )
  })

  it('differ where clusters differ', () => {
    fc.assert(
      fc.property(identity, identity, (a, b) => {
        expect(clusterName(a) === clusterName(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
      }),
    )
  })

  it.each(['', 'x', 'Secret/ns/name', 'Service'])('"%s" is none', (text) => {
    expect(parseClusterName(text)).toBeUndefined()
  })
})

it('keys of backends can be taken apart again', () => {
  fc.assert(
    fc.property(identity, (each) => {
      expect(parseBackendKey(backendKey(each.backend))).toEqual(each.backend)
    }),
  )
})
