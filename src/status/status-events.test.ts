import { describe, expect, it } from '@jest/globals'
import type { JsonObject } from '../k8s/kube-json.js'
import { statusEvents, unsaidEvent } from './status-events.js'

const US = 'headgate.dev/gateway-controller'
const condition = (type: string, status: string, reason: string = type): JsonObject => ({
  type,
  status,
  reason,
  message: `${type} ${status}.`,
})
const route = (...conditions: readonly JsonObject[]): JsonObject => ({
  parents: [{ controllerName: US, parentRef: { kind: 'Gateway', name: 'web', sectionName: 'https' }, conditions }],
})
const told = (before: JsonObject, after: JsonObject): readonly string[] =>
  statusEvents(before, after, US).map(({ type, reason, note }) => `${type} ${reason} ${note}`)

describe('statusEvents', () => {
  it.each([
    {
      name: 'a route is accepted',
      before: {},
      after: route(condition('Accepted', 'True')),
      want: ['Normal Accepted Gateway web, listener https: Accepted True.'],
    },
    {
      name: 'a route is refused',
      before: {},
      after: route(condition('Accepted', 'False', 'NoMatchingParent')),
      want: ['Warning NoMatchingParent Gateway web, listener https: Accepted False.'],
    },
    { name: 'references that resolve are no news', before: {}, after: route(condition('ResolvedRefs', 'True')), want: [] },
    {
      name: 'a reference breaks',
      before: route(condition('ResolvedRefs', 'True')),
      after: route(condition('ResolvedRefs', 'False', 'BackendNotFound')),
      want: ['Warning BackendNotFound Gateway web, listener https: ResolvedRefs False.'],
    },
    {
      name: 'it is still broken',
      before: route(condition('ResolvedRefs', 'False', 'BackendNotFound')),
      after: route(condition('ResolvedRefs', 'False', 'BackendNotFound')),
      want: [],
    },
    {
      name: 'it is broken for another reason',
      before: route(condition('ResolvedRefs', 'False', 'InvalidKind')),
      after: route(condition('ResolvedRefs', 'False', 'BackendNotFound')),
      want: ['Warning BackendNotFound Gateway web, listener https: ResolvedRefs False.'],
    },
    {
      name: 'Envoy refuses a route',
      before: route(condition('headgate.dev/Delivered', 'True')),
      after: route(condition('headgate.dev/Delivered', 'False', 'Rejected')),
      want: ['Warning Rejected Gateway web, listener https: headgate.dev/Delivered False.'],
    },
    {
      name: 'all proxies run a route',
      before: route(condition('headgate.dev/Delivered', 'Unknown')),
      after: route(condition('headgate.dev/Delivered', 'True')),
      want: ['Normal Delivered Gateway web, listener https: headgate.dev/Delivered True.'],
    },
    {
      name: 'listeners share a certificate, which nobody must act on',
      before: {},
      after: { listeners: [{ name: 'https', conditions: [condition('OverlappingTLSConfig', 'True', 'OverlappingCertificates')] }] },
      want: [],
    },
    { name: 'a Gateway waits for its Envoys', before: {}, after: { conditions: [condition('Programmed', 'False', 'Pending')] }, want: [] },
    {
      name: 'a Gateway is there',
      before: { conditions: [condition('Programmed', 'False', 'Pending')] },
      after: { conditions: [condition('Programmed', 'True')] },
      want: ['Normal Programmed Programmed True.'],
    },
    {
      name: 'listeners conflict',
      before: {},
      after: { listeners: [{ name: 'a', conditions: [condition('Conflicted', 'True', 'HostnameConflict')] }] },
      want: ['Warning HostnameConflict Listener a: Conflicted True.'],
    },
    {
      name: 'listeners do not conflict',
      before: {},
      after: { listeners: [{ name: 'a', conditions: [condition('Conflicted', 'False', 'NoConflicts')] }] },
      want: [],
    },
  ])('$name', ({ before, after, want }) => {
    expect(told(before, after)).toEqual(want)
  })

  it('says nothing about what others wrote', () => {
    const foreign = { parents: [{ controllerName: 'x.io/one', parentRef: { name: 'web' }, conditions: [condition('Accepted', 'False')] }] }
    expect(told({}, foreign)).toEqual([])
  })
})

it('says what a status has no room for, as nothing else in the cluster does', () => {
  const ref = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'shop', name: 'web' }
  const said = (accepted: 'True' | 'False') => ({
    ref,
    conditions: [{ type: 'Accepted', status: accepted, reason: 'Invalid', message: `Accepted ${accepted}.`, observedGeneration: 1 }],
  })
  expect(unsaidEvent([said('False')])).toEqual({
    type: 'Warning',
    reason: 'NoRoomInStatus',
    note: 'Entries of other controllers leave no room in its status. It counts all the same. Not said there: Gateway shop/web: Accepted: Invalid: Accepted False.',
  })
  expect(unsaidEvent([said('True')]).note).toMatch(/Gateway shop\/web: nothing is wrong\.$/)
})
