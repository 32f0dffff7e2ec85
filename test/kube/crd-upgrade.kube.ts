/** From earlier CRDs of the chart to those of now, with objects of every kind in place. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import { CHART } from '../chart/helm.js'
import { type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'
import { kubectl } from './support/kubectl.js'

/** The first commit whose chart has all eight kinds in a form that API servers take. Its CRDs and the inputs of its golden tests are read from the history. */
const EARLIER = 'a5ff0cb'
const NAMESPACE = 'upgraded'

interface Stored {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec: unknown
}

const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'safe.directory=*', ...args], { cwd: CHART, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
const filesOf = (folder: string, name: RegExp): readonly string[] =>
  git('ls-tree', '-r', '--full-tree', '--name-only', EARLIER, folder)
    .split('\n')
    .filter((file) => name.test(file))
const textOf = (file: string): string => git('show', `${EARLIER}:${file}`)

/** Objects of ours that the golden tests of that commit begin with, under names that tell their tests apart. */
function objectsOfThen(): readonly Stored[] {
  return filesOf('test/golden', /\/in\.yaml$/).flatMap((file) =>
    parseAllDocuments(textOf(file)).flatMap((document, at): readonly Stored[] => {
      const value: unknown = document.toJS()
      if (!isObjectOfOurs(value)) return []
      const { apiVersion, kind, metadata, spec } = value
      const { labels } = metadata
      const name = `${basename(dirname(file))}-${at}-${metadata.name}`
      return [{ apiVersion, kind, metadata: { name, namespace: NAMESPACE, ...(labels === undefined ? {} : { labels }) }, spec } as Stored]
    }),
  )
}

function isObjectOfOurs(value: unknown): value is Stored & { readonly apiVersion: string } {
  return typeof value === 'object' && value !== null && 'apiVersion' in value && String(value.apiVersion).startsWith('headgate.dev/')
}

const objects = objectsOfThen()
const kinds = [...new Set(objects.map(({ kind }) => kind))].toSorted()

let folder: string
let api: KubeApiServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-crds-'))
  for (const file of filesOf('charts/headgate/crds', /\.yaml$/)) writeFileSync(join(folder, basename(file)), textOf(file))
  api = await startKubeApiServer()
  await kubectl(api, ['create', 'namespace', NAMESPACE])
}, 120_000)

afterAll(async () => {
  await api.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function installCrds(from: string): Promise<void> {
  await kubectl(api, ['apply', '--server-side', '--force-conflicts', '--filename', from])
  await kubectl(api, ['wait', '--for=condition=Established', '--timeout=60s', '--filename', from])
}

/** Specs by kind and name, as the API server has them. */
async function stored(): Promise<Readonly<Record<string, unknown>>> {
  const types = kinds.map((kind) => `${kind.toLowerCase()}.headgate.dev`).join(',')
  const { items } = JSON.parse(await kubectl(api, ['get', types, '--namespace', NAMESPACE, '--output', 'json'])) as {
    items: readonly Stored[]
  }
  return Object.fromEntries(items.map(({ kind, metadata, spec }) => [`${kind}/${metadata.name}`, spec]))
}

it('loses no field of any object', async () => {
  expect(kinds).toHaveLength(8)
  await installCrds(folder)
  await kubectl(api, ['apply', '--filename', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  const before = await stored()
  expect(Object.keys(before)).toHaveLength(objects.length)
  await installCrds(join(CHART, 'crds'))
  expect(await stored()).toMatchObject(before)
  // What is read is what was stored; what is written again went through the new schema.
  for (const kind of kinds) {
    await kubectl(api, ['annotate', `${kind.toLowerCase()}.headgate.dev`, '--all', '--namespace', NAMESPACE, 'written=again'])
  }
  const after = await stored()
  expect(after).toMatchObject(before)
  expect(Object.keys(after).toSorted()).toEqual(Object.keys(before).toSorted())
}, 180_000)
