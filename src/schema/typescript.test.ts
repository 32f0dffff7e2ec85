import { describe, expect, it } from '@jest/globals'
import { boolean, int32, integer, intOrString, list, mapOf, object, oneOf, optional, required, string, unknown } from './build.js'
import type { KindDefinition } from './kind.js'
import type { ObjectSchema } from './schema.js'
import { typeDeclarations } from './typescript.js'

function kind(schema: ObjectSchema): KindDefinition {
  return {
    kind: schema.name,
    group: 'example.dev',
    versions: ['v1'],
    plural: 'samples',
    namespaced: true,
    hasGeneration: true,
    hasStatus: true,
    isOwn: true,
    schema,
  }
}

describe('types of kinds', () => {
  const spec = object('SampleSpec', 'What it is.', {
    mode: optional(oneOf(['On', 'Off'], { name: 'SampleMode' }), 'How.', { default: 'On' }),
    codes: optional(list(integer({ enum: [301, 302] })), 'Codes.'),
    target: required(intOrString(), 'Target.'),
    words: optional(mapOf(string()), 'Words.'),
    'odd-name': optional(boolean(), 'Odd.'),
    older: required(int32(), 'Older.', { absentInOlderVersions: true }),
    free: optional(unknown(), 'A comment that would end */ itself.'),
  })
  const sample = kind(
    object('Sample', 'A sample.', {
      spec: required(spec, 'The spec.'),
      status: optional(object('SampleStatus', 'Status.', {}), 'The status.', { default: {} }),
    }),
  )
  const text = typeDeclarations([sample], '../provider/provider.js')

  it('say what is always there: what is required or has a default', () => {
    expect(text).toContain(
      [
        '/** What it is. */',
        'export interface SampleSpec {',
        '  /** How. */',
        '  readonly mode: SampleMode',
        '  /** Codes. */',
        '  readonly codes?: readonly (301 | 302)[]',
        '  /** Target. */',
        '  readonly target: number | string',
        '  /** Words. */',
        '  readonly words?: Readonly<Record<string, string>>',
        '  /** Odd. */',
        '  readonly "odd-name"?: boolean',
        '  /** Older. */',
        '  readonly older?: number',
        '  /** A comment that would end *\\/ itself. */',
        '  readonly free?: unknown',
        '}',
      ].join('\n'),
    )
  })

  it('give objects metadata, and never count on a status', () => {
    expect(text).toContain("  readonly kind: 'Sample'\n  readonly metadata: ObjectMeta\n  /** The spec. */\n  readonly spec: SampleSpec\n")
    expect(text).toContain('  readonly status?: SampleStatus\n')
    expect(text).toContain("export type SampleMode = 'On' | 'Off'\n")
    expect(text).toContain('export interface KindTypes {\n  readonly Sample: Sample\n}')
  })

  it('refuse two meanings of one name', () => {
    const other = kind(object('Other', 'Another.', { spec: required(object('SampleSpec', 'Not the same.', {}), 'The spec.') }))
    expect(() => typeDeclarations([sample, other], 'x')).toThrow('two different schemas have the name SampleSpec')
  })
})
