import { describe, expect, it } from '@jest/globals'
import { gateway, HTTP_LISTENER, route } from '../../../test/support/route-world.js'
import { createTranslationWorld, type TranslationWorld } from '../../../test/support/translation-world.js'
import { selectedPodsService, xBackendLabel } from './selected-pods.js'

const TO_B = 'rules: [{ backendRefs: [{ group: gateway.networking.x-k8s.io, kind: XBackend, name: b }] }]'

function xBackend(labels: string, port = 8080): string {
  return `
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: b, namespace: infra }
spec: { type: EndpointSelector, port: { number: ${port} }, endpointSelector: { matchLabels: { ${labels} } } }
`
}

function service(labels: string, selector: string, port = 8080): string {
  return `
---
apiVersion: v1
kind: Service
metadata: { name: headgate-backend-b, namespace: infra, labels: { ${labels} } }
spec: { clusterIP: None, selector: { ${selector} }, ports: [{ port: ${port} }] }
`
}

function wanted(world: TranslationWorld) {
  world.flush()
  return world.translation.gatewayApi.selectedPods.get('XBackend/infra/b')
}

describe('pods that XBackends choose', () => {
  it('need a Service as long as something sends there', () => {
    const world = createTranslationWorld()
    for (const each of [gateway(HTTP_LISTENER), xBackend('app: x')]) world.apply(each)
    expect(wanted(world)).toBeUndefined()
    world.apply(route('r', TO_B))
    expect(wanted(world)).toMatchObject({ namespace: 'infra', service: 'headgate-backend-b', matchLabels: { app: 'x' }, port: 8080 })
    world.remove('HTTPRoute', 'infra', 'r')
    expect(wanted(world)).toBeUndefined()
  })

  it.each([
    { what: 'as it should be', has: service('headgate.dev/x-backend: b', 'app: x'), isThere: true },
    { what: 'with another selector', has: service('headgate.dev/x-backend: b', 'app: y'), isThere: false },
    { what: 'with another port', has: service('headgate.dev/x-backend: b', 'app: x', 80), isThere: false },
    { what: 'without its label', has: service('', 'app: x'), isThere: false },
  ])('look at the Service that is there: $what', ({ has, isThere }) => {
    const world = createTranslationWorld()
    for (const each of [gateway(HTTP_LISTENER), xBackend('app: x'), route('r', TO_B)]) world.apply(each)
    expect(wanted(world)?.isThere).toBe(false)
    world.apply(has)
    expect(wanted(world)?.isThere).toBe(isThere)
  })

  it('have names that fit into a DNS label and stay apart', () => {
    const long = (last: string) => `${'a.'.repeat(120)}${last}`
    expect(selectedPodsService('pods')).toBe('headgate-backend-pods')
    for (const name of [selectedPodsService('a.b'), selectedPodsService(long('x')), xBackendLabel(long('x'))]) {
      expect(name.length).toBeLessThanOrEqual(63)
    }
    expect(selectedPodsService('a.b')).toMatch(/^headgate-backend-a-b-[0-9a-f]{8}$/)
    expect(selectedPodsService('a.b')).not.toBe(selectedPodsService('a-b'))
    expect(selectedPodsService(long('x'))).not.toBe(selectedPodsService(long('y')))
    expect(xBackendLabel(long('x'))).not.toBe(xBackendLabel(long('y')))
  })
})
