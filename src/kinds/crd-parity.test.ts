import { describe, expect, it } from '@jest/globals'
import { gatewayApiCrds } from '../../test/support/gateway-api-module.js'
import { isJsonObject } from '../schema/json.js'
import { type KindDefinition, schemaOfVersion } from '../schema/kind.js'
import { kindToOpenApi } from '../schema/openapi.js'
import type { Schema } from '../schema/schema.js'
import { KINDS } from './index.js'

const experimental = gatewayApiCrds('experimental')
const standard = gatewayApiCrds('standard')
const upstream = KINDS.filter((kind) => experimental.has(kind.kind))

/** XMesh is about service meshes, which is not what this project does. */
const NOT_READ = ['XMesh']

/** What the experimental channel is stricter about, and so are we. */
const ONLY_STRICTER_IN_EXPERIMENTAL = ['.spec.validation.caCertificateRefs minItems = 1']

describe('the kinds of the Gateway API', () => {
  it('are all read', () => {
    expect([...upstream.map((kind) => kind.kind), ...NOT_READ].sort()).toEqual([...experimental.keys()].sort())
  })

  it.each(upstream.map((kind) => ({ kind: kind.kind, definition: kind })))(
    '$kind has the names and versions of the CRD',
    ({ definition }) => {
      const crd = crdOf(experimental, definition)
      expect(definition.group).toBe(crd.spec.group)
      expect(definition.plural).toBe(crd.spec.names.plural)
      expect(definition.shortNames).toEqual(crd.spec.names.shortNames)
      expect(definition.namespaced).toBe(crd.spec.scope === 'Namespaced')
      expect(definition.policy).toBe(crd.metadata.labels?.['gateway.networking.k8s.io/policy'])
      const served = crd.spec.versions.filter((version) => version.served)
      expect([...definition.versions].sort()).toEqual(served.map((version) => version.name).sort())
      expect(definition.storageVersion ?? definition.versions[0]).toBe(served.find((version) => version.storage)?.name)
      expect(definition.hasStatus).toBe(served.every((version) => version.subresources?.status !== undefined))
    },
  )

  const versions = upstream.flatMap((kind) => kind.versions.map((version) => ({ kind: kind.kind, version, definition: kind })))

  it.each(versions)('$kind $version has every leaf of the experimental CRD and no other', ({ definition, version }) => {
    const ours = leaves(kindToOpenApi(schemaOfVersion(definition, version), { channel: 'experimental' }))
    const theirs = leaves(crdSchema(experimental, definition, version))
    expect(difference(ours, theirs)).toEqual([])
    expect(difference(theirs, ours)).toEqual([])
  })

  const inStandard = versions.filter(({ kind, version }) =>
    standard.get(kind)?.spec.versions.some((each) => each.name === version && each.served),
  )

  it.each(inStandard)('$kind $version marks exactly what the standard CRD lacks', ({ definition, version }) => {
    const isRule = (leaf: string) => leaf.includes('x-kubernetes-validations')
    const ours = leaves(kindToOpenApi(schemaOfVersion(definition, version), { channel: 'standard' }))
    const theirs = leaves(crdSchema(standard, definition, version))
    // Objects are validated as the experimental channel does it: rules that only the standard channel has are not ours.
    expect(difference(ours, theirs).filter((leaf) => !ONLY_STRICTER_IN_EXPERIMENTAL.includes(leaf))).toEqual([])
    expect(difference(theirs, ours).filter((leaf) => !isRule(leaf))).toEqual([])
  })
})

describe('rules', () => {
  it.each(KINDS.map((kind) => ({ kind: kind.kind, definition: kind })))('of $kind have distinct ids where they meet', ({ definition }) => {
    expect(clashingRuleIds(definition.schema, definition.kind)).toEqual([])
  })
})

function clashingRuleIds(schema: Schema, path: string): readonly string[] {
  const ids = (schema.rules ?? []).map((rule) => rule.id)
  const here = new Set(ids).size === ids.length ? [] : [path]
  if (schema.type === 'array') return [...here, ...clashingRuleIds(schema.items, `${path}[]`)]
  if (schema.type === 'map') return [...here, ...clashingRuleIds(schema.values, `${path}{}`)]
  if (schema.type !== 'object') return here
  return [...here, ...Object.entries(schema.fields).flatMap(([name, field]) => clashingRuleIds(field.schema, `${path}.${name}`))]
}

function crdOf(crds: ReturnType<typeof gatewayApiCrds>, kind: KindDefinition) {
  const crd = crds.get(kind.kind)
  if (crd === undefined) throw new Error(`no CRD for ${kind.kind}`)
  return crd
}

function crdSchema(crds: ReturnType<typeof gatewayApiCrds>, kind: KindDefinition, version: string): unknown {
  return crdOf(crds, kind).spec.versions.find((each) => each.name === version)?.schema.openAPIV3Schema
}

/** Every fact of a schema as a line of its own: `path keyword = value`. Descriptions do not count. */
function leaves(schema: unknown, path = ''): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (node: unknown, at: string): void => {
    if (!isJsonObject(node)) return
    for (const [keyword, value] of Object.entries(node)) {
      if (keyword === 'description') continue
      if (keyword === 'properties' && isJsonObject(value)) {
        for (const [name, property] of Object.entries(value)) visit(property, `${at}.${name}`)
      } else if (keyword === 'items') visit(value, `${at}[]`)
      else if (keyword === 'additionalProperties') visit(value, `${at}{}`)
      else if (keyword === 'required' && Array.isArray(value)) for (const name of value) found.add(`${at}.${name} required`)
      else if (keyword === 'x-kubernetes-validations' && Array.isArray(value))
        for (const rule of value) found.add(`${at} ${keyword} = ${canonical(rule)}`)
      else found.add(`${at} ${keyword} = ${canonical(value)}`)
    }
  }
  visit(schema, path)
  return found
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    isJsonObject(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  )
}

function difference(a: ReadonlySet<string>, b: ReadonlySet<string>): readonly string[] {
  return [...a].filter((leaf) => !b.has(leaf)).sort()
}
