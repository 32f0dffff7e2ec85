import { describe, expect, it } from '@jest/globals'
import type { GatewayInfra } from '../../ir/infra.js'
import { FleetImages } from './fleet-images.js'

describe('FleetImages', () => {
  it('tells of fleets that are to be of another image than before', () => {
    const images = new FleetImages('envoy:v1')
    const own = { config: { image: 'own:v1' } }
    const plain = { config: {} }
    expect([images.of(plain), images.of(own), images.of(undefined)]).toEqual(['envoy:v1', 'own:v1', undefined])
    expect(images.changed(new Map([['a', plain]]))).toEqual([])
    expect(images.changed(new Map([['a', { config: { replicas: 2 } }]]))).toEqual([])
    expect(
      images.changed(
        new Map<string, Pick<GatewayInfra, 'config'>>([
          ['a', own],
          ['b', own],
        ]),
      ),
    ).toEqual(['a'])
    expect(images.changed(new Map([['b', { config: { image: 'own:v1', useListenerPortAsContainerPort: true } }]]))).toEqual(['b'])
    expect(images.changed(new Map([['a', undefined]]))).toEqual([])
    expect(images.changed(new Map([['a', plain]]))).toEqual([])
  })
})
