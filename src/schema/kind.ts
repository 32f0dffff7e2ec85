/** A kind of the Kubernetes API: its names, its versions and the schema of its objects. */
import type { ObjectSchema } from './schema.js'

/** What is known about a kind. */
export interface KindDefinition {
  readonly kind: string
  /** The empty string is the core group. */
  readonly group: string
  /** Served versions, the one that we read first. */
  readonly versions: readonly [string, ...string[]]
  /** The version of `versions` that the API server stores, where it is not the first. */
  readonly storageVersion?: string
  readonly plural: string
  readonly shortNames?: readonly string[]
  readonly namespaced: boolean
  /** The object without `apiVersion`, `kind` and `metadata`, in the version that we read. */
  readonly schema: ObjectSchema
  /** Schemas of versions that differ from `schema`, by version. */
  readonly otherSchemas?: Readonly<Record<string, ObjectSchema>>
  /** True if `metadata.generation` counts changes of `spec`, for conditions to repeat; the generation of other kinds is 0. */
  readonly hasGeneration: boolean
  /** True if `status` is written through its own endpoint and ignored elsewhere. */
  readonly hasStatus: boolean
  /** True if the status is an input like the rest: somebody else finds it out, and we read it. */
  readonly statusIsInput?: true
  /** True for the kinds of this project: their CRDs and reference docs are generated from the schema. */
  readonly isOwn: boolean
  /** Set on policies (GEP-713): whether they are inherited by what their target contains. */
  readonly policy?: 'Direct' | 'Inherited'
  /** Columns of `kubectl get`. */
  readonly columns?: readonly Column[]
}

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly jsonPath: string
}

/** `group/version`, or the version alone in the core group: the `apiVersion` of objects as we read them. */
export function preferredApiVersion(kind: KindDefinition): string {
  return kind.group === '' ? kind.versions[0] : `${kind.group}/${kind.versions[0]}`
}

/** The schema of a served version. */
export function schemaOfVersion(kind: KindDefinition, version: string): ObjectSchema {
  return kind.otherSchemas?.[version] ?? kind.schema
}
