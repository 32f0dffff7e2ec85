import { expect, it } from '@jest/globals'
import { encode } from '../xds/message.js'
import { type EncodedResource, TYPE_URL } from '../xds/resource.js'
import { SnapshotCache } from '../xds/snapshot-cache.js'
import { type DumpedResource, dumpSections } from './dump.js'

const { cluster: typeUrl } = TYPE_URL
const cluster = (name: string, value: Buffer): EncodedResource => ({ typeUrl, name, version: '1', value, origins: [], references: [] })
const named = (name: string) => cluster(name, encode('envoy.config.cluster.v3.Cluster', { name }))
const unknown = { type_url: 'type.googleapis.com/an.extension.of.Somebody', value: Buffer.from('hunter2') }

it.each([
  {
    what: 'with a message that nobody here knows',
    value: encode('envoy.config.cluster.v3.Cluster', { name: 'b', typedExtensionProtocolOptions: { x: unknown } }),
    why: 'no such type: an.extension.of.Somebody',
  },
  { what: 'that is no message', value: Buffer.from([0x0a, 0xff]), why: expect.stringContaining('out of range') },
])('a resource $what hides no other one', async ({ value, why }) => {
  const snapshots = new SnapshotCache()
  const all = [named('a'), cluster('b', value), named('c')]
  snapshots.apply(
    'local',
    all.map((resource) => ({ ...resource, resource })),
  )
  let text = ''
  for await (const part of dumpSections(snapshots, ['clusters'])) text += part
  const dumped = JSON.parse(text) as readonly DumpedResource[]
  expect(dumped.map((each) => each.value)).toEqual([{ name: 'a' }, { unprintable: why }, { name: 'c' }])
})
