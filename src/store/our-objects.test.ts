import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { KubeObject } from '../provider/provider.js'
import { type ObjectKey, objectKey } from '../util/object-ref.js'
import { OurObjects } from './our-objects.js'

const US = 'headgate.dev/gateway-controller'
const GROUP = 'gateway.networking.k8s.io'

interface Step {
  readonly kind: 'GatewayClass' | 'Gateway' | 'ListenerSet' | 'HTTPRoute' | 'Service'
  readonly name: string
  /** What it names: a controller, a class, a Gateway, a Gateway or a ListenerSet; undefined: it is gone. */
  readonly parents: readonly string[] | undefined
}

function objectOf({ kind, name, parents = [] }: Step, generation: number): KubeObject {
  const metadata = { name, namespace: kind === 'GatewayClass' ? '' : 'ns', generation, creationTimestamp: '2026-01-01T00:00:00Z' }
  const refs = parents.map((parent) => ({ group: GROUP, kind: parent.startsWith('set') ? 'ListenerSet' : 'Gateway', name: parent }))
  const spec = {
    GatewayClass: { controllerName: parents[0] },
    Gateway: { gatewayClassName: parents[0] },
    ListenerSet: { parentRef: refs[0] },
    HTTPRoute: { parentRefs: refs },
    Service: {},
  }[kind]
  return { apiVersion: `${GROUP}/v1`, kind, metadata, spec } as KubeObject
}

function keyOf({ kind, name }: Step): ObjectKey {
  return objectKey(kind === 'GatewayClass' ? '' : 'ns', name)
}

function world() {
  const seen = new Map<string, KubeObject>()
  const calls: string[] = []
  const ours = new OurObjects(
    {
      set: (kind, key, object) => {
        calls.push(`${kind}/${key}`)
        if (object === undefined) seen.delete(`${kind}/${key}`)
        else seen.set(`${kind}/${key}`, object)
      },
    },
    US,
  )
  const set = (kind: Step['kind'], name: string, ...parents: readonly string[]): boolean =>
    ours.set(kind, keyOf({ kind, name, parents }), objectOf({ kind, name, parents }, 1))
  return { ours, seen, calls, set }
}

describe('objects of ours', () => {
  it('are handed on when what they hang on is ours, in whatever order they come', () => {
    const { seen, set } = world()
    expect(set('HTTPRoute', 'r', 'set')).toBe(false)
    expect(set('ListenerSet', 'set', 'gw')).toBe(false)
    expect(set('Gateway', 'gw', 'class')).toBe(false)
    expect(seen.size).toBe(0)
    expect(set('GatewayClass', 'class', US)).toBe(true)
    expect([...seen.keys()].sort()).toEqual(['Gateway/ns/gw', 'GatewayClass//class', 'HTTPRoute/ns/r', 'ListenerSet/ns/set'])
  })

  it('are not those of others, of which nothing is told however often they change', () => {
    const { calls, set } = world()
    for (let at = 0; at < 3; at++) {
      set('GatewayClass', 'other', 'example.com/other')
      set('Gateway', 'gw', 'other')
      set('HTTPRoute', 'r', 'gw', 'missing')
      set('HTTPRoute', 'mesh')
    }
    expect(calls).toEqual([])
  })

  it('are taken back when they leave', () => {
    const { seen, set } = world()
    set('GatewayClass', 'class', US)
    set('Gateway', 'gw', 'class')
    set('HTTPRoute', 'r', 'gw')
    expect(set('HTTPRoute', 'r', 'elsewhere')).toBe(true)
    expect(seen.has('HTTPRoute/ns/r')).toBe(false)
    expect(set('Gateway', 'gw', 'other')).toBe(true)
    expect([...seen.keys()]).toEqual(['GatewayClass//class'])
  })

  it('are found when what they hang on comes back to us by another way than it left', () => {
    const { seen, set } = world()
    set('GatewayClass', 'class', US)
    set('Gateway', 'gw', 'class')
    set('GatewayClass', 'class')
    set('ListenerSet', 'set', 'gw')
    expect(seen.has('ListenerSet/ns/set')).toBe(false)
    set('GatewayClass', 'second', US)
    set('Gateway', 'gw', 'second')
    expect(seen.has('ListenerSet/ns/set')).toBe(true)
  })

  it('include routes that ask for default Gateways, and every other kind', () => {
    const { ours, seen, set } = world()
    const route = { ...objectOf({ kind: 'HTTPRoute', name: 'r', parents: [] }, 1), spec: { useDefaultGateways: 'All' } } as KubeObject
    ours.set('HTTPRoute', objectKey('ns', 'r'), route)
    set('Service', 's')
    expect([...seen.keys()]).toEqual(['HTTPRoute/ns/r', 'Service/ns/s'])
  })

  it('after any sequence of changes are all there in their last version, and only what was ours once is there besides', () => {
    const name = (prefix: string) => fc.constantFrom(`${prefix}1`, `${prefix}2`)
    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.record({
        kind: fc.constant('GatewayClass' as const),
        name: name('class'),
        parents: fc.option(fc.tuple(fc.constantFrom(US, 'x/y')), { nil: undefined }),
      }),
      fc.record({
        kind: fc.constant('Gateway' as const),
        name: name('gw'),
        parents: fc.option(fc.tuple(name('class')), { nil: undefined }),
      }),
      fc.record({
        kind: fc.constant('ListenerSet' as const),
        name: name('set'),
        parents: fc.option(fc.tuple(name('gw')), { nil: undefined }),
      }),
      fc.record({
        kind: fc.constant('HTTPRoute' as const),
        name: name('r'),
        parents: fc.option(fc.uniqueArray(fc.oneof(name('gw'), name('set')), { maxLength: 2 }), { nil: undefined }),
      }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { ours, seen } = world()
        const all = new Map<string, readonly [Step, KubeObject]>()
        const isOurs = (word: string): boolean => {
          const found = all.get(word)?.[0]
          if (found === undefined) return false
          const { kind, parents = [] } = found
          if (kind === 'GatewayClass') return parents[0] === US
          const of = { Gateway: 'GatewayClass//', ListenerSet: 'Gateway/ns/' }
          return parents.some((parent) =>
            isOurs(
              kind === 'HTTPRoute'
                ? `${parent.startsWith('set') ? 'ListenerSet' : 'Gateway'}/ns/${parent}`
                : `${of[kind as 'Gateway']}${parent}`,
            ),
          )
        }
        steps.forEach((each, at) => {
          const word = `${each.kind}/${keyOf(each)}`
          const object = each.parents === undefined ? undefined : objectOf(each, at)
          if (object === undefined) all.delete(word)
          else all.set(word, [each, object])
          ours.set(each.kind, keyOf(each), object)
          // What has just changed is judged anew.
          expect(seen.has(word)).toBe(isOurs(word))
          for (const [key, [, latest]] of all) if (isOurs(key)) expect(seen.get(key)).toBe(latest)
          for (const [key, object] of seen) expect(all.get(key)?.[1]).toBe(object)
        })
      }),
      { numRuns: 1_000 },
    )
  })
})
