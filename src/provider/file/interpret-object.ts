/** Turns what a document says into an object as the API server would store it. */
import { createHash } from 'node:crypto'
import { object, required, string } from '../../schema/build.js'
import { formatFieldError } from '../../schema/field-error.js'
import type { FieldPath } from '../../schema/field-path.js'
import { isJsonObject, type JsonObject, type JsonValue } from '../../schema/json.js'
import { type KindDefinition, preferredApiVersion, schemaOfVersion } from '../../schema/kind.js'
import { objectMetaSchema } from '../../schema/object-meta.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { RULES_NOT_CHECKED, type Validator } from '../../schema/validate.js'
import type { ObjectRef } from '../../util/object-ref.js'
import type { KubeObject, ObjectMeta } from '../provider.js'
import { meantKind } from './meant-kind.js'

/** The age of objects that do not say theirs: the same for all, so that the same files give the same answer. */
const CREATION_TIMESTAMP = '1970-01-01T00:00:00Z'
const DEFAULT_NAMESPACE = 'default'
const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name'
const MAX_FINDINGS = 100

/** A remark about a part of an object. */
export interface Finding {
  readonly path: FieldPath
  readonly reason: string
  /** Of an unknown field: the one whose name is nearly the same. */
  readonly meant?: string
}

/** What an object turned out to be. */
export type Interpretation =
  /** A good object; its generation is not known here and stands as 0. */
  | { readonly outcome: 'accepted'; readonly ref: ObjectRef; readonly object: KubeObject; readonly warnings: readonly Finding[] }
  /** An object of a known name that breaks the rules of its kind. */
  | { readonly outcome: 'refused'; readonly ref: ObjectRef; readonly errors: readonly Finding[]; readonly warnings: readonly Finding[] }
  /** Something that does not say which object it is. */
  | { readonly outcome: 'unidentified'; readonly errors: readonly Finding[] }
  /** An object of a kind that nobody reads. */
  | { readonly outcome: 'ignored'; readonly warnings: readonly Finding[] }

/** Interprets one object; rules about changes are not checked. */
export type Interpreter = (value: JsonValue) => Interpretation

/** An interpreter of the kinds that are read. */
export function createInterpreter(kinds: readonly KindDefinition[], validate: Validator): Interpreter {
  const byKind = new Map(kinds.map((kind) => [`${kind.group}/${kind.kind}`, kind]))
  const schemas = new Map<ObjectSchema, ObjectSchema>()
  const documentSchema = (kind: KindDefinition, version: string): ObjectSchema => {
    const own = schemaOfVersion(kind, version)
    const known = schemas.get(own) ?? withObjectMeta(kind, own)
    schemas.set(own, known)
    return known
  }

  return (value) => {
    if (!isJsonObject(value))
      return { outcome: 'unidentified', errors: [{ path: [], reason: 'this is no object with apiVersion and kind' }] }
    const { apiVersion, kind: kindName } = value
    if (typeof apiVersion !== 'string' || typeof kindName !== 'string') {
      const missing = typeof apiVersion === 'string' ? 'kind' : 'apiVersion'
      return { outcome: 'unidentified', errors: [{ path: [missing], reason: `${missing}: Required value` }] }
    }
    const [group, version] = splitApiVersion(apiVersion)
    const kind = byKind.get(`${group}/${kindName}`)
    if (kind === undefined) return interpretUnknown(kinds, value, { group, apiVersion, kindName })
    const ref = refOf(kind, value)
    if (ref === undefined) return { outcome: 'unidentified', errors: [{ path: ['metadata', 'name'], reason: nameProblem(value) }] }
    if (!kind.versions.includes(version)) {
      const reason = `no matches for kind ${JSON.stringify(kindName)} in version ${JSON.stringify(apiVersion)}: it is served as ${kind.versions.join(', ')}`
      return { outcome: 'refused', ref, errors: [{ path: ['apiVersion'], reason }], warnings: [] }
    }
    const given = prepare(kind, value)
    const result = validate(documentSchema(kind, version), given, { hidesValues: kind.kind === 'Secret' })
    const warnings = findings(result.warnings.map(({ message, ...warning }) => ({ ...warning, reason: message })))
    if (result.errors.length > 0) {
      // That rules are left to check is no mistake: the next version shows what they say.
      const told = result.errors.filter(({ message }) => message !== RULES_NOT_CHECKED)
      const errors = findings(told.map((error) => ({ path: error.path, reason: formatFieldError(error) })))
      return { outcome: 'refused', ref, errors, warnings }
    }
    return { outcome: 'accepted', ref, object: finish(kind, ref, result.value), warnings }
  }
}

/** Of a kind that is not read: most often somebody else's. What is one of ours but for a mistake is refused, as the API server does it. */
function interpretUnknown(
  kinds: readonly KindDefinition[],
  value: JsonObject,
  { group, apiVersion, kindName }: { readonly group: string; readonly apiVersion: string; readonly kindName: string },
): Interpretation {
  const meant = meantKind(kinds, group, kindName)
  const ref = meant && refOf(meant, value)
  if (meant !== undefined && ref !== undefined) {
    const reason = `no matches for kind ${JSON.stringify(kindName)} in version ${JSON.stringify(apiVersion)}: it is called ${meant.kind}`
    return { outcome: 'refused', ref, errors: [{ path: ['kind'], reason }], warnings: [] }
  }
  const [namesake] = kinds.filter((each) => each.kind === kindName)
  const known = namesake === undefined ? '' : ` (there is one in ${JSON.stringify(preferredApiVersion(namesake))})`
  const reason = `unknown kind ${JSON.stringify(kindName)} in version ${JSON.stringify(apiVersion)}${known}`
  return { outcome: 'ignored', warnings: [{ path: ['kind'], reason }] }
}

