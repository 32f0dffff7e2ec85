/** What is made around the proxies of a Gateway: labels, annotations, configuration and addresses. */
import { expect } from '@jest/globals'
import type { GatewayAddresses } from '../../src/gatewayapi/inputs.js'
import { readAddresses } from '../../src/infra/kubernetes/addresses.js'
import type { GatewayInfra, RequestedAddress } from '../../src/ir/infra.js'
import { objectKey } from '../../src/util/object-ref.js'
import { feature } from './feature.js'
import { gateway, httpRoute, to } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'], () => httpRoute('r', `[{${to('a')}}]`))

const KEY = objectKey('default', 'gw')
const GATEWAY = 'Gateway/default/gw'

function infra(): GatewayInfra {
  const found = world.headgate.running.controlPlane.translation.gatewayApi.infra.get(KEY)
  if (found === undefined) throw new Error('the Gateway has no infrastructure')
  return found
}

/** The addresses in the status of the Gateway, as type and value, with the routability where there is one. */
function addresses(): readonly string[] {
  const status = world.headgate.status(GATEWAY)
  if (status.shape !== 'gateway') throw new Error('not the status of a Gateway')
  return status.addresses.map(({ type, value, routability }) => [type, value, routability ?? ''].join(' ').trim())
}

/** The addresses that the infrastructure is asked for. */
const requested = (): readonly RequestedAddress[] => infra().services[0]?.gateways[0]?.addresses ?? []

/** Reports addresses as the infrastructure of a cluster does. */
async function report(reported: GatewayAddresses): Promise<void> {
  const { pipeline, translation } = world.headgate.running.controlPlane
  translation.inputs.addresses.set(KEY, reported)
  pipeline.touched()
  await world.headgate.settle()
}

const config = (name: string, replicas: number) => `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: {name: ${name}}
spec: {replicas: ${replicas}}
`

feature(
  ['Gateway spec.infrastructure.{labels,annotations}'],
  'hands labels and annotations to everything that is made for the Gateway',
  async () => {
    await world.write(`${gateway('gw')}  infrastructure: {labels: {team: blue}, annotations: {example.com/note: hello}}\n`)
    expect([infra().labels, infra().annotations]).toEqual([{ team: 'blue' }, { 'example.com/note': 'hello' }])
    await world.write(gateway('gw'))
    expect([infra().labels, infra().annotations]).toEqual([{}, {}])
  },
)

feature(
  [
    'Gateway spec.infrastructure.parametersRef.{group,kind,name}',
    'Gateway reason InvalidParameters',
    'Gateway condition Accepted',
    'Gateway reason Accepted',
  ],
  'configures one Gateway by a GatewayConfig of its namespace, and does not accept it while there is none',
  async () => {
    const rows: readonly (readonly [ref: string, replicas: number | undefined])[] = [
      ['group: headgate.dev, kind: GatewayConfig, name: one', 2],
      ['group: headgate.dev, kind: GatewayConfig, name: two', 3],
      ['group: headgate.dev, kind: GatewayConfig, name: none', undefined],
      ['group: headgate.dev, kind: Backend, name: one', undefined],
      ['group: example.com, kind: GatewayConfig, name: one', undefined],
    ]
    for (const [ref, replicas] of rows) {
      await world.write(config('one', 2), config('two', 3), `${gateway('gw')}  infrastructure: {parametersRef: {${ref}}}\n`)
      const accepted = replicas === undefined ? 'Accepted=False/InvalidParameters' : 'Accepted=True/Accepted'
      expect([ref, world.conditions(GATEWAY)[0], infra().config.replicas]).toEqual([ref, accepted, replicas])
    }
  },
)

