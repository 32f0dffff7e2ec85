/** GatewayClass: whose it is, what it configures, and what its status says. */
import { expect } from '@jest/globals'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import { SUPPORTED_FEATURES } from '../../src/gatewayapi/features.js'
import { DEFINITIONS_KEY } from '../../src/gatewayapi/inputs.js'
import { describeDefinitions } from '../../src/pipeline/cluster/definitions.js'
import { objectKey } from '../../src/util/object-ref.js'
import { feature } from './feature.js'
import { gateway, httpRoute, namespace, to } from './manifests.js'
import { featureWorld, NOW } from './world.js'

const world = featureWorld(['a'], () => '')

const CLASS = 'GatewayClass//mine'

const gatewayClass = (spec = '', controllerName = CONTROLLER_NAME) => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: mine}
spec:
  controllerName: ${controllerName}
  ${spec}
`
const gatewayOf = (className: string) => gateway('gw').replace('gatewayClassName: headgate', `gatewayClassName: ${className}`)
const route = httpRoute('r', `[{${to('a')}}]`)
const config = (name: string, where: string, replicas: number) => `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: {name: ${name}, namespace: ${where}}
spec: {replicas: ${replicas}}
`

/** What the infrastructure of the Gateway is configured with. */
function replicas(): unknown {
  return world.headgate.running.controlPlane.translation.gatewayApi.infra.get(objectKey('default', 'gw'))?.config.replicas
}

/** Problems of the folder that name the class. */
function problems(): string {
  return JSON.stringify(world.headgate.running.sources.problems())
}

feature(
  ['GatewayClass spec.controllerName', 'Gateway spec.gatewayClassName', 'GatewayClass condition Accepted', 'GatewayClass reason Accepted'],
  'serves Gateways of its own classes, and leaves those of others alone',
  async () => {
    await world.write(gatewayClass(), gatewayOf('mine'), route)
    expect(world.conditions(CLASS)[0]).toBe('Accepted=True/Accepted')
    expect(await world.answerer()).toBe('a')
    await world.writeRefused(gatewayClass('', 'example.com/other'), gatewayOf('mine'), route)
    expect(problems()).toMatch(/controllerName/)
    // The controller of a class never changes; a class that comes anew may have another.
    await world.write(route)
    await world.write(gatewayClass('', 'example.com/other'), gatewayOf('mine'), route)
    expect(() => world.conditions(CLASS)).toThrow('has no status')
    expect(() => world.conditions('Gateway/default/gw')).toThrow('has no status')
    expect(() => world.headgate.place('default/gw', 80)).toThrow('does not listen')
    await world.write(gatewayOf('none'), route)
    expect(() => world.headgate.place('default/gw', 80)).toThrow('does not listen')
  },
)

feature(
  ['GatewayClass spec.description'],
  'takes a description of at most 64 characters, and refuses the class with a longer one',
  async () => {
    await world.write(gatewayClass(`description: ${'d'.repeat(64)}`), gatewayOf('mine'), route)
    expect(problems()).not.toMatch(/description/)
    expect(await world.answerer()).toBe('a')
    await world.writeRefused(gatewayClass(`description: ${'d'.repeat(65)}`), gatewayOf('mine'), route)
    expect(problems()).toMatch(/description/)
    expect(await world.answerer()).toBe('a')
  },
)

feature(
  [
    'GatewayClass spec.parametersRef.{group,kind,name,namespace}',
    'GatewayClass reason InvalidParameters',
    'Gateway reason InvalidParameters',
  ],
  'configures its Gateways by a GatewayConfig, and accepts nothing while there is none',
  async () => {
    const both = [namespace('far'), config('one', 'default', 2), config('one', 'far', 3), config('two', 'far', 4)]
    const rows: readonly (readonly [ref: string, replicas: number | undefined])[] = [
      ['group: headgate.dev, kind: GatewayConfig, name: one, namespace: default', 2],
      ['group: headgate.dev, kind: GatewayConfig, name: one, namespace: far', 3],
      ['group: headgate.dev, kind: GatewayConfig, name: two, namespace: far', 4],
      ['group: headgate.dev, kind: GatewayConfig, name: two, namespace: default', undefined],
      ['group: headgate.dev, kind: GatewayConfig, name: one', undefined],
      ['group: headgate.dev, kind: Backend, name: one, namespace: far', undefined],
      ['group: example.com, kind: GatewayConfig, name: one, namespace: far', undefined],
    ]
    for (const [ref, wanted] of rows) {
      await world.write(...both, gatewayClass(`parametersRef: {${ref}}`), gatewayOf('mine'), route)
      const accepted = wanted === undefined ? 'Accepted=False/InvalidParameters' : 'Accepted=True/Accepted'
      expect([ref, world.conditions(CLASS)[0], world.conditions('Gateway/default/gw')[0]]).toEqual([ref, accepted, accepted])
      expect([ref, replicas()]).toEqual([ref, wanted])
    }
  },
)

feature(
  ['GatewayClass condition SupportedVersion', 'GatewayClass reason SupportedVersion', 'GatewayClass reason UnsupportedVersion'],
  'says whether the installed definitions of Gateway API are of a version that it knows',
  async () => {
    await world.write(gatewayClass(), gatewayOf('mine'), route)
    const { pipeline, translation } = world.headgate.running.controlPlane
    const install = async (bundleVersion: string) => {
      const group = 'gateway.networking.k8s.io'
      const crds = [{ name: `gateways.${group}`, group, bundleVersion, channel: 'standard' }]
      translation.inputs.definitions.set(DEFINITIONS_KEY, describeDefinitions(crds))
      pipeline.touched()
      await world.headgate.settle()
    }
    expect(world.conditions(CLASS)).toEqual(['Accepted=True/Accepted', 'SupportedVersion=True/SupportedVersion'])
    await install('v0.8.0')
    expect(world.conditions(CLASS)).toEqual(['Accepted=False/UnsupportedVersion', 'SupportedVersion=False/UnsupportedVersion'])
    await install('v1.7.0')
    expect(world.conditions(CLASS)).toEqual(['Accepted=True/Accepted', 'SupportedVersion=True/SupportedVersion'])
  },
)

feature(
  [
    'GatewayClass status.conditions.{type,status,reason,message,observedGeneration,lastTransitionTime}',
    'GatewayClass status.supportedFeatures.name',
    'GatewayClass reason Pending',
  ],
  'replaces what the API server says of a new class, and lists the supported features',
  async () => {
    await world.write(gatewayClass(), gatewayOf('mine'), route)
    const waiting = { status: 'Unknown', reason: 'Pending', message: 'Waiting for controller', lastTransitionTime: '1970-01-01T00:00:00Z' }
    const stored = world.stored(CLASS, { conditions: [{ type: 'Accepted', ...waiting }] })
    const generation = world.headgate.status(CLASS).object.generation
    expect(stored.conditions).toEqual([
      {
        type: 'Accepted',
        status: 'True',
        reason: 'Accepted',
        message: 'Gateways of this class are served.',
        observedGeneration: generation,
        lastTransitionTime: NOW,
      },
      expect.objectContaining({ type: 'SupportedVersion', status: 'True', lastTransitionTime: NOW }),
    ])
    expect(stored.supportedFeatures).toEqual(SUPPORTED_FEATURES.map((name) => ({ name })))
    expect(SUPPORTED_FEATURES).toEqual(SUPPORTED_FEATURES.toSorted())
  },
)
