/** Addresses that a Gateway asks for and those that it has. */
import { expect } from '@jest/globals'
import type { GatewayAddresses } from '../../src/gatewayapi/inputs.js'
import { objectKey } from '../../src/util/object-ref.js'
import { feature } from './feature.js'
import { gateway, httpRoute, to } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'], () => '')

const write = (addresses: string) => world.write(`${gateway('gw')}  addresses: ${addresses}\n`, httpRoute('r', `[{${to('a')}}]`))

function statusOf() {
  const status = world.headgate.status('Gateway/default/gw')
  if (status.shape !== 'gateway') throw new Error(`a status of the shape ${status.shape}`)
  return status
}

/** What proxies need is asked of the infrastructure. */
const asked = () => world.headgate.running.controlPlane.translation.gatewayApi.infra.get('default/gw')?.addresses

/** What the infrastructure reports, as in a cluster; undone by the returned function. */
async function report(addresses: GatewayAddresses): Promise<() => Promise<void>> {
  const { translation, pipeline } = world.headgate.running.controlPlane
  const key = objectKey('default', 'gw')
  const before = [...translation.inputs.addresses.entries()].find(([each]) => each === key)?.[1]
  const set = async (value: GatewayAddresses | undefined) => {
    translation.inputs.addresses.set(key, value)
    pipeline.touched()
    await pipeline.idle()
  }
  await set(addresses)
  return () => set(before)
}

feature(
  [
    'Gateway spec.addresses.{type,value}',
    'Gateway status.addresses.{type,value}',
    'Gateway condition AddressesAssigned',
    'Gateway reason AddressesAssigned',
    'Gateway reason PartiallyAssigned',
    'Gateway reason NotAssigned',
  ],
  'tells which of the addresses that it asks for it has, and serves on those that it has',
  async () => {
    const rows: readonly (readonly [addresses: string, asked: readonly object[], condition: string | undefined])[] = [
      ['[]', [], undefined],
      ['[{type: IPAddress, value: 127.0.0.1}]', [{ type: 'IPAddress', value: '127.0.0.1' }], 'True/AddressesAssigned'],
      ['[{type: IPAddress}]', [{ type: 'IPAddress' }], 'True/AddressesAssigned'],
      [
        '[{type: IPAddress, value: 127.0.0.1}, {type: IPAddress, value: 192.0.2.1}]',
        [
          { type: 'IPAddress', value: '127.0.0.1' },
          { type: 'IPAddress', value: '192.0.2.1' },
        ],
        'False/PartiallyAssigned',
      ],
      ['[{type: Hostname, value: gw.example.com}]', [{ type: 'Hostname', value: 'gw.example.com' }], 'False/NotAssigned'],
    ]
    for (const [addresses, wanted, condition] of rows) {
      await write(addresses)
      expect([addresses, asked()]).toEqual([addresses, wanted])
      const told = world.conditions('Gateway/default/gw').filter((each) => each.startsWith('AddressesAssigned'))
      expect([addresses, told]).toEqual([addresses, condition === undefined ? [] : [`AddressesAssigned=${condition}`]])
      expect(statusOf().addresses).toEqual([{ type: 'IPAddress', value: '127.0.0.1' }])
      expect(world.headgate.place('default/gw', 80).address).toBe('127.0.0.1')
      expect(await world.answerer()).toBe('a')
    }
  },
)

feature(
  ['Gateway spec.addresses.type', 'Gateway condition Accepted', 'Gateway reason UnsupportedAddress'],
  'does not accept addresses of types that nobody knows',
  async () => {
    for (const type of ['NamedAddress', 'example.com/anycast']) {
      await write(`[{type: ${type}, value: x}]`)
      expect([type, world.conditions('Gateway/default/gw')[0]]).toEqual([type, 'Accepted=False/UnsupportedAddress'])
      expect(statusOf().conditions[0]?.message).toContain(`"${type}"`)
      expect(asked()).toEqual([])
    }
    await write('[]')
    expect(world.conditions('Gateway/default/gw')[0]).toBe('Accepted=True/Accepted')
    expect(await world.answerer()).toBe('a')
  },
)

feature(
  ['Gateway spec.addresses.routability', 'Gateway status.addresses.routability', 'Gateway reason AddressNotAssigned'],
  'asks for addresses within the cluster, and promises none of a routability of others',
  async () => {
    await write('[{type: IPAddress, routability: example.com/moon}]')
    expect(asked()).toEqual([])
    expect(world.conditions('Gateway/default/gw')).toEqual(
      expect.arrayContaining(['Programmed=False/AddressNotAssigned', 'AddressesAssigned=False/NotAssigned']),
    )
    await write('[{type: IPAddress, routability: Cluster}]')
    expect(asked()).toEqual([{ type: 'IPAddress', routability: 'Cluster' }])
    const inCluster = { type: 'IPAddress', value: '192.0.2.7', routability: 'Cluster' }
    const undo = await report({ assigned: [inCluster] })
    expect(statusOf().addresses).toEqual([inCluster])
    expect(world.conditions('Gateway/default/gw')).toEqual(
      expect.arrayContaining(['Programmed=True/Programmed', 'AddressesAssigned=True/AddressesAssigned']),
    )
    await undo()
  },
)

feature(
  [
    'Gateway condition Programmed',
    'Gateway reason AddressNotAssigned',
    'Gateway reason AddressNotUsable',
    'Gateway reason NoResources',
    'Gateway reason Programmed',
  ],
  'is programmed only while the infrastructure can give it what it asks for, and goes on serving',
  async () => {
    await write('[]')
    expect(world.conditions('Gateway/default/gw')).toContain('Programmed=True/Programmed')
    for (const reason of ['AddressNotAssigned', 'AddressNotUsable', 'NoResources'] as const) {
      const undo = await report({ assigned: [], problem: { reason, message: `Because of ${reason}.` } })
      const programmed = statusOf().conditions.find(({ type }) => type === 'Programmed')
      expect(programmed).toMatchObject({ status: 'False', reason, message: `Because of ${reason}.` })
      expect(await world.answerer()).toBe('a')
      await undo()
      expect(world.conditions('Gateway/default/gw')).toContain('Programmed=True/Programmed')
    }
    const undo = await report({ assigned: [] })
    expect(world.conditions('Gateway/default/gw')).toContain('Programmed=False/AddressNotAssigned')
    await undo()
  },
)
