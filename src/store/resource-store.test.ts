import { describe, expect, it } from '@jest/globals'
import { KINDS } from '../kinds/index.js'
import type { KubeObject } from '../provider/provider.js'
import { objectKey } from '../util/object-ref.js'
import { RELEVANCE } from './relevance.js'
import { ResourceStore } from './resource-store.js'

type AnyObject = KubeObject & Readonly<Record<string, unknown>>

interface Case {
  readonly what: string
  readonly of: AnyObject
  readonly next: AnyObject
  readonly matters: boolean
}

const route: AnyObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: {
    name: 'a',
    namespace: 'default',
    uid: '1',
    generation: 1,
    resourceVersion: '10',
    creationTimestamp: '2024-01-01T00:00:00Z',
    labels: { app: 'a' },
    annotations: { note: 'x' },
  },
  spec: { hostnames: ['a.example.com'], rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }] },
  status: { parents: [] },
}

const slice: AnyObject = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { ...route.metadata, labels: { 'kubernetes.io/service-name': 's' } },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true }, targetRef: { name: 'pod-1' } }],
  ports: [{ name: '', protocol: 'TCP', port: 80 }],
}

function storeWith(...objects: readonly KubeObject[]) {
  const told: [string, string, boolean][] = []
  const store = new ResourceStore(KINDS, { set: (kind, key, object) => told.push([kind, key, object !== undefined]) })
  store.apply(objects.map((object) => change(object)))
  told.splice(0)
  return { store, told }
}

function change(object: KubeObject) {
  return { kind: object.kind, key: objectKey(object.metadata.namespace, object.metadata.name), object }
}

describe('ResourceStore', () => {
  it('knows what is read of every kind', () => {
    expect(Object.keys(RELEVANCE).sort()).toEqual(KINDS.map((kind) => kind.kind).sort())
  })

  it.each<Case>([
    { what: 'a status of a route', of: route, next: { ...route, status: { parents: [{}] } }, matters: false },
    { what: 'a resourceVersion', of: route, next: withMetadata(route, { resourceVersion: '11' }), matters: false },
    { what: 'an equal copy', of: route, next: structuredClone(route), matters: false },
    { what: 'a spec', of: route, next: { ...route, spec: { hostnames: ['b.example.com'] } }, matters: true },
    { what: 'a generation, which conditions repeat', of: route, next: withMetadata(route, { generation: 2 }), matters: true },
    { what: 'a label', of: route, next: withMetadata(route, { labels: { app: 'b' } }), matters: true },
    { what: 'an annotation of a route', of: route, next: withMetadata(route, { annotations: {} }), matters: true },
    { what: 'a creation time, which decides precedence', of: route, next: withMetadata(route, { creationTimestamp: 'x' }), matters: true },
    { what: 'an uid: another object of the same name', of: route, next: withMetadata(route, { uid: '2' }), matters: true },
    { what: 'an annotation of an EndpointSlice', of: slice, next: withMetadata(slice, { annotations: { at: 'now' } }), matters: false },
    { what: 'a generation of an EndpointSlice', of: slice, next: withMetadata(slice, { generation: 9 }), matters: false },
    {
      what: 'a field of an EndpointSlice that nobody reads',
      of: slice,
      next: { ...slice, endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true }, targetRef: { name: 'pod-2' } }] },
      matters: false,
    },
    {
      what: 'readiness',
      of: slice,
      next: { ...slice, endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false } }] },
      matters: true,
    },
    { what: 'one endpoint less', of: slice, next: { ...slice, endpoints: [] }, matters: true },
  ])('a change of $what: matters $matters', ({ of, next, matters }) => {
    const { store, told } = storeWith(of)
    expect(store.apply([change(next)])).toEqual([{ change: change(next), matters }])
    expect(told).toEqual(matters ? [[of.kind, 'default/a', true]] : [])
  })

  it('has the last version, even if its change did not matter', () => {
    const { store } = storeWith(route)
    store.apply([change({ ...route, status: { parents: [{ later: true }] } } as KubeObject)])
    expect(store.get('HTTPRoute', objectKey('default', 'a'))?.status).toEqual({ parents: [{ later: true }] })
    expect(store.list('HTTPRoute')).toHaveLength(1)
  })

  it('forgets objects that are gone, and says so once', () => {
    const { store, told } = storeWith(route)
    const gone = { kind: 'HTTPRoute', key: objectKey('default', 'a'), object: undefined }
    expect(store.apply([gone, gone]).map((each) => each.matters)).toEqual([true, false])
    expect(told).toEqual([['HTTPRoute', 'default/a', false]])
    expect(store.count('HTTPRoute')).toBe(0)
  })

  it('freezes what it holds, to the last leaf', () => {
    const { store } = storeWith(structuredClone(route))
    const held = store.get('HTTPRoute', objectKey('default', 'a'))
    expect(Object.isFrozen(held?.spec.rules[0]?.matches[0]?.path)).toBe(true)
  })

  it('does not keep kinds that nobody reads', () => {
    const { store, told } = storeWith()
    expect(store.apply([change({ ...route, kind: 'Pod' })])).toMatchObject([{ matters: false }])
    expect(told).toEqual([])
  })
})

function withMetadata(object: AnyObject, metadata: Readonly<Record<string, unknown>>): AnyObject {
  return { ...object, metadata: { ...object.metadata, ...metadata } }
}
