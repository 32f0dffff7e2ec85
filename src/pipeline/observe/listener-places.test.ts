import { expect, it } from '@jest/globals'
import { createTranslationWorld } from '../../../test/support/translation-world.js'
import { listenerPlaces } from './listener-places.js'

it('a listener that lost its host to another one is not where that one listens', () => {
  const world = createTranslationWorld()
  world.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: headgate
  allowedListeners: {namespaces: {from: Same}}
  listeners: [{name: first, port: 8080, protocol: HTTP, hostname: a.example.com}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: set}
spec:
  parentRef: {name: gw}
  listeners:
    - {name: again, port: 8080, protocol: HTTP, hostname: a.example.com}
    - {name: other, port: 8080, protocol: HTTP, hostname: b.example.com}
`)
  world.place('default/gw', { addresses: ['127.0.0.1'] })
  world.flush()
  expect(listenerPlaces(world.translation).map(({ listenerSet, listener, boundPort }) => [listenerSet, listener, boundPort])).toEqual([
    [undefined, 'first', 8080],
    ['default/set', 'again', undefined],
    ['default/set', 'other', 8080],
  ])
})
