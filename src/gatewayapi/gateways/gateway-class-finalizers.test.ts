import { describe, expect, it } from '@jest/globals'
import { gateway, HTTP_LISTENER } from '../../../test/support/route-world.js'
import { createTranslationWorld, type TranslationWorld } from '../../../test/support/translation-world.js'
import { objectKey } from '../../util/object-ref.js'
import { GATEWAY_EXISTS_FINALIZER } from './gateway-class-finalizers.js'

const KEY = objectKey('', 'headgate')

function worldWith(...objects: readonly string[]): TranslationWorld {
  const world = createTranslationWorld()
  for (const each of objects) world.apply(each)
  return world
}

function patch(world: TranslationWorld, metadata: { readonly finalizers?: readonly string[]; readonly deletionTimestamp?: string }): void {
  const found = world.translation.inputs.kind('GatewayClass').get(KEY)
  if (found === undefined) throw new Error('no class')
  world.translation.inputs.set('GatewayClass', KEY, { ...found, metadata: { ...found.metadata, ...metadata } })
}

function change(world: TranslationWorld) {
  world.flush()
  return world.translation.gatewayApi.classFinalizers.get(KEY)
}

describe('finalizers of GatewayClasses', () => {
  it('are wanted while Gateways use the class', () => {
    const world = worldWith()
    expect(change(world)).toBeUndefined()
    world.apply(gateway(HTTP_LISTENER))
    expect(change(world)).toBe('add')
    patch(world, { finalizers: ['example.com/other', GATEWAY_EXISTS_FINALIZER] })
    expect(change(world)).toBeUndefined()
    world.remove('Gateway', 'infra', 'gw')
    expect(change(world)).toBe('remove')
    patch(world, { finalizers: ['example.com/other'] })
    expect(change(world)).toBeUndefined()
  })

  it('are put back where somebody took them away, but not on a class that is on its way out', () => {
    const world = worldWith(gateway(HTTP_LISTENER))
    patch(world, { finalizers: [] })
    expect(change(world)).toBe('add')
    patch(world, { finalizers: [], deletionTimestamp: '2026-01-01T00:00:00Z' })
    expect(change(world)).toBeUndefined()
  })

  it('are left alone on classes of others', () => {
    const world = worldWith(`
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: other }
spec: { controllerName: example.com/other }
`)
    const key = objectKey('', 'other')
    const found = world.translation.inputs.kind('GatewayClass').get(key)
    if (found === undefined) throw new Error('no class')
    world.translation.inputs.set('GatewayClass', key, { ...found, metadata: { ...found.metadata, finalizers: [GATEWAY_EXISTS_FINALIZER] } })
    world.flush()
    expect(world.translation.gatewayApi.classFinalizers.get(key)).toBeUndefined()
  })
})
