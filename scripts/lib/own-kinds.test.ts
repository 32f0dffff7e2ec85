import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { KINDS } from '../../src/kinds/index.js'
import { createInterpreter } from '../../src/provider/file/interpret-object.js'
import { int32, list, mapOf, object, oneOf, optional, required, rule, string } from '../../src/schema/build.js'
import { customResourceDefinition } from '../../src/schema/crd.js'
import type { KindDefinition } from '../../src/schema/kind.js'
import { createValidator } from '../../src/schema/validate.js'
import { CHART_FILE, withKinds } from './chart-annotation.js'
import { ownKindFiles } from './own-kinds.js'

const repository = join(import.meta.dirname, '..', '..')
const files = ownKindFiles()

/** A kind that uses every keyword. */
const sample: KindDefinition = {
  kind: 'Sample',
  group: 'example.dev',
  versions: ['v1'],
  plural: 'samples',
  shortNames: ['smp'],
  namespaced: false,
  hasGeneration: true,
  hasStatus: true,
  isOwn: true,
  policy: 'Inherited',
  columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  schema: object('Sample', 'A sample.', {
    spec: required(
      object(
        'SampleSpec',
        'What it is.',
        {
          mode: optional(oneOf(['on', 'off']), 'How.', { default: 'on' }),
          weights: optional(list(int32({ minimum: 0, maximum: 9 }), { maxItems: 3 }), 'Shares.'),
          names: required(mapOf(string({ pattern: '^a|b$' }), { maxProperties: 2 }), 'Words.'),
        },
        { rules: [rule('sample', "self.mode == 'on'", 'mode must be on', () => true)] },
      ),
      'What it is.',
    ),
  }),
}

describe('files that are made from the schemas of our own kinds', () => {
  it.each([...files.keys()])('%s is up to date (`npx tsx scripts/generate-crds.ts` writes it)', (path) => {
    expect(readFileSync(join(repository, path), 'utf8')).toBe(files.get(path))
  })

  it('are named in the chart for Artifact Hub', () => {
    const chart = readFileSync(join(repository, CHART_FILE), 'utf8')
    expect(withKinds(chart)).toBe(chart)
    const { annotations } = parse(chart) as { readonly annotations: Readonly<Record<string, string>> }
    const listed: unknown = parse(annotations['artifacthub.io/crds'] ?? '')
    const own = KINDS.filter((kind) => kind.isOwn)
    expect(listed).toEqual(own.map(({ kind, plural }) => expect.objectContaining({ kind, name: `${plural}.headgate.dev` })))
    const examples = parse(annotations['artifacthub.io/crdsExamples'] ?? '') as readonly unknown[]
    for (const example of examples)
      expect(createInterpreter(KINDS, createValidator())(example as never)).toMatchObject({ outcome: 'accepted' })
  })

  it('are all the CRDs that the chart installs', () => {
    const inChart = readdirSync(join(repository, 'charts', 'headgate', 'crds')).map((name) => `charts/headgate/crds/${name}`)
    expect(inChart.sort()).toEqual([...files.keys()].filter((path) => path.endsWith('.yaml')).sort())
    expect(inChart).toHaveLength(KINDS.filter((kind) => kind.isOwn).length)
  })
})

describe('a CRD', () => {
  it('has everything that the API server needs to decide as we do', () => {
    expect(customResourceDefinition(sample)).toEqual({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'samples.example.dev', labels: { 'gateway.networking.k8s.io/policy': 'Inherited' } },
      spec: {
        group: 'example.dev',
        names: {
          kind: 'Sample',
          listKind: 'SampleList',
          plural: 'samples',
          singular: 'sample',
          shortNames: ['smp'],
          categories: ['gateway-api', 'headgate'],
        },
        scope: 'Cluster',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            subresources: { status: {} },
            additionalPrinterColumns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
            schema: {
              openAPIV3Schema: {
                description: 'A sample.',
                type: 'object',
                required: ['spec'],
                properties: {
                  apiVersion: expect.objectContaining({ type: 'string' }),
                  kind: expect.objectContaining({ type: 'string' }),
                  metadata: { type: 'object' },
                  spec: {
                    description: 'What it is.',
                    type: 'object',
                    required: ['names'],
                    properties: {
                      mode: { description: 'How.', type: 'string', enum: ['on', 'off'], default: 'on' },
                      names: {
                        description: 'Words.',
                        type: 'object',
                        maxProperties: 2,
                        additionalProperties: { type: 'string', pattern: '^a|b$' },
                      },
                      weights: {
                        description: 'Shares.',
                        type: 'array',
                        maxItems: 3,
                        'x-kubernetes-list-type': 'atomic',
                        items: { type: 'integer', format: 'int32', minimum: 0, maximum: 9 },
                      },
                    },
                    'x-kubernetes-validations': [{ rule: "self.mode == 'on'", message: 'mode must be on' }],
                  },
                },
              },
            },
          },
        ],
      },
    })
  })

  it.each(['1.1', '1.2'] as const)('says the same in YAML %s: Kubernetes reads 1.1, where `off` is a boolean', (version) => {
    const text = ownKindFiles([sample]).get('charts/headgate/crds/example.dev_samples.yaml')
    expect(parse(text ?? '', { version })).toEqual(customResourceDefinition(sample))
  })
})

describe('the reference page', () => {
  it('has every field with its bounds', () => {
    const page = ownKindFiles([sample]).get('docs/reference/kinds.md')
    expect(page).toContain('## Sample\n\nA sample.\n\n`apiVersion: example.dev/v1`, `kind: Sample`, for the whole cluster.\n')
    expect(page).toContain('| `spec` | [SampleSpec](#samplespec) | What it is. Required. |')
    expect(page).toContain('### SampleSpec\n\nWhat it is.\n\n- Mode must be on.\n')
    expect(page).toContain('| `mode` | word | How. One of `on`, `off`. Default: `"on"`. |')
    expect(page).toContain('| `weights` | list of integer | Shares. At most 3 entries. 0 to 9. |')
    expect(page).toContain('| `names` | map of string | Words. Required. At most 2 entries. Matches `^a\\|b$`. |')
  })
})
