/** Our schemas against the real API server: the same objects accepted, refused and defaulted. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parse } from 'yaml'
import { KubeApiError } from '../../src/k8s/kube-error.js'
import { isJsonObject, type JsonObject, stringAt } from '../../src/k8s/kube-json.js'
import { collectionPath } from '../../src/k8s/resource-path.js'
import { KINDS } from '../../src/kinds/index.js'
import { createInterpreter } from '../../src/provider/file/interpret-object.js'
import { type KindDefinition, schemaOfVersion } from '../../src/schema/kind.js'
import { createValidator } from '../../src/schema/validate.js'
import { arbitraryObject } from '../support/arbitrary-object.js'
import { gatewayApiModuleFolder } from '../support/gateway-api-module.js'
import { installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const GROUPS = ['gateway.networking.k8s.io', 'gateway.networking.x-k8s.io']
const kinds = KINDS.filter(({ group }) => GROUPS.includes(group))
const OBJECTS_PER_KIND = 80
const SEED = 42
const CONCURRENCY = 16

interface Verdict {
  readonly accepted: boolean
  /** The content after defaults, without metadata and status. */
  readonly content: JsonObject | undefined
  readonly reasons: string
}

describe('objects of the Gateway API', () => {
  let api: KubeApiServer
  const totals = { accepted: 0, refused: 0 }
  const interpret = createInterpreter(KINDS, createValidator())

  beforeAll(async () => {
    api = await startKubeApiServer()
    await installGatewayApi(api.admin, 'experimental')
  })

  afterAll(async () => {
    await api.stop()
  })

  const ours = (object: JsonObject): Verdict => {
    const result = interpret(JSON.parse(JSON.stringify(object)))
    if (result.outcome === 'accepted') return { accepted: true, content: contentOf(result.object), reasons: '' }
    return {
      accepted: false,
      content: undefined,
      reasons: 'errors' in result ? result.errors.map(({ reason }) => reason).join('; ') : 'ignored',
    }
  }

  const theirs = async (kind: KindDefinition, version: string, object: JsonObject): Promise<Verdict> => {
    const namespace = kind.namespaced ? 'default' : ''
    const path = collectionPath({ group: kind.group, version, plural: kind.plural }, namespace)
    try {
      const stored = await api.admin.json({ method: 'POST', path, query: { dryRun: 'All' }, body: object }, AbortSignal.timeout(20_000))
      return { accepted: true, content: contentOf(stored), reasons: '' }
    } catch (error) {
      if (!(error instanceof KubeApiError) || (error.status !== 422 && error.status !== 400)) throw error
      return { accepted: false, content: undefined, reasons: error.message }
    }
  }

  const compare = async (
    kind: KindDefinition,
    version: string,
    objects: readonly JsonObject[],
  ): Promise<{ readonly accepted: number; readonly differences: readonly string[] }> => {
    const differences: string[] = []
    let accepted = 0
    for (let start = 0; start < objects.length; start += CONCURRENCY) {
      await Promise.all(
        objects.slice(start, start + CONCURRENCY).map(async (object) => {
          const [we, they] = [ours(object), await theirs(kind, version, object)]
          if (they.accepted) accepted++
          const same = we.accepted === they.accepted && sorted(we.content) === sorted(they.content)
          if (!same)
            differences.push(
              `${JSON.stringify(object)}\n  we: ${sorted(we.content)}${we.reasons}\n  they: ${sorted(they.content)}${they.reasons}`,
            )
        }),
      )
    }
    return { accepted, differences }
  }

  it.each(kinds.flatMap((kind) => kind.versions.map((version) => ({ name: `${kind.kind} ${version}`, kind, version }))))(
    '$name: generated objects fare the same',
    async ({ kind, version }) => {
      const samples = fc.sample(arbitraryObject(schemaOfVersion(kind, version)), { numRuns: OBJECTS_PER_KIND, seed: SEED })
      const objects = samples.map((content, i) => ({
        ...content,
        apiVersion: `${kind.group}/${version}`,
        kind: kind.kind,
        metadata: { name: `x${i}` },
      }))
      const { accepted, differences } = await compare(kind, version, objects)
      totals.accepted += accepted
      totals.refused += objects.length - accepted
      expect(differences).toEqual([])
    },
  )

  it('the examples of the Gateway API fare the same', async () => {
    const folder = join(gatewayApiModuleFolder(), 'examples')
    const objects = manifestsIn(folder).filter((object) =>
      kinds.some((kind) => stringAt(object, 'kind') === kind.kind && stringAt(object, 'apiVersion').startsWith(`${kind.group}/`)),
    )
    expect(objects.length).toBeGreaterThan(100)
    let accepted = 0
    for (const object of objects) {
      const kind = kinds.find((candidate) => candidate.kind === object.kind)
      const version = stringAt(object, 'apiVersion').split('/')[1] ?? ''
      if (kind === undefined || !kind.versions.includes(version)) continue
      const metadata = isJsonObject(object.metadata) ? { ...object.metadata, namespace: undefined } : {}
      const result = await compare(kind, version, [{ ...object, metadata }])
      accepted += result.accepted
      expect(result.differences).toEqual([])
    }
    expect(accepted).toBeGreaterThan(100)
  })

  it('of the generated objects many are accepted and many refused', () => {
    expect(totals.accepted).toBeGreaterThan(100)
    expect(totals.refused).toBeGreaterThan(100)
  })
})

function contentOf(object: object): JsonObject {
  const { apiVersion: _apiVersion, metadata: _metadata, status: _status, ...content } = object as Record<string, unknown>
  return content
}

/** The same text for the same value, whatever the order of its fields. */
function sorted(value: unknown): string {
  return (
    JSON.stringify(value, (_, each: unknown) =>
      isJsonObject(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
    ) ?? ''
  )
}

function manifestsIn(folder: string): readonly JsonObject[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split(/^---$/m))
    .map((text): unknown => {
      try {
        return parse(text)
      } catch {
        // Some examples are templates or patches.
        return undefined
      }
    })
    .filter(isJsonObject)
}
