import { describe, expect, it } from '@jest/globals'
import { GATEWAY_SERVES } from '../gatewayapi/conditions.js'
import type { Condition } from '../gatewayapi/model.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { complaints, hasCondition, objectHealth } from './object-health.js'

const condition = (type: string, status: Condition['status'], reason = 'Reason', observedGeneration = 2): Condition => ({
  type,
  status,
  reason,
  message: 'why',
  observedGeneration,
})

function route(...parents: readonly (readonly Condition[])[]): ObjectStatus {
  const object = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default', name: 'www', generation: 2 }
  const parentRef = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw', sectionName: 'http' }
  return { shape: 'route', object, parents: parents.map((conditions) => ({ parentRef, conditions })) }
}

describe('the health of an object', () => {
  it.each([
    { rule: 'all conditions True', conditions: [condition('Accepted', 'True'), condition('ResolvedRefs', 'True')], want: 'ok' },
    { rule: 'a negative condition that is False', conditions: [condition('Conflicted', 'False')], want: 'ok' },
    { rule: 'a negative condition that is True', conditions: [condition('Conflicted', 'True')], want: 'problem' },
    { rule: 'a policy of which others decide a part', conditions: [condition('Overridden', 'True')], want: 'ok' },
    { rule: 'one certificate for several listeners', conditions: [condition('OverlappingTLSConfig', 'True')], want: 'ok' },
    { rule: 'a condition that is False', conditions: [condition('ResolvedRefs', 'False', 'BackendNotFound')], want: 'problem' },
    { rule: 'Unknown', conditions: [condition('headgate.dev/Delivered', 'Unknown')], want: 'waiting' },
    { rule: 'False for the time being', conditions: [condition('Programmed', 'False', 'Pending')], want: 'waiting' },
    { rule: 'the worst of several', conditions: [condition('Programmed', 'Unknown'), condition('Accepted', 'False')], want: 'problem' },
  ])('$rule is $want', ({ conditions, want }) => {
    expect(objectHealth(route(conditions))).toBe(want)
  })

  it('tells what is worth knowing although nobody must act', () => {
    expect(complaints(route([condition('Accepted', 'True'), condition('Overridden', 'True')]))).toEqual([
      'parent gw#http: Overridden: Reason: why',
    ])
  })

  it('tells what a Gateway lacks that serves', () => {
    const object = { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'default', name: 'gw', generation: 2 }
    const gateway = (message: string): ObjectStatus => {
      const conditions = [{ ...condition('Programmed', 'True', 'Programmed'), message }]
      return { shape: 'gateway', object, conditions, addresses: [], listeners: [], attachedListenerSets: 0 }
    }
    expect(complaints(gateway(GATEWAY_SERVES))).toEqual([])
    const few = gateway(`${GATEWAY_SERVES} Only 1 of 2 pods are available.`)
    expect(complaints(few)).toEqual([`Programmed: ${GATEWAY_SERVES} Only 1 of 2 pods are available.`])
    expect(objectHealth(few)).toBe('ok')
  })

  it('names the part, the condition, the reason and the message', () => {
    expect(complaints(route([condition('Accepted', 'False', 'NoMatchingParent')]))).toEqual([
      'parent gw#http: Accepted: NoMatchingParent: why',
    ])
  })

  it('says once what is the type and the reason', () => {
    expect(complaints(route([condition('Overridden', 'True', 'Overridden')]))).toEqual(['parent gw#http: Overridden: why'])
  })

  it('tells parents apart that differ in their port', () => {
    const refused = condition('Accepted', 'False', 'NoMatchingParent')
    const { object } = route()
    const parents = [80, 81].map((port) => ({
      parentRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gw', port },
      conditions: [refused],
    }))
    expect(complaints({ shape: 'route', object, parents })).toEqual(
      [80, 81].map((port) => `parent gw:${port}: Accepted: NoMatchingParent: why`),
    )
  })
})

describe('hasCondition', () => {
  const accepted = condition('Accepted', 'True')
  it.each([
    { rule: 'all parents have it', status: route([accepted], [accepted]), want: true },
    { rule: 'one parent does not', status: route([accepted], [condition('Accepted', 'False')]), want: false },
    { rule: 'it is of an older generation', status: route([condition('Accepted', 'True', 'Reason', 1)]), want: false },
    { rule: 'nobody has it', status: route([condition('Programmed', 'True')]), want: false },
    { rule: 'there is no parent', status: route(), want: false },
  ])('$want when $rule', ({ status, want }) => {
    expect(hasCondition(status, 'Accepted', 'True')).toBe(want)
  })

  it('is about what a condition says, whether that is good or bad', () => {
    const status = route([condition('Conflicted', 'False'), condition('OverlappingTLSConfig', 'False')])
    expect(['Conflicted', 'OverlappingTLSConfig', 'conflicted'].map((type) => hasCondition(status, type, 'False'))).toEqual([
      true,
      true,
      true,
    ])
    expect(['Conflicted', 'OverlappingTLSConfig'].map((type) => hasCondition(status, type, 'True'))).toEqual([false, false])
  })
})
