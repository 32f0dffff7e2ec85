import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import protobuf from 'protobufjs'
import { ENVOY_VERSION, findEnvoy } from '../../envoy/find-envoy.js'
import { readBinaryDescriptors } from '../../scripts/envoy-api/binary-descriptors.js'
import { compareApi } from '../../scripts/envoy-api/compare.js'
import { loadEnvoyApi, readOverlays } from '../../scripts/envoy-api/load.js'

const repository = join(import.meta.dirname, '..', '..')
const descriptors = async (version?: string): Promise<ReturnType<typeof readBinaryDescriptors>> =>
  readBinaryDescriptors((await findEnvoy(version === undefined ? {} : { version })).path)

let files: ReturnType<typeof readBinaryDescriptors> = new Map()
beforeAll(async () => {
  files = await descriptors()
}, 300_000)

/** With LONG=1 also the one before, which must be fetched: what the overlay says of the age of fields is true. */
const VERSIONS = [ENVOY_VERSION, ...(process.env.LONG === '1' ? ['1.39.0'] : [])]

/** What the overlay has that is newer than a version, as our messages name it. */
function newerThan(version: string): readonly string[] {
  const minor = (text: string): number => Number(text.split('.')[1])
  const isNewer = ({ since }: { readonly since: string }): boolean => minor(since) > minor(version)
  return readOverlays(repository).flatMap(({ fields = {}, messages = {} }) => [
    ...Object.entries(fields).flatMap(([message, added]) =>
      Object.entries(added).flatMap(([name, field]) => (isNewer(field) ? [`${message}.${protobuf.util.camelCase(name)}`] : [])),
    ),
    ...Object.entries(messages).flatMap(([name, message]) => (isNewer(message) ? [name] : [])),
  ])
}

describe('the API of the real Envoy', () => {
  it.each(VERSIONS)(
    '%s is the one that we generate, but for what the overlay says to be newer',
    async (version) => {
      const theirs = version === ENVOY_VERSION ? files : await descriptors(version)
      expect(theirs.size).toBeGreaterThan(400)
      const differences = compareApi(loadEnvoyApi(repository), theirs.values())
      expect(differences.map(({ name }) => name).sort()).toEqual([...newerThan(version)].sort())
    },
    300_000,
  )

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
