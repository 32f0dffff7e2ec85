import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DELIVERED } from '../gatewayapi/delivered-condition.js'
import type { Condition } from '../gatewayapi/model.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { type JsonObject, listAt, stringAt } from '../k8s/kube-json.js'
import { nextStatus } from './next-status.js'

const US = 'headgate.dev/gateway-controller'
const NOW = '2026-02-02T00:00:00Z'
const EARLIER = '2026-01-01T00:00:00Z'
const object = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name: 'r', generation: 3 }
const condition = (type: string, status: 'True' | 'False' = 'True', observedGeneration = 3): Condition => ({
  type,
  status,
  reason: type,
  message: `${type} is ${status}`,
  observedGeneration,
})
const stored = (of: Condition, lastTransitionTime = EARLIER): JsonObject => ({ ...of, lastTransitionTime })
const gatewayRef = (name: string) => ({ group: 'gateway.networking.k8s.io', kind: 'Gateway', name })
const route = (...names: readonly string[]): ObjectStatus => ({
  shape: 'route',
  object,
  parents: names.map((name) => ({ parentRef: gatewayRef(name), conditions: [condition('Accepted'), condition('ResolvedRefs')] })),
})
const entry = (name: string, controllerName: string, ...conditions: readonly JsonObject[]): JsonObject => ({
  parentRef: gatewayRef(name),
  controllerName,
  conditions,
})
const merge = (before: JsonObject, ours: ObjectStatus): JsonObject | undefined => nextStatus(before, ours, US, NOW)?.merged

