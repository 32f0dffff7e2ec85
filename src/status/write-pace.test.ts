import { describe, expect, it } from '@jest/globals'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { isUnsettled, sharedObjectDueMs, singleObjectDueMs } from './write-pace.js'

const facts = { writtenMs: undefined, sinceMs: 10_000, changedMs: 10_000, urgent: true, unsettled: false, waiting: 1 }

describe('the pace of a Gateway', () => {
  it.each([
    { name: 'the first write goes out at once', facts: {}, due: 10_000 },
    { name: 'a condition goes out at once when the last write is a second ago', facts: { writtenMs: 9_000 }, due: 10_000 },
    { name: 'a condition waits for the second to pass', facts: { writtenMs: 9_900 }, due: 10_900 },
    { name: 'a number goes out at once after five quiet seconds', facts: { urgent: false, writtenMs: 5_000 }, due: 10_000 },
    { name: 'a number waits for a pause', facts: { urgent: false, writtenMs: 9_000, changedMs: 12_000 }, due: 12_700 },
    { name: 'a number waits ten seconds at most', facts: { urgent: false, writtenMs: 9_000, changedMs: 19_900 }, due: 20_000 },
    { name: 'what is about to be decided waits a moment', facts: { unsettled: true }, due: 10_300 },
  ])('$name', ({ facts: more, due }) => {
    expect(sharedObjectDueMs({ ...facts, ...more })).toBe(due)
  })
})

describe('the pace of a route', () => {
  it('is at once, unless the proxies are about to answer', () => {
    expect(singleObjectDueMs({ ...facts, writtenMs: 9_999 })).toBe(10_000)
    expect(singleObjectDueMs({ ...facts, unsettled: true })).toBe(10_300)
  })

  it('gives the proxies longer for many', () => {
    expect(singleObjectDueMs({ ...facts, unsettled: true, waiting: 5_001 })).toBe(12_800)
    expect(singleObjectDueMs({ ...facts, waiting: 5_001 })).toBe(10_000)
  })
})

describe('a status is about to be decided', () => {
  const object = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name: 'r', generation: 1 }
  const condition = (type: string, status: 'True' | 'False' | 'Unknown', reason = type) => ({
    type,
    status,
    reason,
    message: '',
    observedGeneration: 1,
  })
  const route = (...conditions: readonly ReturnType<typeof condition>[]): ObjectStatus => ({
    shape: 'route',
    object,
    parents: [{ parentRef: { group: '', kind: 'Gateway', name: 'web' }, conditions }],
  })

  it.each([
    { name: 'while a route waits for the proxies', status: route(condition('Accepted', 'True')), want: true },
    {
      name: 'not when they have taken it',
      status: route(condition('Accepted', 'True'), condition('headgate.dev/Delivered', 'True')),
      want: false,
    },
    { name: 'not when it is refused', status: route(condition('Accepted', 'False')), want: false },
    { name: 'while something is unknown', status: route(condition('Accepted', 'Unknown')), want: true },
    { name: 'not when a route has no parent of ours', status: route(), want: false },
    {
      name: 'while a Gateway waits for the proxies',
      status: {
        shape: 'listenerSet',
        object,
        conditions: [condition('Programmed', 'False', 'Pending')],
        listeners: [],
      } satisfies ObjectStatus,
      want: true,
    },
  ])('$name', ({ status, want }) => {
    expect(isUnsettled(status)).toBe(want)
  })
})
