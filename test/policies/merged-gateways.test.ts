/** Gateways of a class that share their proxies and their address: through the real Envoy. */
import { expect } from '@jest/globals'
import { httpRoute, to } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { policyField } from './coverage/policy-field.js'

const CLASS = `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: {name: merged, namespace: default}
spec: {mergeGateways: SharedAddress}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: merged}
spec:
  controllerName: headgate.dev/gateway-controller
  parametersRef: {group: headgate.dev, kind: GatewayConfig, name: merged, namespace: default}
`
const world = featureWorld(['a', 'b'], () => CLASS)

const gateway = (name: string, created: string, hostname: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, creationTimestamp: "${created}T00:00:00Z"}
spec: {gatewayClassName: merged, listeners: [{name: http, port: 80, protocol: HTTP, hostname: "${hostname}"}]}
`
const route = (name: string, parent: string, host: string): string =>
  httpRoute(name, `[{${to(name)}}]`, `parentRefs: [{name: ${parent}}]\n  hostnames: [${host}]`)

policyField(
  ['GatewayConfig mergeGateways'],
  'serves the hosts of each on one port, and goes on when one of them goes',
  async () => {
    const older = [gateway('older', '2026-01-01', 'a.test'), route('a', 'older', 'a.test')]
    await world.write(...older, gateway('younger', '2026-01-02', '*.b.test'), route('b', 'younger', 'x.b.test'))
    const [first, second] = [world.headgate.place('default/older', 80), world.headgate.place('default/younger', 80)]
    expect(second).toEqual(first)
    expect(await world.answerer({ gateway: 'default/older', host: 'a.test' })).toBe('a')
    expect(await world.answerer({ gateway: 'default/older', host: 'x.b.test' })).toBe('b')
    expect(world.conditions('Gateway/default/younger')).toContain('Programmed=True/Programmed')

    await world.write(...older)
    expect(world.headgate.place('default/older', 80)).toEqual(first)
    expect(await world.answerer({ gateway: 'default/older', host: 'a.test' })).toBe('a')
    expect(await world.answerer({ gateway: 'default/older', host: 'x.b.test' })).toBe(404)
  },
  60_000,
)

policyField(
  ['GatewayConfig mergeGateways'],
  'gives a host that two want to the older Gateway, and to the other one when that goes',
  async () => {
    const younger = [gateway('younger', '2026-01-02', 'a.test'), route('b', 'younger', 'a.test')]
    await world.write(gateway('older', '2026-01-01', 'a.test'), route('a', 'older', 'a.test'), ...younger)
    expect(await world.answerer({ gateway: 'default/older', host: 'a.test' })).toBe('a')
    expect(world.listener('default/younger', 'http')).toContain('Conflicted=True/HostnameConflict')
    await world.write(...younger)
    expect(await world.answerer({ gateway: 'default/younger', host: 'a.test' })).toBe('b')
    expect(world.listener('default/younger', 'http')).toContain('Conflicted=False/NoConflicts')
  },
  60_000,
)
