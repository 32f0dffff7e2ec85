/**
 * What a folder of files means: texts of files go in, changes of objects and problems come out. Touches no files itself.
 *
 * An object that becomes wrong keeps its last good version; so do the objects that vanish from a file of which a part cannot be read.
 */

import { type FieldError, formatFieldError } from '../../schema/field-error.js'
import type { FieldPath } from '../../schema/field-path.js'
import { type JsonObject, sameJson } from '../../schema/json.js'
import type { KindDefinition } from '../../schema/kind.js'
import { checkRules } from '../../schema/rules.js'
import { isTransitionRule, type ObjectSchema, type Schema } from '../../schema/schema.js'
import { createValidator } from '../../schema/validate.js'
import { compareText } from '../../util/compare-text.js'
import type { InParts } from '../../util/in-parts.js'
import { type ObjectRef, objectKey } from '../../util/object-ref.js'
import type { Change, KubeObject } from '../provider.js'
import { DEFAULT_CLASS, DefaultClass } from './default-class.js'
import { claimProblems, fileProblems } from './folder-problems.js'
import { createInterpreter, type Interpretation, type Interpreter } from './interpret-object.js'
import { NamespaceCensus } from './namespace-census.js'
import { type Claim, ObjectClaims } from './object-claims.js'
import { type ObjectId, objectId } from './object-id.js'
import { placeOf } from './place-of.js'
import type { FilePlace } from './position.js'
import type { FileProblem } from './problem.js'
import { type FileContent, readFileText } from './read-file.js'

/** An object in use, and the file that it came from. */
interface GoodObject {
  readonly object: KubeObject
  readonly file: string
}

/** The objects of a folder. */
export class FolderState {
  readonly #interpret: Interpreter
  /** The schemas that have rules about changes, by kind. */
  readonly #transitionRules: ReadonlyMap<string, ObjectSchema>
  readonly #files = new Map<string, FileContent>()
  readonly #claims = new ObjectClaims()
  readonly #good = new Map<ObjectId, GoodObject>()
  /** Files that could once be read as a whole: what they held is known. */
  readonly #whole = new Set<string>()
  /** Generations go on counting when an object comes back. */
  readonly #generations = new Map<ObjectId, number>()
  readonly #namespaces = new NamespaceCensus()
  readonly #defaultClass: DefaultClass | undefined
  readonly #objectProblems = new Map<ObjectId, readonly FileProblem[]>()
  readonly #countsGenerations: ReadonlySet<string>

  /** @param controllerName whose class `headgate` is where no file says it; undefined: there is none then */
  constructor(kinds: readonly KindDefinition[], controllerName?: string) {
    this.#defaultClass = controllerName === undefined ? undefined : new DefaultClass(controllerName)
    this.#interpret = createInterpreter(kinds, createValidator())
    this.#transitionRules = new Map(kinds.filter((kind) => hasTransitionRules(kind.schema)).map((kind) => [kind.kind, kind.schema]))
    this.#countsGenerations = new Set(kinds.filter((kind) => kind.hasGeneration).map((kind) => kind.kind))
  }

