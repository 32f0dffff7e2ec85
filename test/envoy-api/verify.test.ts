import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import protobuf from 'protobufjs'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { readBinaryDescriptors } from '../../scripts/envoy-api/binary-descriptors.js'
import { compareApi } from '../../scripts/envoy-api/compare.js'
import { loadEnvoyApi, readOverlays } from '../../scripts/envoy-api/load.js'

const repository = join(import.meta.dirname, '..', '..')
let files: ReturnType<typeof readBinaryDescriptors> = new Map()

beforeAll(async () => {
  files = readBinaryDescriptors((await findEnvoy()).path)
}, 300_000)

describe('the API of the real Envoy', () => {
  it('is the one that we generate: every message, field and enum value', () => {
    expect(files.size).toBeGreaterThan(400)
    expect(compareApi(loadEnvoyApi(repository), files.values())).toEqual([])
  })

  it('has every field of the overlay', () => {
    const overlaid = readOverlays(repository).flatMap(({ fields = {} }) => Object.keys(fields))
    expect(overlaid.length).toBeGreaterThan(5)
    const known = new Set([...files.values()].flatMap((file) => (file.messageType ?? []).map(({ name }) => `${file.package}.${name}`)))
    const topLevel = overlaid.map((name) => [...known].find((message) => name === message || name.startsWith(`${message}.`)))
    expect(topLevel).not.toContain(undefined)
  })

  it.each([
    { wrong: 'a number', name: 'envoy.type.v3.Percent.value', field: new protobuf.Field('value', 2, 'double') },
    { wrong: 'a type', name: 'envoy.type.v3.Percent.value', field: new protobuf.Field('value', 1, 'float') },
    { wrong: 'a repetition', name: 'envoy.type.v3.Percent.value', field: new protobuf.Field('value', 1, 'double', 'repeated') },
    { wrong: 'a name', name: 'envoy.type.v3.Percent.values', field: new protobuf.Field('values', 1, 'double') },
  ])('shows $wrong that differs', ({ name, field }) => {
    const root = new protobuf.Root()
    root.define('envoy.type.v3').add(new protobuf.Type('Percent').add(field))
    expect(compareApi(root.resolveAll(), files.values())).toMatchObject([{ name }])
  })

  it('shows an enum value that differs', () => {
    const root = new protobuf.Root()
    root.define('envoy.type.v3').add(new protobuf.Enum('CodecClientType', { HTTP1: 0, HTTP2: 2, HTTP4: 4 }))
    expect(compareApi(root.resolveAll(), files.values()).map(({ name, kind }) => [name, kind])).toEqual([
      ['envoy.type.v3.CodecClientType.HTTP2', 'another definition'],
      ['envoy.type.v3.CodecClientType.HTTP4', 'unknown value'],
    ])
  })
})
