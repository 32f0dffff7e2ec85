import { describe, expect, it } from '@jest/globals'
import { briefly, createTranslationWorld, type TranslationWorld } from '../../../test/support/translation-world.js'
import { objectKey } from '../../util/object-ref.js'
import { SUPPORTED_FEATURES } from '../features.js'
import { DEFINITIONS_KEY } from '../inputs.js'
import type { GatewayClassStatus } from '../object-status.js'

function statusOf(world: TranslationWorld, name = 'headgate'): GatewayClassStatus | undefined {
  const status = world.status(`GatewayClass//${name}`)
  return status?.shape === 'gatewayClass' ? status : undefined
}

const gatewayClass = (spec: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: other }
spec: { ${spec} }
`

describe('the status of a GatewayClass', () => {
  it('is accepted, with the features that we support in ascending order', () => {
    const status = statusOf(createTranslationWorld())
    expect(briefly(status?.conditions ?? [])).toEqual(['Accepted=True Accepted', 'SupportedVersion=True SupportedVersion'])
    expect(status?.supportedFeatures).toEqual([...SUPPORTED_FEATURES].sort())
    expect(new Set(SUPPORTED_FEATURES).size).toBe(SUPPORTED_FEATURES.length)
  })

  it('is not ours to write for another controller', () => {
    const world = createTranslationWorld()
    world.apply(gatewayClass('controllerName: example.com/other'))
    expect(statusOf(world, 'other')).toBeUndefined()
  })

  it('is refused with parameters of an unknown kind, and its Gateways with it', () => {
    const world = createTranslationWorld()
    world.apply(gatewayClass('controllerName: headgate.dev/gateway-controller, parametersRef: { group: example.com, kind: Fake, name: x }'))
    expect(briefly(statusOf(world, 'other')?.conditions ?? [])).toEqual([
      'Accepted=False InvalidParameters',
      'SupportedVersion=True SupportedVersion',
    ])
    world.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw }
spec: { gatewayClassName: other, listeners: [{ name: http, port: 80, protocol: HTTP }] }
`)
    const status = world.status('Gateway/default/gw')
    expect(status?.shape === 'gateway' && briefly(status.conditions)).toContain('Accepted=False InvalidParameters')
  })

  it('tells of definitions that cannot be relied on', () => {
    const world = createTranslationWorld()
    world.translation.inputs.definitions.set(DEFINITIONS_KEY, { problem: 'The Gateway definition has no bundle version.' })
    expect(briefly(statusOf(world)?.conditions ?? [])).toEqual([
      'Accepted=False UnsupportedVersion',
      'SupportedVersion=False UnsupportedVersion',
    ])
  })

  it('carries the generation of the class', () => {
    const world = createTranslationWorld()
    world.apply(gatewayClass('controllerName: headgate.dev/gateway-controller'))
    world.apply(gatewayClass('controllerName: headgate.dev/gateway-controller, description: new'))
    expect(statusOf(world, 'other')?.conditions.map((condition) => condition.observedGeneration)).toEqual([2, 2])
  })

  it('says that the class is being deleted, and which Gateways keep it', () => {
    const world = createTranslationWorld()
    const messageOf = (): string | undefined => statusOf(world)?.conditions[0]?.message
    const key = objectKey('', 'headgate')
    const found = world.translation.inputs.kind('GatewayClass').get(key)
    if (found === undefined) throw new Error('no class')
    const goes = { ...found, metadata: { ...found.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    world.translation.inputs.set('GatewayClass', key, goes)
    expect(messageOf()).toBe('Gateways of this class are served. It is being deleted.')
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      world.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name} }
spec: { gatewayClassName: headgate, listeners: [{ name: http, port: 80, protocol: HTTP }] }
`)
    }
    expect(messageOf()).toBe(
      'Gateways of this class are served. It is being deleted, and stays until the Gateways that use it are gone: default/a, default/b, default/c and 2 more.',
    )
    for (const name of ['a', 'c', 'd', 'e']) world.remove('Gateway', 'default', name)
    expect(messageOf()).toMatch(/are gone: default\/b\.$/)
    world.translation.inputs.set('GatewayClass', key, found)
    expect(messageOf()).toBe('Gateways of this class are served.')
  })
})
