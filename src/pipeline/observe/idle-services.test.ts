import { expect, it } from '@jest/globals'
import { createTranslationWorld } from '../../../test/support/translation-world.js'
import { idleServices } from './idle-services.js'

const slice = (name: string, rest: string) => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
${rest}
---`

const PORTS = 'ports: [{port: 3000, protocol: TCP}]'
const READY = '{addresses: [10.0.0.1], conditions: {ready: true}}'
const UNREADY = '{addresses: [10.0.0.2], conditions: {ready: false, serving: false}}'

function told(slices: string, selector = 'selector: {app: a, tier: web}, '): readonly string[] {
  const world = createTranslationWorld()
  world.apply(`${slices}
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec: {gatewayClassName: headgate, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {${selector}ports: [{port: 8080, targetPort: 3000}]}
---
apiVersion: v1
kind: Service
metadata: {name: unused}
spec: {ports: [{port: 8080}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: gw}]
  rules: [{backendRefs: [{name: a, port: 8080}]}]
`)
  world.place('default/gw')
  world.flush()
  return idleServices(world.translation.gatewayApi, world.translation.inputs).map(
    ({ severity, where, message }) => `${severity} ${where}: ${message}`,
  )
}

it.each([
  { slices: '', why: 'there is no pod with the labels of its selector (app=a,tier=web)' },
  { slices: slice('a', `${PORTS}\nendpoints: []`), why: 'there is no pod with the labels of its selector (app=a,tier=web)' },
  { slices: '', selector: '', why: 'it has no selector, and nobody has made an EndpointSlice for it' },
  { slices: slice('a', `${PORTS}\nendpoints: [${UNREADY}]`), why: 'its only pod is not ready' },
  { slices: slice('a', `${PORTS}\nendpoints: [${UNREADY}, ${UNREADY}]`), why: 'none of its 2 pods is ready' },
  { slices: slice('a', `ports: []\nendpoints: [${READY}]`), why: 'its pods do not have the port that its targetPort names' },
])('says why a Service has no endpoint: $why', ({ slices, selector, why }) => {
  expect(told(slices, selector)).toEqual([`warning Service/default/a: port 8080 has no endpoint, so that requests for it get 503: ${why}`])
})

it('says nothing of one that has some, and of one that no route sends to', () => {
  expect(told(slice('a', `${PORTS}\nendpoints: [${READY}, ${UNREADY}]`))).toEqual([])
})
