/** Arbitrary specs of our own kinds: what people write in policies, and what nobody should. */
import fc from 'fast-check'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/schema/json.js'
import type { IntegerSchema, ObjectSchema, Schema } from '../../src/schema/schema.js'
import { sampleWords } from './sample-words.js'

/** Words that proxies read in one way or another. A field takes those that its pattern lets through. */
const WORDS: readonly string[] = [
  ...['a', 'b', 'é😀', 'a b', "a'b", 'a;b', 'a,b', 'a=b', '"', '\\', '-', '_', '', 'a'.repeat(300)],
  ...[
    'x-a',
    'x!#$',
    'Host',
    ':path',
    'Content-Length',
    'Connection',
    'te',
    'Authorization',
    'X-Envoy-Foo',
    'x-forwarded-for',
    'set-cookie',
  ],
  ...[
    '%',
    '%%',
    '%REQ(x)%',
    '%REQ(',
    '%FOO%',
    '%BYTES_RECEIVED%',
    '%REQ(content-length)%',
    '%ENVIRONMENT(HOME)%',
    '%DYNAMIC_METADATA(a:b)%',
  ],
  ...['{', '}', '[', '(?', '*', '.*', '(a|b)', '\\1', '\\d+', 'a/%BACKEND_NAME%'],
  ...[
    'text/html',
    'application/json; charset=utf-8',
    'websocket',
    'CONNECT',
    'connect-udp',
    'GET',
    'POST',
    'openid',
    'cpu',
    'named_metrics.foo',
  ],
  ...[
    '/a',
    '/a/b?c',
    '/geo/city.mmdb',
    '/dev/stderr',
    'http',
    'http://a.b/c',
    'https://a.example:8443/c',
    'https://a.example.com',
    'http://*',
  ],
  ...['https://*.a.com:443', '%REQ(x-forwarded-proto)%://%REQ(:authority)%/cb', 'spiffe://a/b', 'r.example/a:1'],
  ...['10.0.0.0/8', '10.0.0.1/33', '10.0.0.1', '0.0.0.0/0', '::/0', '2001:db8::/32', 'fe80::1%eth0', '127.0.0.1'],
  ...['example.com', '*.example.com', 'a.b-c', 'localhost', 'grpc.health.v1.Health', '1.3.6.1', '{"keys":[]}', 'VAR_1'],
  ...['request.headers["a"] == "b"', 'connection.mtls', 'true', 'request.time.getHours() > 5'],
  ...['0s', '1ms', '1s', '90m', '99999h', '1h1m1s1ms', '99999h99999h99999h99999h'],
  ...['0', '1', '32Ki', '1Mi', '4Gi', '9999999999', '9999999999Gi', '65535', '2147483647'],
  ...['YQ==', `${'A'.repeat(43)}=`, 'ab'.repeat(32)],
]

/** Numbers that something begins or ends at. */
const NUMBERS = [2, 3, 5, 10, 100, 503, 1_000, 65_535, 2 ** 31 - 1] as const

/** Of the optional fields of an object so many are there, at the top and below: with all of them one rule or another would refuse it. */
const MOST_FIELDS = { top: 2, below: 4 } as const

/** What schemas do not say. */
export interface Surroundings {
  /** Where references of a field lead, by the name of the field. */
  readonly referents: (field: string) => readonly [JsonObject, ...JsonObject[]]
  /** What fields say whose schema lets any other word through, by the name of the field. */
  readonly words?: Readonly<Record<string, readonly [string, ...string[]]>>
  /** Names of fields that are left out. */
  readonly excluded: ReadonlySet<string>
}

/** Arbitrary values of a schema that have its types, lengths and patterns; its rules may refuse them, see `repairSettings`. */
export function arbitrarySettings(schema: Schema, around: Surroundings, field = '', isTop = true): fc.Arbitrary<JsonValue> {
  const within = (inner: Schema, name: string): fc.Arbitrary<JsonValue> => arbitrarySettings(inner, around, name, false)
  switch (schema.type) {
    case 'object':
      if (isReference(schema)) return arbitraryReferences(schema, around, within, field)
      return arbitraryFields(schema, around, within, isTop ? MOST_FIELDS.top : MOST_FIELDS.below)
    case 'map': {
      const keys = fc.constantFrom('a', 'example.com/a', 'X-A', 'SameSite', 'Path')
      return fc.dictionary(keys, within(schema.values, field), { minKeys: schema.minProperties ?? 0, maxKeys: 2 })
    }
    case 'array': {
      const least = schema.minItems ?? 0
      return fc.array(within(schema.items, field), { minLength: least, maxLength: Math.max(least, Math.min(schema.maxItems ?? 3, 3)) })
    }
    case 'string':
      return fc.constantFrom(...sampleWords(schema, around.words?.[field] ?? WORDS))
    case 'integer':
      return fc.constantFrom(...numbersOf(schema))
    case 'boolean':
      return fc.boolean()
    case 'intOrString':
      return fc.constantFrom(80, 'http')
    case 'unknown':
      return fc.constantFrom<JsonValue>({}, { a: { b: ['c', null, true, 1.5] } })
  }
}

/** A reference leads to something that is there; what else it says, such as a weight or filters, is arbitrary. */
function arbitraryReferences(
  schema: ObjectSchema,
  around: Surroundings,
  within: (schema: Schema, field: string) => fc.Arbitrary<JsonValue>,
  field: string,
): fc.Arbitrary<JsonValue> {
  const more = Object.entries(schema.fields).filter(([name]) => !OF_REFERENCES.has(name))
  const referents = fc.constantFrom(...around.referents(field))
  if (more.length === 0) return referents
  const others = arbitraryFields({ ...schema, fields: Object.fromEntries(more) }, around, within, MOST_FIELDS.below)
  return fc.tuple(others, referents).map(([some, referent]): JsonValue => (isJsonObject(some) ? { ...some, ...referent } : referent))
}

function arbitraryFields(
  { fields }: ObjectSchema,
  { excluded }: Surroundings,
  within: (schema: Schema, field: string) => fc.Arbitrary<JsonValue>,
  most: number,
): fc.Arbitrary<JsonValue> {
  const names = Object.keys(fields).filter((name) => !excluded.has(name))
  const required = names.filter((name) => fields[name]?.required === true)
  const optional = names.filter((name) => !required.includes(name))
  const least = required.length > 0 || optional.length === 0 ? 0 : 1
  return fc.subarray(optional, { minLength: least, maxLength: Math.min(optional.length, most) }).chain((some) => {
    const model = [...required, ...some].flatMap((name) => {
      const schema = fields[name]?.schema
      return schema === undefined ? [] : [[name, within(schema, name)] as const]
    })
    return fc.record(Object.fromEntries(model)).map((value): JsonValue => (isJsonObject(value) ? value : {}))
  })
}

const OF_REFERENCES: ReadonlySet<string> = new Set(['group', 'kind', 'name', 'namespace', 'port', 'sectionName'])

function isReference({ fields }: ObjectSchema): boolean {
  return 'group' in fields && 'kind' in fields && 'name' in fields
}

function numbersOf({ enum: some, minimum: least = 0, maximum: most = 2 ** 31 - 1 }: IntegerSchema): readonly number[] {
  return some ?? [...new Set([least, least + 1, ...NUMBERS, most])].filter((each) => each >= least && each <= most)
}