describe('the status of a route', () => {
  it('gets an entry of ours beside those of others, which stay as they are', () => {
    const foreign = entry('web', 'example.com/other', { type: 'Odd', status: 'Maybe', extra: [1] })
    const merged = merge({ parents: [foreign] }, route('web'))
    expect(listAt(merged, 'parents')[0]).toBe(foreign)
    expect(listAt(merged, 'parents')[1]).toEqual(
      entry('web', US, stored(condition('Accepted'), NOW), stored(condition('ResolvedRefs'), NOW)),
    )
  })

  it('keeps the time of a condition whose status stays, also when reason, message and generation change', () => {
    const before = entry(
      'web',
      US,
      stored({ ...condition('Accepted'), reason: 'Old', observedGeneration: 1 }),
      stored(condition('ResolvedRefs', 'False', 1)),
    )
    const [merged] = listAt(merge({ parents: [before] }, route('web')), 'parents')
    expect(listAt(merged, 'conditions')).toEqual([stored(condition('Accepted'), EARLIER), stored(condition('ResolvedRefs'), NOW)])
  })

  it('has messages that the API server stores as they are: not too long, and no half letters', () => {
    const long = { ...condition('Accepted'), message: `x${'😀'.repeat(20_000)}` }
    const ours: ObjectStatus = { shape: 'route', object, parents: [{ parentRef: gatewayRef('web'), conditions: [long] }] }
    const [merged] = listAt(merge({}, ours), 'parents')
    const message = stringAt(listAt(merged, 'conditions')[0], 'message')
    expect(message).toHaveLength(32_768)
    expect(message.isWellFormed()).toBe(true)
  })

  it('loses a condition of ours that is no longer said', () => {
    const refused = stored(condition('headgate.dev/Delivered', 'False'))
    const before = entry('web', US, stored(condition('Accepted')), stored(condition('ResolvedRefs')), refused)
    const [merged] = listAt(merge({ parents: [before] }, route('web')), 'parents')
    expect(listAt(merged, 'conditions')).toEqual([stored(condition('Accepted')), stored(condition('ResolvedRefs'))])
  })

  it('keeps what proxies took of this generation while nobody has heard of them: another replica leads since a moment ago', () => {
    const before = entry('web', US, stored(condition('Accepted')), stored(condition('ResolvedRefs')), stored(condition(DELIVERED)))
    expect(merge({ parents: [before] }, route('web'))).toEqual({ parents: [before] })
  })

  it.each([
    ['an earlier generation', condition('Accepted'), condition(DELIVERED, 'True', 2)],
    ['a parent that does not take the route any more', condition('Accepted', 'False'), condition(DELIVERED)],
  ])('loses what proxies took of %s', (_of, accepted, delivered) => {
    const before = entry('web', US, stored(condition('Accepted')), stored(delivered))
    const ours: ObjectStatus = { shape: 'route', object, parents: [{ parentRef: gatewayRef('web'), conditions: [accepted] }] }
    const [merged] = listAt(merge({ parents: [before] }, ours), 'parents')
    expect(listAt(merged, 'conditions').map((each) => (each as JsonObject).type)).toEqual(['Accepted'])
  })

  it('is the stored one when nothing changed, whatever the order of the fields', () => {
    const before = { parents: [entry('web', US, stored(condition('Accepted')), stored(condition('ResolvedRefs')))] }
    expect(merge(JSON.parse(JSON.stringify(before)), route('web'))).toEqual(before)
  })

  it('loses our entry for a parent that is no longer ours, and no other', () => {
    const foreign = entry('gone', 'example.com/other')
    const merged = merge({ parents: [entry('gone', US, stored(condition('Accepted'))), foreign] }, route())
    expect(merged).toEqual({ parents: [foreign] })
  })

  it('keeps conditions in our entry that others added', () => {
    const odd = { type: 'example.com/Audited', status: 'True' }
    const before = entry('web', US, stored(condition('Accepted')), odd, stored(condition('PartiallyInvalid')))
    const [merged] = listAt(merge({ parents: [before] }, route('web')), 'parents')
    expect(listAt(merged, 'conditions').map((each) => (each as JsonObject).type)).toEqual([
      'Accepted',
      'example.com/Audited',
      'ResolvedRefs',
    ])
  })

  it('tells sections and ports of one parent apart', () => {
    const ours: ObjectStatus = {
      shape: 'route',
      object,
      parents: [
        { parentRef: { ...gatewayRef('web'), sectionName: 'a' }, conditions: [condition('Accepted')] },
        { parentRef: { ...gatewayRef('web'), sectionName: 'b', port: 80 }, conditions: [condition('Accepted', 'False')] },
      ],
    }
    const first = merge({}, ours)
    expect(listAt(first, 'parents')).toHaveLength(2)
    expect(merge(first ?? {}, ours)).toEqual(first)
  })

  it('is left alone when our own entry already speaks of a newer generation', () => {
    const before = { parents: [entry('web', US, stored(condition('Accepted', 'True', 4)))] }
    expect(nextStatus(before, route('web'), US, NOW)).toBeUndefined()
  })

  it('says what holds where our own entry speaks of a generation that the object never had: it came with a backup', () => {
    const before = { parents: [entry('web', US, stored(condition('Accepted', 'False', 9)))] }
    const [merged] = listAt(nextStatus(before, route('web'), US, NOW, 3)?.merged, 'parents')
    expect(listAt(merged, 'conditions')).toEqual([stored(condition('Accepted'), NOW), stored(condition('ResolvedRefs'), NOW)])
    expect(nextStatus(before, route('web'), US, NOW, 9)).toBeUndefined()
  })

  it('stays missing where there is nothing to say', () => {
    expect(merge({}, route())).toEqual({})
  })

  it('never touches entries of others, for any mix of entries', () => {
    const names = fc.constantFrom('a', 'b', 'c')
    const entries = fc.array(fc.record({ name: names, controller: fc.constantFrom(US, 'x.io/one', 'x.io/two') }), { maxLength: 8 })
    fc.assert(
      fc.property(entries, fc.uniqueArray(names), (before, ours) => {
        const parents = before.map(({ name, controller }, i) => entry(name, controller, { type: 'Accepted', status: 'True', mark: i }))
        const merged = listAt(merge({ parents }, route(...ours)), 'parents')
        const foreign = (list: readonly unknown[]): unknown[] => list.filter((each) => (each as JsonObject).controllerName !== US)
        expect(foreign(merged)).toEqual(foreign(parents))
        const own = merged.filter((each) => (each as JsonObject).controllerName === US)
        expect(own.map((each) => ((each as JsonObject).parentRef as JsonObject).name).sort()).toEqual([...ours].sort())
        expect(merge({ parents: merged }, route(...ours))).toEqual({ parents: merged })
      }),
    )
  })
})

