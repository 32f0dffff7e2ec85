import { describe, expect, it } from '@jest/globals'
import { cluster } from '../../../test/xds/support/resources.js'
import { decode } from '../message.js'
import { deltaResourceEncoder, deltaResponse } from './wire.js'

const HEADS = 2_000

describe('resources of a response', () => {
  it('keep 400 bytes of memory each at most beside their value, however many are made', () => {
    const encoder = deltaResourceEncoder({ encodes: new Map() })
    const heads = Array.from({ length: HEADS }, (_, n) => encoder.parts(cluster(`cluster-${n}`))[0])
    const memories = new Set(heads.map((head) => head?.buffer))
    const bytes = [...memories].reduce((sum, memory) => sum + (memory?.byteLength ?? 0), 0)
    expect(bytes / HEADS).toBeLessThan(400)
  })

  it('are told apart, whatever their length', () => {
    const encoder = deltaResourceEncoder({ encodes: new Map() })
    const all = ['a', 'b'.repeat(20_000), 'c', 'd'.repeat(5_000), 'e'].map((name) => cluster(name))
    const bytes = deltaResponse(
      all[0]?.typeUrl ?? '',
      '1',
      1,
      all.flatMap((each) => encoder.parts(each)),
      [],
    )
    const { resources = [] } = decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', bytes)
    expect(resources.map(({ name, version }) => [name, version])).toEqual(all.map(({ name, version }) => [name, version]))
    expect(resources.map(({ resource }) => Buffer.from(resource?.value ?? []).toString('hex'))).toEqual(
      all.map(({ value }) => value.toString('hex')),
    )
  })
})