  /** Reads a text as a version of a file, without taking it over. */
  *read(file: string, text: string): InParts<FileContent> {
    const before = this.#files.get(file)
    return before?.text === text && before.unreadable.length === 0 ? before : yield* readFileText(text, this.#interpret, before)
  }

  /**
   * True if a version of a file says less than the one before, as it does while it is being written: it is worth waiting for a moment
   * before this is believed.
   */
  saysLess(file: string, after: FileContent | undefined): boolean {
    const before = this.#files.get(file)
    if (before === undefined) return false
    if (after === undefined || after.unreadable.length > before.unreadable.length) return true
    if (after.text.length < before.text.length && before.text.startsWith(after.text)) return true
    if (before.text.endsWith('\n') && !after.text.endsWith('\n')) return true
    const now = new Set(identities(after))
    return identities(before).some((id) => !now.has(id))
  }

  /** Takes new versions of files over, all of them, and returns what changes: objects that stay the same are not in it. */
  *apply(updates: readonly (readonly [file: string, content: FileContent | undefined])[]): InParts<readonly Change[]> {
    const touched = new Set<ObjectId>()
    for (const [file, after] of updates) {
      for (const id of this.#claims.replace(file, this.#files.get(file), after)) touched.add(id)
      // Objects that were kept because this file could not be read may go now.
      if (this.#isPartlyUnreadable(file)) for (const [id, good] of this.#good) if (good.file === file) touched.add(id)
      if (after === undefined) this.#files.delete(file)
      else this.#files.set(file, after)
      if (after === undefined) this.#whole.delete(file)
      else if (!this.#isPartlyUnreadable(file)) this.#whole.add(file)
      yield
    }
    const changes: Change[] = []
    for (const id of [...touched].sort()) {
      changes.push(...this.#resolve(id))
      yield
    }
    const all = this.#withDefaultClass(changes)
    return [...this.#namespaces.apply(all), ...all.filter(({ kind }) => kind !== 'Namespace')]
  }

  /** Everything that is wrong now, in the order of files and lines. */
  problems(): readonly FileProblem[] {
    const all = [...this.#files].flatMap(([file, content]) => fileProblems(file, content, this.#whole.has(file)))
    return [...all, ...[...this.#objectProblems.values()].flat()].sort(
      (a, b) => compareText(a.file, b.file) || a.position.line - b.position.line || a.position.column - b.position.column,
    )
  }

  /** Where a part of an object that is in use stands; undefined for one that is not. */
  placeOf(ref: ObjectRef, path: FieldPath): FilePlace | undefined {
    const id = objectId(ref)
    const file = this.#good.get(id)?.file
    const content = file === undefined ? undefined : this.#files.get(file)
    const position = content === undefined ? undefined : placeOf(content, id, path)
    return file === undefined || position === undefined ? undefined : { file, position }
  }

  #withDefaultClass(changes: readonly Change[]): readonly Change[] {
    const id = objectId(DEFAULT_CLASS)
    const isRefused = !this.#good.has(id) && this.#claims.of(id).length > 0
    return this.#defaultClass?.apply(changes, isRefused ? 'refused' : this.#good.has(id) ? 'good' : undefined) ?? changes
  }

  #resolve(id: ObjectId): readonly Change[] {
    const [claim, ...others] = this.#claims.of(id)
    const before = this.#good.get(id)
    if (claim === undefined) {
      this.#objectProblems.delete(id)
      if (before === undefined || this.#isPartlyUnreadable(before.file)) return []
      this.#good.delete(id)
      return [{ kind: before.object.kind, key: keyOf(before.object), object: undefined }]
    }
    const interpretation = this.#withOld(claim, before?.object)
    const problems = claimProblems({ ...claim, object: { ...claim.object, interpretation } }, others, before !== undefined)
    if (problems.length === 0) this.#objectProblems.delete(id)
    else this.#objectProblems.set(id, problems)
    if (interpretation.outcome !== 'accepted') return []
    const object = this.#withGeneration(id, interpretation.object, before?.object)
    this.#good.set(id, { object, file: claim.file })
    return object === before?.object ? [] : [{ kind: object.kind, key: keyOf(object), object }]
  }

  /** The interpretation, or a refusal if the object changes what must not change. */
  #withOld({ ref, object: { interpretation } }: Claim, before: KubeObject | undefined): Interpretation {
    const schema = this.#transitionRules.get(ref.kind)
    if (before === undefined || schema === undefined || interpretation.outcome !== 'accepted') return interpretation
    const errors: FieldError[] = []
    checkRules(schema, contentOf(interpretation.object), contentOf(before), [], errors)
    if (errors.length === 0) return interpretation
    const { warnings } = interpretation
    return { outcome: 'refused', ref, errors: errors.map((error) => ({ path: error.path, reason: formatFieldError(error) })), warnings }
  }

  #withGeneration(id: ObjectId, object: KubeObject, before: KubeObject | undefined): KubeObject {
    if (!this.#countsGenerations.has(object.kind)) return before !== undefined && sameJson(before, object) ? before : object
    const count = this.#generations.get(id) ?? 0
    const generation = before !== undefined && sameJson(specOf(before), specOf(object)) ? before.metadata.generation : count + 1
    this.#generations.set(id, Math.max(count, generation))
    const numbered = { ...object, metadata: { ...object.metadata, generation } }
    return before !== undefined && sameJson(before, numbered) ? before : numbered
  }

  #isPartlyUnreadable(file: string): boolean {
    const content = this.#files.get(file)
    return content !== undefined && (content.unreadable.length > 0 || content.objects.some(isUnidentified))
  }
}

function isUnidentified(object: { readonly interpretation: Interpretation }): boolean {
  return object.interpretation.outcome === 'unidentified'
}

function identities(content: FileContent): readonly ObjectId[] {
  return content.objects.flatMap(({ id }) => (id === undefined ? [] : [id]))
}

function keyOf(object: KubeObject): ReturnType<typeof objectKey> {
  return objectKey(object.metadata.namespace, object.metadata.name)
}

/** What rules look at: they were checked against it when the object was made from JSON. */
function contentOf(object: KubeObject): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...content } = object
  return content
}

function specOf(object: KubeObject): unknown {
  return 'spec' in object ? object.spec : undefined
}

function hasTransitionRules(schema: Schema): boolean {
  if ((schema.rules ?? []).some(isTransitionRule)) return true
  if (schema.type === 'object') return Object.values(schema.fields).some((field) => hasTransitionRules(field.schema))
  if (schema.type === 'array') return hasTransitionRules(schema.items)
  return schema.type === 'map' && hasTransitionRules(schema.values)
}
