/** Arbitrary values of a schema: well typed, small, and as often right as wrong by its rules. */
import fc from 'fast-check'
import { isJsonObject, type JsonValue } from '../../src/schema/json.js'
import type { IntegerSchema, MapSchema, ObjectSchema, Schema } from '../../src/schema/schema.js'
import { sampleWords } from './sample-words.js'

/** Words that the schemas of the Gateway API accept in one place or another, and some that their rules refuse. */
const WORDS = [
  'a',
  'b',
  'HTTP',
  'HTTPS',
  'TLS',
  'TCP',
  'Gateway',
  'Service',
  'Secret',
  'XBackend',
  'ClusterTrustBundle',
  'gateway.networking.k8s.io',
  'gateway.networking.x-k8s.io',
  'certificates.k8s.io',
  '',
  'example.com',
  '*.example.com',
  'db.cluster.local',
  '10.0.0.1',
  '2001:db8::1',
  'IPAddress',
  'Hostname',
  'NamedAddress',
  'Cluster',
  'example.com/inside',
  'k8s.io/inside',
  'sub.k8s.io/inside',
  'no domain/inside',
  '/',
  '/a',
  '/a/b',
  '/geo/city.mmdb',
  'a//b',
  '/a//b',
  '/a/./b',
  '/a/../b',
  '/a/..',
  '/a/.',
  '/a%2fb',
  '/a%2Fb',
  '/a#b',
  '/a b',
  '*',
  'https://example.com',
  'spiffe://cluster/workload',
  'System',
  '0s',
  '500ms',
  '1s',
  '90m',
  '2h',
  '99999h99999h99999h99999h',
  'grpc.health.v1.Health',
  'Check-It',
  'a.b-c',
] as const

/** Words for patterns that none of the others matches: among the others they would make each of them rarer. */
const RARE_WORDS = ['32Ki', '/dev/stderr', '1.3.6.1', `${'A'.repeat(43)}=`, 'ab'.repeat(32), '%BYTES_RECEIVED%'] as const

/** Arbitrary values that have the types, lengths and patterns of the schema; its rules may refuse them. */
export function arbitraryValue(schema: Schema): fc.Arbitrary<JsonValue> {
  switch (schema.type) {
    case 'object':
      return arbitraryObject(schema)
    case 'map':
      return arbitraryMap(schema)
    case 'array': {
      const size = { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, Math.max(3, schema.minItems ?? 0)) }
      return fc.array(arbitraryValue(schema.items), { ...size, size: 'max' })
    }
    case 'string':
      return fc.constantFrom(...sampleWords(schema, WORDS, RARE_WORDS))
    case 'integer':
      return fc.constantFrom(...numbersOf(schema))
    case 'boolean':
      return fc.boolean()
    case 'intOrString':
      return fc.constantFrom(80, 'http')
    case 'unknown':
      return fc.constant({})
  }
}

/** Arbitrary objects of a schema. */
export function arbitraryObject(schema: ObjectSchema): fc.Arbitrary<{ readonly [key: string]: JsonValue }> {
  const fields = Object.entries(schema.fields)
  const required = fields.flatMap(([name, field]) => (field.required === true ? [name] : []))
  const model = Object.fromEntries(fields.map(([name, field]) => [name, arbitraryValue(field.schema)]))
  return fc.record(model, { requiredKeys: required }).map((value) => (isJsonObject(value) ? value : {}))
}

function arbitraryMap(schema: MapSchema): fc.Arbitrary<JsonValue> {
  const key = fc.constantFrom('a', 'example.com/a', 'not a key', `${'p'.repeat(253)}/a`, 'a/b/c')
  return fc.dictionary(key, arbitraryValue(schema.values), { minKeys: schema.minProperties ?? 0, maxKeys: 3 })
}

function numbersOf(schema: IntegerSchema): readonly number[] {
  if (schema.enum !== undefined) return schema.enum
  const least = schema.minimum ?? 0
  // Where a schema has no limit, an API server takes whatever 64 bits hold; what JSON keeps exactly is less.
  return [least, least + 1, schema.maximum ?? (schema.format === 'int32' ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER)]
}
