/** What a Gateway and its class ask of the infrastructure. On a laptop there is none to make: what is asked for is what is looked at. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { gateway, httpRoute, namespace, to } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'], () => '')
const ROUTE = httpRoute('r', `[{${to('a')}}]`)

const infra = () => world.headgate.running.controlPlane.translation.gatewayApi.infra.get('default/gw')

const config = (name: string, spec: string, inNamespace = 'default') => `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: {name: ${name}, namespace: ${inNamespace}}
spec: ${spec}
`

const gatewayClass = (parametersRef: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: with-parameters}
spec: {controllerName: headgate.dev/gateway-controller, parametersRef: ${parametersRef}}
`

/** The Gateway of a class with parameters, by default with none of its own. */
const ofClass = (infrastructure = '{}') =>
  `${gateway('gw').replace('gatewayClassName: headgate', 'gatewayClassName: with-parameters')}  infrastructure: ${infrastructure}\n`

feature(
  ['Gateway spec.infrastructure.{labels,annotations}'],
  'asks for labels and annotations on everything that is made for it',
  async () => {
    await world.write(gateway('gw'), ROUTE)
    expect([infra()?.labels, infra()?.annotations]).toEqual([{}, {}])
    const rest = 'infrastructure: {labels: {team: shop, example.com/stage: live}, annotations: {example.com/note: "a b"}}'
    await world.write(`${gateway('gw')}  ${rest}\n`, ROUTE)
    expect(infra()).toMatchObject({
      labels: { team: 'shop', 'example.com/stage': 'live' },
      annotations: { 'example.com/note': 'a b' },
      gatewayClass: 'headgate',
      ports: [{ name: 'tcp-80', port: 80, protocol: 'TCP' }],
    })
    expect(await world.answerer()).toBe('a')
  },
)

feature(
  ['Gateway spec.infrastructure.parametersRef.{group,kind,name}', 'Gateway reason InvalidParameters', 'Gateway reason Invalid'],
  'runs as the GatewayConfig says that it refers to, and is not accepted where there is none',
  async () => {
    const own = config('own', '{replicas: 3}')
    const write = (ref: string) => world.write(own, `${gateway('gw')}  infrastructure: {parametersRef: ${ref}}\n`, ROUTE)
    await write('{group: headgate.dev, kind: GatewayConfig, name: own}')
    expect(infra()?.config).toEqual({ replicas: 3 })
    expect(world.conditions('Gateway/default/gw')).toEqual(expect.arrayContaining(['Accepted=True/Accepted', 'Programmed=True/Programmed']))
    expect(await world.answerer()).toBe('a')
    for (const ref of [
      '{group: headgate.dev, kind: GatewayConfig, name: missing}',
      '{group: headgate.dev, kind: Backend, name: own}',
      '{group: example.com, kind: GatewayConfig, name: own}',
    ]) {
      await write(ref)
      expect([ref, world.conditions('Gateway/default/gw').slice(0, 2)]).toEqual([
        ref,
        ['Accepted=False/InvalidParameters', 'Programmed=False/Invalid'],
      ])
      expect(infra()?.problem).toMatch(/parametersRef/)
    }
  },
)

feature(
  ['GatewayClass spec.parametersRef.{group,kind,name,namespace}', 'GatewayClass reason InvalidParameters'],
  'runs the Gateways of a class as its GatewayConfig says, under what each says itself',
  async () => {
    const configs = [
      namespace('settings'),
      config('shared', '{replicas: 2, drain: {minimumSeconds: 1, maximumSeconds: 9}}', 'settings'),
      config('shared', '{replicas: 7}'),
      config('own', '{replicas: 5, drain: {maximumSeconds: 20}}'),
    ]
    const shared = gatewayClass('{group: headgate.dev, kind: GatewayConfig, name: shared, namespace: settings}')
    await world.write(...configs, shared, ofClass(), ROUTE)
    expect(infra()).toMatchObject({
      gatewayClass: 'with-parameters',
      config: { replicas: 2, drain: { minimumSeconds: 1, maximumSeconds: 9 } },
    })
    expect(world.conditions('GatewayClass//with-parameters')).toContain('Accepted=True/Accepted')
    expect(await world.answerer()).toBe('a')
    await world.write(...configs, shared, ofClass('{parametersRef: {group: headgate.dev, kind: GatewayConfig, name: own}}'), ROUTE)
    expect(infra()?.config).toMatchObject({ replicas: 5, drain: { minimumSeconds: 1, maximumSeconds: 20 } })
    for (const ref of [
      '{group: headgate.dev, kind: GatewayConfig, name: shared, namespace: elsewhere}',
      '{group: headgate.dev, kind: GatewayConfig, name: shared}',
      '{group: "", kind: ConfigMap, name: shared, namespace: settings}',
    ]) {
      await world.write(...configs, gatewayClass(ref), ofClass(), ROUTE)
      expect([ref, world.conditions('GatewayClass//with-parameters')]).toEqual([
        ref,
        expect.arrayContaining(['Accepted=False/InvalidParameters']),
      ])
      expect([ref, world.conditions('Gateway/default/gw')[0]]).toEqual([ref, 'Accepted=False/InvalidParameters'])
    }
  },
)
