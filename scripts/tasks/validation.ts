/**
 * `npm run validation [-- OBJECTS_PER_KIND [SEED]]`: arbitrary objects, right and wrong, go to our validator and to the API server's own
 * code. Both must refuse the same fields for the same reasons, and make the same of what they accept.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { KINDS } from '../../src/kinds/index.js'
import { object, required, string, unknown } from '../../src/schema/build.js'
import type { FieldError } from '../../src/schema/field-error.js'
import type { FieldPath } from '../../src/schema/field-path.js'
import { type JsonObject, sameJson } from '../../src/schema/json.js'
import { type KindDefinition, schemaOfVersion } from '../../src/schema/kind.js'
import type { ObjectSchema } from '../../src/schema/schema.js'
import { createValidator, type Validation } from '../../src/schema/validate.js'
import { arbitraryObject } from '../../test/support/arbitrary-object.js'
import { gatewayApiModuleFolder } from '../../test/support/gateway-api-module.js'
import { spoiled } from '../../test/support/spoil.js'
import { type ApiServerAnswer, ApiServerOracle } from '../lib/api-server-oracle.js'
import { isCount, taskArguments } from '../lib/task-arguments.js'

const [objectsPerKind = 300, seed = 1] = taskArguments({}, isCount).words.map(Number)
const MISTAKES_PER_OBJECT = 2

/** The API server's words for what ours mean. */
const CODES: Readonly<Record<string, FieldError['code']>> = {
  FieldValueRequired: 'required',
  FieldValueNotSupported: 'enum',
  FieldValueTooLong: 'tooLong',
  FieldValueTooMany: 'tooMany',
  FieldValueTypeInvalid: 'type',
  FieldValueDuplicate: 'duplicate',
  FieldValueInvalid: 'invalid',
}

const repository = join(import.meta.dirname, '..', '..')
const ownFolder = join(repository, 'charts', 'headgate', 'crds')
const upstreamFolder = join(gatewayApiModuleFolder(), 'config', 'crd', 'experimental')
const own = files(ownFolder)
const oracle = new ApiServerOracle([...own, ...files(upstreamFolder).filter((file) => !/kustomization|_vap_/.test(file))])
const kinds = KINDS.filter((kind) => kind.isOwn || kind.group.startsWith('gateway.networking.'))
const validate = createValidator()
let passed = 0
let failed = 0

const complaints = await oracle.complaints()
report('the API server takes every CRD', complaints)
for (const kind of kinds) {
  for (const version of kind.versions) {
    report(`${kind.kind} ${version}: the API server and we say the same`, await compare(kind, version))
  }
}
oracle.close()
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function files(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name))
}

function report(name: string, differences: readonly string[]): void {
  if (differences.length === 0) passed += 1
  else failed += 1
  console.log(`${differences.length === 0 ? 'ok    ' : 'FAILED'} ${name}`)
  for (const difference of differences.slice(0, 5)) console.log(`       ${difference}`)
}

async function compare(kind: KindDefinition, version: string): Promise<readonly string[]> {
  const schema = withEnvelope(schemaOfVersion(kind, version))
  const head = { apiVersion: `${kind.group}/${version}`, kind: kind.kind, metadata: { name: 'a', namespace: 'b' } }
  const samples = fc.sample(spoiled(arbitraryObject(schemaOfVersion(kind, version)), MISTAKES_PER_OBJECT), {
    numRuns: objectsPerKind,
    seed,
  })
  const differences: string[] = []
  for (const sample of samples) {
    const given: JsonObject = JSON.parse(JSON.stringify({ ...head, ...sample }))
    const difference = differ(validate(schema, given), await oracle.admit(kind.kind, version, given))
    if (difference !== undefined) differences.push(`${difference} for ${JSON.stringify(given.spec)}`)
  }
  return differences
}

function withEnvelope(schema: ObjectSchema): ObjectSchema {
  const envelope = {
    apiVersion: required(string(), 'Group and version.'),
    kind: required(string(), 'The kind.'),
    metadata: required(unknown(), 'Names.'),
  }
  return object(schema.name, schema.description, { ...envelope, ...schema.fields })
}

function differ(ours: Validation, theirs: ApiServerAnswer): string | undefined {
  const refusals = { ours: ourMistakes(ours.errors), theirs: theirMistakes(theirs.errors) }
  const onlyOurs = refusals.ours.filter((mistake) => !refusals.theirs.includes(mistake))
  const onlyTheirs = refusals.theirs.filter((mistake) => !refusals.ours.includes(mistake))
  if (onlyOurs.length + onlyTheirs.length > 0) return `mistakes: ${JSON.stringify({ onlyOurs, onlyTheirs })}`
  // What becomes of a refused object is of no interest: neither of us keeps it.
  if (refusals.ours.length > 0) return undefined
  if (!sameJson(ours.value, theirs.object)) return `objects: ${JSON.stringify({ ours: ours.value.spec, theirs: theirs.object.spec })}`
  const unknownFields = { ours: ours.warnings.map((each) => dotted(each.path)).sort(), theirs: [...(theirs.unknown ?? [])].sort() }
  return sameJson(unknownFields.ours, unknownFields.theirs) ? undefined : `unknown fields: ${JSON.stringify(unknownFields)}`
}

interface Mistake {
  readonly field: string
  readonly code: string
}

function ourMistakes(errors: readonly FieldError[]): readonly string[] {
  return listed(errors.map(({ path, code }) => ({ field: dotted(path), code: code === 'rule' ? 'invalid' : code })))
}

function theirMistakes(errors: ApiServerAnswer['errors']): readonly string[] {
  return listed(errors.map(({ field, type, detail }) => ({ field: fieldOf(field, detail), code: CODES[type] ?? type })))
}

/** Of a number that its format has no room for the server says only in words where it stands. */
function fieldOf(field: string, detail: string): string {
  if (field !== '<nil>') return field
  return /^Checked value must be of type \w+ with format \w+ in (\S+)$/.exec(detail)?.[1] ?? ''
}

function listed(mistakes: readonly Mistake[]): readonly string[] {
  const wrongTypes = new Set(mistakes.filter(({ code }) => code === 'type').map(({ field }) => field))
  const lines = mistakes
    // What else is said of a value of the wrong type follows from that; and sums of mistakes stand without a field.
    .filter(({ field, code }) => field !== '' && (code === 'type' || !wrongTypes.has(field)))
    .map(({ field, code }) => `${field} ${code}`)
  return [...new Set(lines)].sort()
}

/** Keys of maps stand behind a dot there, and in brackets here. */
function dotted(path: FieldPath): string {
  return path.reduce<string>((text, step) => text + (typeof step === 'number' ? `[${step}]` : `${text === '' ? '' : '.'}${step}`), '')
}