function nameProblem({ metadata }: JsonObject): string {
  const name = isJsonObject(metadata) ? metadata.name : undefined
  if (name === undefined || name === null || name === '') return 'metadata.name: Required value'
  return `metadata.name: Invalid value: ${JSON.stringify(name)}: must be of type string: write it in quotes`
}

function splitApiVersion(apiVersion: string): readonly [group: string, version: string] {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)]
}

function refOf(kind: KindDefinition, value: JsonObject): ObjectRef | undefined {
  const metadata = value.metadata
  if (!isJsonObject(metadata) || typeof metadata.name !== 'string' || metadata.name === '') return undefined
  const given = metadata.namespace
  const namespace = typeof given === 'string' && given !== '' ? given : DEFAULT_NAMESPACE
  return { group: kind.group, kind: kind.kind, namespace: kind.namespaced ? namespace : '', name: metadata.name }
}

function withObjectMeta(kind: KindDefinition, schema: ObjectSchema): ObjectSchema {
  return object(
    schema.name,
    schema.description,
    {
      apiVersion: required(string(), 'Group and version.'),
      kind: required(string(), 'The kind.'),
      metadata: required(objectMetaSchema(kind), 'Names the object.'),
      ...schema.fields,
    },
    {
      ...(schema.ignored === undefined ? {} : { ignored: schema.ignored }),
      ...(schema.rules === undefined ? {} : { rules: schema.rules }),
    },
  )
}

/** What the API server does before it validates: an empty namespace is none, and a status of ours is not the author's to write. */
function prepare(kind: KindDefinition, value: JsonObject): JsonObject {
  const { status, ...rest } = value
  const kept = kind.statusIsInput === true && status !== undefined ? { ...rest, status } : rest
  const metadata = rest.metadata
  if (!isJsonObject(metadata) || (metadata.namespace !== '' && metadata.namespace !== null)) return kept
  const { namespace: _namespace, ...others } = metadata
  return { ...kept, metadata: others }
}

function finish(kind: KindDefinition, ref: ObjectRef, value: JsonObject): KubeObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata, status, ...content } = value
  const given = isJsonObject(metadata) ? metadata : {}
  const labels = { ...stringMap(given.labels), ...(kind.kind === 'Namespace' ? { [NAMESPACE_NAME_LABEL]: ref.name } : {}) }
  const annotations = stringMap(given.annotations)
  return {
    apiVersion: preferredApiVersion(kind),
    kind: kind.kind,
    metadata: {
      name: ref.name,
      namespace: ref.namespace,
      uid: uidOf(ref),
      generation: 0,
      creationTimestamp: typeof given.creationTimestamp === 'string' ? given.creationTimestamp : CREATION_TIMESTAMP,
      ...(Object.keys(labels).length > 0 ? { labels } : {}),
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    ...withoutStringData(kind, content),
    ...(kind.statusIsInput === true && status !== undefined ? { status } : {}),
  }
}

/** A namespace that objects are in and that no file declares. */
export function implicitNamespace(name: string): KubeObject {
  const metadata = impliedMetadata({ group: '', kind: 'Namespace', namespace: '', name })
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { ...metadata, labels: { [NAMESPACE_NAME_LABEL]: name } } }
}

/** The metadata of an object that is there without a file. */
export function impliedMetadata(ref: ObjectRef): ObjectMeta {
  const { namespace, name } = ref
  return { name, namespace, uid: uidOf(ref), generation: 0, creationTimestamp: CREATION_TIMESTAMP }
}

function withoutStringData(kind: KindDefinition, content: JsonObject): JsonObject {
  if (kind.kind !== 'Secret' || !isJsonObject(content.stringData)) return content
  const { stringData, data, ...rest } = content
  const encoded = Object.entries(stringMap(stringData)).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')])
  return { ...rest, data: Object.fromEntries([...Object.entries(stringMap(data)), ...encoded]) }
}

function stringMap(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) return {}
  return Object.fromEntries(Object.entries(value).flatMap(([key, each]) => (typeof each === 'string' ? [[key, each]] : [])))
}

/** The same object has the same uid in every run: its name, hashed into the form of a UUID. */
function uidOf(ref: ObjectRef): string {
  const hash = createHash('sha256').update(`${ref.group}/${ref.kind}/${ref.namespace}/${ref.name}`).digest('hex')
  return [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 20), hash.slice(20, 32)].join('-')
}

function findings(all: readonly Finding[]): readonly Finding[] {
  if (all.length <= MAX_FINDINGS) return all
  return [...all.slice(0, MAX_FINDINGS), { path: [], reason: `${all.length - MAX_FINDINGS} more of these are not shown` }]
}