feature(
  [
    'Gateway spec.addresses.{type,value}',
    'Gateway status.addresses.{type,value}',
    'Gateway condition AddressesAssigned',
    'Gateway reason AddressesAssigned',
    'Gateway reason PartiallyAssigned',
    'Gateway reason NotAssigned',
  ],
  'says which of the addresses that are asked for the Gateway has',
  async () => {
    await world.write(gateway('gw'))
    const { address } = world.headgate.place('default/gw', 80)
    expect(addresses()).toEqual([`IPAddress ${address}`])
    expect(world.conditions(GATEWAY).join()).not.toContain('AddressesAssigned')
    const rows: readonly (readonly [asked: string, condition: string])[] = [
      [`[{type: IPAddress, value: ${address}}]`, 'True/AddressesAssigned'],
      ['[{type: IPAddress}]', 'True/AddressesAssigned'],
      [`[{type: IPAddress, value: ${address}}, {type: IPAddress, value: 192.0.2.9}]`, 'False/PartiallyAssigned'],
      ['[{type: IPAddress, value: 192.0.2.9}]', 'False/NotAssigned'],
      ['[{type: Hostname, value: gw.example.com}]', 'False/NotAssigned'],
    ]
    for (const [asked, condition] of rows) {
      await world.write(`${gateway('gw')}  addresses: ${asked}\n`)
      expect([asked, world.conditions(GATEWAY)]).toEqual([asked, expect.arrayContaining([`AddressesAssigned=${condition}`])])
    }
    expect(requested()).toEqual([{ type: 'Hostname', value: 'gw.example.com' }])
  },
)

feature(['Gateway reason UnsupportedAddress', 'Gateway reason Invalid'], 'accepts no address of a type that it does not know', async () => {
  await world.write(`${gateway('gw')}  addresses: [{type: example.com/pool, value: blue}]\n`)
  expect(world.conditions(GATEWAY).slice(0, 2)).toEqual(['Accepted=False/UnsupportedAddress', 'Programmed=False/Invalid'])
})

feature(
  [
    'Gateway spec.addresses.routability',
    'Gateway status.addresses.routability',
    'Gateway reason AddressNotAssigned',
    'Gateway condition Programmed',
  ],
  'asks for addresses that are reachable in the cluster only, and shows them as such',
  async () => {
    await world.write(`${gateway('gw')}  addresses: [{type: IPAddress, routability: Cluster}]\n`)
    expect(requested()).toEqual([{ type: 'IPAddress', routability: 'Cluster' }])
    const metadata = { name: 'gw', namespace: 'default' }
    const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'ClusterIP', clusterIPs: ['10.96.0.7'] } }
    await report(readAddresses(service, requested()))
    expect(addresses()).toEqual(['IPAddress 10.96.0.7 Cluster'])
    expect(world.conditions(GATEWAY)).toContain('AddressesAssigned=True/AddressesAssigned')
    await world.write(`${gateway('gw')}  addresses: [{type: IPAddress, routability: example.com/moon}]\n`)
    expect(world.conditions(GATEWAY)).toEqual(
      expect.arrayContaining(['Programmed=False/AddressNotAssigned', 'AddressesAssigned=False/NotAssigned']),
    )
  },
)

feature(
  [
    'Gateway reason AddressNotAssigned',
    'Gateway reason AddressNotUsable',
    'Gateway reason NoResources',
    'Gateway condition Programmed',
    'Gateway reason Programmed',
  ],
  'says why a Gateway has no address, or not the one that it asks for',
  async () => {
    await world.write(`${gateway('gw')}  addresses: [{type: IPAddress, value: 192.0.2.9}]\n`)
    const metadata = { name: 'gw', namespace: 'default' }
    const service = (ip: string) => {
      const status = { loadBalancer: { ingress: ip === '' ? [] : [{ ip }] } }
      return { apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'LoadBalancer' }, status }
    }
    await report(readAddresses(service('192.0.2.9'), requested()))
    expect(world.conditions(GATEWAY)).toEqual(
      expect.arrayContaining(['Programmed=True/Programmed', 'AddressesAssigned=True/AddressesAssigned']),
    )
    await report(readAddresses(service('192.0.2.1'), requested()))
    expect(world.conditions(GATEWAY)).toContain('Programmed=False/AddressNotUsable')
    await report(readAddresses(service(''), []))
    expect(world.conditions(GATEWAY)).toContain('Programmed=False/AddressNotAssigned')
    await report({ assigned: [], problem: { reason: 'NoResources', message: 'The quota of the namespace is used up.' } })
    expect(world.conditions(GATEWAY)).toContain('Programmed=False/NoResources')
  },
)