describe('the status of a policy', () => {
  it('does not push out ancestors of others when the list is full', () => {
    const ancestors = Array.from({ length: 16 }, (_, i) => ({
      ancestorRef: gatewayRef(`g${i}`),
      controllerName: 'x.io/one',
      conditions: [],
    }))
    const ours: ObjectStatus = {
      shape: 'policy',
      object,
      ancestors: [{ ancestorRef: gatewayRef('web'), conditions: [condition('Accepted')] }],
    }
    expect(merge({ ancestors }, ours)).toEqual({ ancestors })
  })
})

describe('the status of a Gateway', () => {
  const gateway = (more: Partial<Extract<ObjectStatus, { shape: 'gateway' }>> = {}): ObjectStatus => ({
    shape: 'gateway',
    object: { ...object, kind: 'Gateway' },
    conditions: [condition('Accepted'), condition('Programmed')],
    addresses: [{ type: 'IPAddress', value: '10.0.0.1' }],
    listeners: [
      { name: 'a', supportedKinds: [], attachedRoutes: 1, conditions: [condition('Accepted')] },
      { name: 'b', supportedKinds: [], attachedRoutes: 0, conditions: [condition('Accepted')] },
    ],
    attachedListenerSets: 0,
    ...more,
  })

  it('keeps conditions of others and drops ours that no longer hold', () => {
    const foreign = { type: 'example.com/Audited', status: 'True', lastTransitionTime: EARLIER }
    const before = { conditions: [stored(condition('InsecureFrontendValidationMode')), foreign, stored(condition('headgate.dev/Old'))] }
    const next = nextStatus(before, gateway(), US, NOW)
    expect(listAt(next?.merged, 'conditions').map((each) => (each as JsonObject).type)).toEqual([
      'example.com/Audited',
      'Accepted',
      'Programmed',
    ])
    expect(listAt(next?.applied, 'conditions')).toHaveLength(2)
  })

  it('takes over the conditions that the schema sets by default', () => {
    const before = {
      conditions: [{ type: 'Accepted', status: 'Unknown', reason: 'Pending', message: '', lastTransitionTime: '1970-01-01T00:00:00Z' }],
    }
    expect(listAt(merge(before, gateway()), 'conditions')[0]).toEqual(stored(condition('Accepted'), NOW))
  })

  it('is the stored one when the server keeps listeners in another order', () => {
    const first = merge({}, gateway()) ?? {}
    const reordered = {
      ...first,
      listeners: [...listAt(first, 'listeners')].reverse(),
      conditions: [...listAt(first, 'conditions')].reverse(),
    }
    expect(merge(reordered, gateway())).toEqual(reordered)
  })

  it('loses its addresses when it has none any more', () => {
    const first = merge({}, gateway()) ?? {}
    expect(merge(first, gateway({ addresses: [] }))).not.toHaveProperty('addresses')
  })

  it.each([
    { name: 'stays when no proxy was heard of yet', generation: 3, reason: 'Pending', want: stored(condition('Programmed')) },
    { name: 'goes when a proxy refused', generation: 3, reason: 'Invalid', want: { status: 'False', reason: 'Invalid' } },
    { name: 'goes with the next generation', generation: 2, reason: 'Pending', want: { status: 'False', reason: 'Pending' } },
  ])('was programmed, which $name', ({ generation, reason, want }) => {
    const before = { conditions: [stored(condition('Programmed', 'True', generation))] }
    const ours = gateway({ conditions: [{ ...condition('Programmed', 'False'), reason }] })
    expect(listAt(merge(before, ours), 'conditions')).toEqual([expect.objectContaining(want)])
  })

  it('is left alone when a newer generation was reported, if the object ever had that', () => {
    const before = { conditions: [stored(condition('Accepted', 'True', 9))] }
    expect(nextStatus(before, gateway(), US, NOW, 9)).toBeUndefined()
    expect(nextStatus(before, gateway(), US, NOW, 3)?.applied).toBeDefined()
  })
})
